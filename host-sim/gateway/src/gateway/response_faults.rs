//! What is wrong with receipts, lists and transcripts that a script wants wrong.

use parallel_agents_engine::host::{HistoryPage, HostError, MessageRole, Receipt, Reply, SessionPage, SessionState};
use parallel_agents_engine::ids::SessionKey;

use super::state::Gateway;
use crate::script::Fault;
use crate::secret::redact;
use crate::truth::Truth;

/// Characters of a key that nobody can mean.
const ENDLESS_KEY: usize = 1_000_000;

impl Gateway {
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
        let another = self.sessions.another_receipt(&receipt.session_key);
        if let Some(another) = another.cloned()
            && self.strikes(Fault::ReceiptRepeated, key, nth, faults.receipt_repeated)
        {
            self.truths.note(Truth::ReceiptRepeated(receipt.session_key.clone()));
            return Ok(Reply::Spawned(another));
        }
        Ok(Reply::Spawned(receipt))
    }

    /// The session is said to be somebody else's.
    pub(super) fn not_owned(&mut self, key: &SessionKey) -> Option<HostError> {
        self.sessions.get(key).filter(|session| session.fault_plan.is_not_owned)?;
        self.truths.fault(Fault::NotOwner);
        self.truths.note(Truth::KeptAlive(key.clone()));
        self.truths.note(Truth::Denied(key.clone()));
        Some(HostError::NotOwner(format!("not the owner of {key}")))
    }

    /// The transcript cannot be read any more.
    pub(super) fn history_gone(&mut self, key: &SessionKey) -> Option<HostError> {
        self.sessions.get(key).filter(|session| session.fault_plan.history_is_gone)?;
        self.truths.fault(Fault::HistoryGone);
        self.truths.note(Truth::Unreadable(key.clone()));
        Some(HostError::NotFound(format!("No transcript found: {key}")))
    }

    /// Spoils a page of a transcript.
    pub(super) fn spoil_page(&mut self, key: &SessionKey, mut page: HistoryPage) -> HistoryPage {
        let odd = self.odd_page();
        let Some(session) = self.sessions.get_mut(key) else { return page };
        if session.fault_plan.is_redacted {
            for message in &mut page.messages {
                page.redacted |= redact(&mut message.text);
            }
        }
        if page.redacted {
            self.truths.fault(Fault::Redacted);
        }
        if page.dropped_messages > 0 || page.messages.iter().any(|message| message.truncated) {
            self.truths.fault(Fault::TextCut);
        }
        if session.fault_plan.has_afterword
            && page.messages.iter().any(|message| message.role == MessageRole::Assistant)
        {
            self.truths.fault(Fault::Afterword);
        }
        if let Some(left) = session.fault_plan.empty_reads.checked_sub(1) {
            session.fault_plan.empty_reads = left;
            self.truths.fault(Fault::HistoryEmpty);
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
                self.truths.fault(Fault::UnknownState);
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
                    self.truths.note(Truth::LeftOut(row.session_key.clone()));
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
