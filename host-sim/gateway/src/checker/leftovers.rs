//! What is left when a call comes back: nothing, or what the host would not let go, and then the report names it.

use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Cleanup;

use super::account::Account;
use super::excuse::{Excuse, Excuses};
use super::invariant::{Invariant, Violation};
use super::state::{CLEANUP_GRACE_MS, Checker};
use crate::script::Fault;

impl Checker {
    /// What is wrong once the call has come back. Nothing before that.
    pub(super) fn broken_at_the_end(&self) -> Vec<Violation> {
        if !self.ending.returned {
            return Vec::new();
        }
        let is_wrong = |key: &&SessionKey| self.why_left(key).is_none();
        let orphans =
            self.ending.orphans.iter().filter(is_wrong).map(|key| format!("{key} was alive when the call returned"));
        let kept = self.undeleted().filter(is_wrong).map(|key| format!("{key} was to be deleted and still exists"));
        let open = self.ending.open_spawns.iter().filter(|request| self.why_open(**request).is_none());
        let open = open.map(|request| format!("spawn request {request} was open when the call returned"));
        let all = orphans.chain(open).chain(kept);
        all.map(|what| Violation { invariant: Invariant::NoOrphans, event: None, what }).collect()
    }

    /// Why the rest of what is left does not count.
    pub(super) fn excused_leftovers(&self) -> Vec<Excuse> {
        let kept = self.undeleted().filter(|key| !self.ending.orphans.contains(key));
        let sessions = self.ending.orphans.iter().chain(kept).filter_map(|key| self.why_left(key));
        sessions.chain(self.ending.open_spawns.iter().filter_map(|request| self.why_open(*request))).collect()
    }

    /// Sessions that were to be deleted and are there.
    fn undeleted(&self) -> impl Iterator<Item = &SessionKey> {
        let is_kept = |account: &Account| account.cleanup == Cleanup::Delete && !account.deleted;
        self.accounts.sessions.iter().filter(move |(_, account)| is_kept(account)).map(|(key, _)| key)
    }

    /// Why a session that is still there is the host's own doing, and the call says that it is there. None: it is not.
    pub(super) fn why_left(&self, key: &SessionKey) -> Option<Excuse> {
        let account = self.accounts.sessions.get(key)?;
        // A session whose every receipt was lost has no name but its label.
        let label = SessionKey::new(format!("label:{}", account.label));
        // Nor can a call that goes on find what the host leaves out of its lists.
        if let Some(why) = self.why_hidden(account) {
            return Some(why);
        }
        if !account.told.key && account.lies.mixed_up {
            return Some(Excuse::ReceiptRepeated);
        }
        if !account.told.key && self.ending.named_as_leaked.contains(&label) {
            return Some(Excuse::ReceiptLost);
        }
        // What the call that is gone was told may not have been written down; then the one that goes on knows the label only.
        let is_named = self.ending.named_as_leaked.contains(key)
            || (self.cuts.resumes > 0 && self.ending.named_as_leaked.contains(&label));
        if !is_named {
            return None;
        }
        let since_spawn = self.time.known_ms().saturating_sub(self.accounts.last_spawn_ms);
        if account.asked.refusals > 0 {
            Some(Excuse::HostRefused)
        } else if !account.is_live() && since_spawn >= CLEANUP_GRACE_MS {
            Some(Excuse::DeletedTooSlowly)
        } else {
            (self.time.gained_ms() > account.gained_ms).then_some(Excuse::ClockJumped)
        }
    }

    /// Why a spawn call without an answer does not count: the call waited as long as it may, and says that a session may be there.
    fn why_open(&self, request: RequestId) -> Option<Excuse> {
        let spawn = self.accounts.requests.get(&request)?.spawn.as_ref()?;
        if !self.ending.named_as_leaked.contains(&SessionKey::new(format!("label:{}", spawn.label))) {
            return None;
        }
        if self.heard.faults.contains_key(&Fault::LateReceipt) {
            return Some(Excuse::ReceiptLate);
        }
        (self.time.gained_ms() > spawn.gained_ms).then_some(Excuse::ClockJumped)
    }

    /// How often each excuse was needed so far; once the call is over, with what it left behind.
    pub fn excuses(&self) -> Excuses {
        let mut all = self.findings.excuses.clone();
        self.excused_duplicates().into_iter().for_each(|excuse| all.add(excuse));
        if self.ending.returned {
            self.excused_leftovers().into_iter().for_each(|excuse| all.add(excuse));
            self.excused_spending().into_iter().for_each(|excuse| all.add(excuse));
        }
        all
    }
}
