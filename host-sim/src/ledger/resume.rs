//! The account of a call that was cut off and goes on.

use std::collections::BTreeSet;

use parallel_agents::ids::{RequestId, SessionKey};

use super::account::Account;
use super::{Ledger, Live};

impl Ledger {
    /// Goes on with the same account. The requests of the call that was cut off will not be answered.
    pub(crate) fn resumed(&mut self) {
        self.live.retain(|live| !matches!(live, Live::Spawning(_)));
        // What came of these may have been told and not written down; then they are asked for again.
        self.lost.extend(self.keys.iter().filter(|(_, session)| session.is_none()).map(|(key, _)| key.clone()));
        // What was told to the call that is gone is told again to the one that takes the session over.
        for account in self.sessions.values_mut() {
            (account.ends_told, account.usage_was_told, account.told_model) = (0, false, None);
            (account.in_sight, account.left_out, account.is_hidden) = (false, 0, account.vanished);
            // Of a session whose receipts went astray the journal may know nothing.
            account.was_told &= !account.is_mixed_up;
        }
        // It may not have been written down; whoever asked for it says so again.
        self.stop_requested = false;
        self.stopped_tasks.clear();
        self.requests.clear();
        // The call that goes on was not told what the host wished before.
        self.patience = super::Patience::default();
        self.events = 0;
        self.returned = false;
        self.progress.resumed();
        self.resumes += 1;
        self.went_on_ms = Some(self.now_ms);
    }

    /// The time at which the call went on last. None: it was never cut off.
    pub fn went_on_ms(&self) -> Option<u64> {
        self.went_on_ms
    }

    /// How often the call was resumed.
    pub fn resumes(&self) -> u32 {
        self.resumes
    }

    /// Whether nobody but the host can know of a session: the call was cut off before it noted it down, and when it went on the
    /// host had forgotten it, or left it out of all lists that the call looked into; or its attempt was given the receipt of
    /// another one. It is told in docs/reliability.md that its attempt may have another one then, and that it takes no place and
    /// nothing of the budget.
    pub(super) fn is_hidden(&self, account: &Account) -> bool {
        self.resumes > 0 && (account.is_hidden || (account.is_mixed_up && !account.was_told))
    }

    pub(super) fn has_hidden(&self, live: &Live) -> bool {
        matches!(live, Live::Session(key) if self.sessions.get(key).is_some_and(|account| self.is_hidden(account)))
    }

    /// Places that are held, as far as a call can know.
    pub(super) fn places(&self) -> u32 {
        super::count(self.live.iter().filter(|live| !self.has_hidden(live)).count())
    }

    /// Enters that the task of one session got the receipt of another one.
    pub(crate) fn receipt_repeated(&mut self, instead_of: &SessionKey) {
        if let Some(account) = self.sessions.get_mut(instead_of) {
            account.is_mixed_up = true;
        }
    }

    /// Enters that the attempt of a spawn request is told of a session. The first one that is told of it has it; another one
    /// cannot believe its receipt.
    pub(super) fn given(&mut self, request: RequestId, key: &SessionKey) {
        let Some(spawn) = self.requests.get(&request).and_then(|asked| asked.spawn.as_ref()) else { return };
        if !self.sessions.contains_key(key) {
            // It is the name of no session at all.
            return;
        }
        let holder = (spawn.label.clone(), spawn.model.clone());
        self.holders.entry(key.clone()).or_insert(holder);
    }

    /// The attempt, by label and model, for which the call takes what becomes of a session: that which was told of it, even
    /// if the host mixed up its receipts. None: its attempt was told of another one, so that nobody listens to this one.
    pub(super) fn holder_of(&self, key: &SessionKey) -> Option<(String, Option<String>)> {
        if let Some(holder) = self.holders.get(key) {
            return Some(holder.clone());
        }
        let account = self.sessions.get(key)?;
        let has_another = self.holders.values().any(|(label, _)| *label == account.label);
        (!has_another).then(|| (account.label.clone(), account.asked_model.clone()))
    }

    /// Sessions beyond the first with the same label, which belong to the same attempt.
    ///
    /// An attempt that the host gave the receipt of another's session does not count, nor one whose session another attempt
    /// got in this way: that hides which session it has. While the call lasts another receipt tells; the call that goes on has
    /// only the list, where the session stands under the other name. Nor does a session count that it could not come to know of.
    pub fn duplicate_sessions(&self) -> u32 {
        let is_mixed_up = |(key, account): &(&SessionKey, &Account)| {
            account.is_mixed_up || self.holders.get(*key).is_some_and(|(holder, _)| *holder != account.label)
        };
        let mixed_up: BTreeSet<&str> =
            self.sessions.iter().filter(is_mixed_up).map(|(_, account)| &*account.label).collect();
        let known = self.sessions.values().filter(|account| !self.is_hidden(account));
        let mut labels: Vec<&str> = known.map(|account| &*account.label).collect();
        labels.retain(|label| !mixed_up.contains(label));
        labels.sort_unstable();
        super::count(labels.windows(2).filter(|pair| matches!(pair, [one, other] if one == other)).count())
    }
}
