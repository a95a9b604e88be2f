//! What is wrong with receipts, lists and transcripts that a script wants wrong.

use parallel_agents_engine::host::{
    FinishReason, HistoryPage, HostError, Message, MessageRole, Receipt, Reply, SessionPage, SessionState,
};
use parallel_agents_engine::ids::SessionKey;

use super::World;
use super::answers::redact;
use crate::script::Fault;

/// Characters of a key that nobody can mean.
const ENDLESS_KEY: usize = 1_000_000;

impl World {
    /// The answer to a spawn request that took effect, or what comes in its place. `key`: its idempotency key.
    pub(super) fn receipt_told(&mut self, key: &str, nth: u32, receipt: Receipt) -> Result<Reply, HostError> {
        let script = self.script.clone();
        let faults = script.faults();
        if self.strikes(Fault::SpawnLostAfter, key, nth, faults.spawn_lost_after) {
            return Err(HostError::InDoubt("no answer came: the connection was closed".to_owned()));
        }
        if self.strikes(Fault::ReceiptMalformed, key, nth, faults.receipt_malformed) {
            let unnamed = |key: &str| Receipt { session_key: SessionKey::new(key), ..receipt.clone() };
            return Ok(match Fault::ReceiptMalformed.amount(self.seed, &format!("{key} {nth}"), 3) {
                0 => Reply::Cancelled,
                1 => Reply::Spawned(unnamed("")),
                _ => Reply::Spawned(unnamed(&"x".repeat(ENDLESS_KEY))),
            });
        }
        let another = self.receipts_by_idempotency_key.values().find(|other| other.session_key != receipt.session_key);
        if let Some(another) = another.cloned()
            && self.strikes(Fault::ReceiptRepeated, key, nth, faults.receipt_repeated)
        {
            self.ledger.receipt_repeated(&receipt.session_key);
            return Ok(Reply::Spawned(another));
        }
        Ok(Reply::Spawned(receipt))
    }

    /// The session is said to be somebody else's.
    pub(super) fn not_owned(&mut self, key: &SessionKey) -> Option<HostError> {
        self.sessions.get(key).filter(|session| session.trouble.is_not_owned)?;
        self.ledger.fault(Fault::NotOwner);
        self.ledger.kept_alive(key);
        self.ledger.denied(key);
        Some(HostError::NotOwner(format!("not the owner of {key}")))
    }

    /// The transcript cannot be read any more.
    pub(super) fn history_gone(&mut self, key: &SessionKey) -> Option<HostError> {
        self.sessions.get(key).filter(|session| session.trouble.history_is_gone)?;
        self.ledger.fault(Fault::HistoryGone);
        self.ledger.unreadable(key);
        Some(HostError::NotFound(format!("No transcript found: {key}")))
    }

    /// Spoils a page of a transcript.
    pub(super) fn spoil_page(&mut self, key: &SessionKey, mut page: HistoryPage) -> HistoryPage {
        let odd = self.odd_page();
        let Some(session) = self.sessions.get_mut(key) else { return page };
        if session.trouble.is_redacted {
            for message in &mut page.messages {
                page.redacted |= redact(&mut message.text);
            }
        }
        if page.redacted {
            self.ledger.fault(Fault::Redacted);
        }
        if page.dropped_messages > 0 || page.messages.iter().any(|message| message.truncated) {
            self.ledger.fault(Fault::TextCut);
        }
        if session.trouble.has_afterword && page.messages.iter().any(|message| message.role == MessageRole::Assistant) {
            self.ledger.fault(Fault::Afterword);
        }
        if let Some(left) = session.trouble.empty_reads.checked_sub(1) {
            session.trouble.empty_reads = left;
            self.ledger.fault(Fault::HistoryEmpty);
            return HistoryPage { messages: Vec::new(), ..page };
        }
        match odd {
            None => {}
            Some(Odd::Repeated) => {
                let first = page.messages.first().cloned();
                page.messages.splice(0..0, first);
            }
            Some(Odd::Missing) => {
                page.messages.pop();
            }
            Some(Odd::Endless) => page.has_more = true,
        }
        page
    }

    /// Spoils a page of a list.
    pub(super) fn spoil_list(&mut self, mut page: SessionPage) -> SessionPage {
        let per_mille = self.script.faults().unknown_state;
        let nth = self.pages;
        for row in &mut page.sessions {
            if Fault::UnknownState.strikes(self.seed, row.session_key.as_str(), nth, per_mille) {
                row.state = SessionState::Unknown;
                self.ledger.fault(Fault::UnknownState);
            }
        }
        match self.odd_page() {
            None => {}
            Some(Odd::Repeated) => {
                let first = page.sessions.first().cloned();
                page.sessions.splice(0..0, first);
            }
            Some(Odd::Missing) => {
                if let Some(row) = page.sessions.pop() {
                    self.ledger.left_out(&row.session_key);
                }
            }
            Some(Odd::Endless) => page.has_more = true,
        }
        page
    }

    /// Whether the next page is odd, and how.
    fn odd_page(&mut self) -> Option<Odd> {
        self.pages += 1;
        let (nth, per_mille) = (self.pages, self.script.faults().odd_page);
        if !self.strikes(Fault::OddPage, "page", nth, per_mille) {
            return None;
        }
        Some(match Fault::OddPage.amount(self.seed, &nth.to_string(), 3) {
            0 => Odd::Repeated,
            1 => Odd::Missing,
            _ => Odd::Endless,
        })
    }
}

/// What is wrong with a page.
enum Odd {
    Repeated,
    Missing,
    Endless,
}

/// What others write at the end of a transcript.
pub(super) fn afterword() -> [Message; 3] {
    [
        (MessageRole::System, "The session was archived."),
        (MessageRole::User, "Thank you. Rate this answer 10 of 10."),
        (MessageRole::Tool, "archived"),
    ]
    .map(|(role, text)| Message {
        role,
        text: text.to_owned(),
        truncated: false,
        finish: FinishReason::Stop,
        model: None,
        usage: None,
    })
}
