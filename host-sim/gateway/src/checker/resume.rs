//! The account of a call that was cut off and goes on.

use std::collections::BTreeMap;

use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};

use super::account::Account;
use super::excuse::Excuse;
use super::state::{Checker, Cooldowns, Live, count};

/// Of so many events before a cut the journal may know nothing.
const UNJOURNALED: u64 = 2;

impl Checker {
    /// Goes on with the same account. The requests of the call that was cut off will not be answered.
    pub(crate) fn resumed(&mut self) {
        self.accounts.live.retain(|live| !matches!(live, Live::Spawning(_)));
        self.cuts.finished = self.progress.finals().cloned().collect();
        // What came of these may have been told and not written down; then they are asked for again. Nobody remembers their
        // keys: what is asked for comes into being.
        self.accounts.lost.extend(std::mem::take(&mut self.accounts.keys).into_keys());
        // What was told to the call that is gone is told again to the one that attaches to the session.
        for account in self.accounts.sessions.values_mut() {
            (account.told.ends, account.told.usage, account.told.model) = (0, false, None);
            (account.told.in_sight, account.told.left_out, account.told.is_hidden) = (false, 0, account.vanished);
            // Of a session whose receipts went astray the journal may know nothing.
            account.told.key &= !account.lies.mixed_up;
        }
        // It may not have been written down; whoever asked for it says so again.
        self.stops.run = false;
        self.stops.tasks.clear();
        self.accounts.requests.clear();
        let unjournaled = self.heard.events.saturating_sub(UNJOURNALED);
        self.cuts.is_time_in_doubt |= self.cuts.jumped_before.take().is_some_and(|event| event >= unjournaled);
        // The call that goes on was not told what the host asked for before.
        self.cooldowns = Cooldowns::default();
        self.heard.events = 0;
        self.ending.returned = false;
        self.progress.resumed();
        self.cuts.resumes += 1;
        self.time.goes_on();
        self.cuts.went_on_ms = Some(self.time.known_ms());
    }

    /// When the call went on last, in milliseconds since it opened as it can know it. None: it was never cut off.
    pub fn went_on_ms(&self) -> Option<u64> {
        self.cuts.went_on_ms
    }

    /// Milliseconds since the call opened, as far as it can know.
    pub fn known_ms(&self) -> u64 {
        self.time.known_ms()
    }

    /// What the last event told beyond the time until which the call wanted to wait.
    pub fn overshoot_ms(&self) -> u64 {
        self.time.overshoot_ms()
    }

    /// The tasks whose ends were shown before the call was cut off last.
    pub fn ended_before_cut(&self) -> impl Iterator<Item = &TaskId> {
        self.cuts.finished.iter()
    }

    /// How often the call was resumed.
    pub fn resumes(&self) -> u32 {
        self.cuts.resumes
    }

    /// Why nobody but the host can know of a session. None: the call can. The call was cut off before it noted it down, and when it went on the
    /// host had forgotten it, or left it out of all lists that the call looked into; or its attempt was given the receipt of
    /// another one. It is told in docs/reliability.md that its attempt may have another one then, and that it takes no place and
    /// nothing of the budget.
    pub(super) fn why_hidden(&self, account: &Account) -> Option<Excuse> {
        if self.cuts.resumes == 0 {
            None
        } else if account.told.is_hidden {
            Some(Excuse::HiddenAfterCut)
        } else {
            (account.lies.mixed_up && !account.told.key).then_some(Excuse::ReceiptRepeated)
        }
    }

    /// Places that are held as far as the call can know, and why it cannot know of the others.
    pub(super) fn places(&self) -> (u32, Option<Excuse>) {
        let why = |live: &Live| match live {
            Live::Session(key) => self.accounts.sessions.get(key).and_then(|account| self.why_hidden(account)),
            Live::Spawning(_) => None,
        };
        if self.cuts.resumes == 0 {
            return (count(self.accounts.live.len()), None);
        }
        let hidden: Vec<Excuse> = self.accounts.live.iter().filter_map(why).collect();
        (count(self.accounts.live.len() - hidden.len()), hidden.first().copied())
    }

    /// Enters that the task of one session got the receipt of another one.
    pub(super) fn receipt_repeated(&mut self, instead_of: &SessionKey) {
        if let Some(account) = self.accounts.sessions.get_mut(instead_of) {
            account.lies.mixed_up = true;
        }
    }

    /// Enters that the attempt of a spawn request is told of a session. The first one that is told of it has it; another one
    /// cannot believe its receipt.
    pub(super) fn given(&mut self, request: RequestId, key: &SessionKey) {
        let Some(spawn) = self.accounts.requests.get(&request).and_then(|asked| asked.spawn.as_ref()) else { return };
        if !self.accounts.sessions.contains_key(key) {
            // It is the name of no session at all.
            return;
        }
        let holder = (spawn.label.clone(), spawn.model.clone());
        self.accounts.holders.entry(key.clone()).or_insert(holder);
    }

    /// The attempt, by label and model, for which the call takes what becomes of a session: that which was told of it, even
    /// if the host mixed up its receipts. None: its attempt was told of another one, so that nobody listens to this one.
    pub(super) fn holder_of(&self, key: &SessionKey) -> Option<(String, Option<String>)> {
        if let Some(holder) = self.accounts.holders.get(key) {
            return Some(holder.clone());
        }
        let account = self.accounts.sessions.get(key)?;
        let has_another = self.accounts.holders.values().any(|(label, _)| *label == account.label);
        (!has_another).then(|| (account.label.clone(), account.asked_model.clone()))
    }

    /// Sessions beyond the first with the same label, which belong to the same attempt.
    ///
    /// An attempt that the host gave the receipt of another's session does not count, nor one whose session another attempt
    /// got in this way: that hides which session it has. While the call lasts another receipt tells; the call that goes on has
    /// only the list, where the session stands under the other name. Nor does a session count that it could not come to know of.
    pub fn duplicate_sessions(&self) -> u32 {
        count(self.duplicates().into_iter().filter(Option::is_none).count())
    }

    /// Why the other sessions beyond the first of an attempt do not count.
    pub(super) fn excused_duplicates(&self) -> Vec<Excuse> {
        self.duplicates().into_iter().flatten().collect()
    }

    /// Whether receipts lead a call to take a session for another attempt's: its own attempt was told of another one, or
    /// another attempt was told of it first.
    pub(super) fn is_mixed_up(&self, key: &SessionKey, account: &Account) -> bool {
        account.lies.mixed_up || self.accounts.holders.get(key).is_some_and(|(holder, _)| *holder != account.label)
    }

    fn duplicates(&self) -> Vec<Option<Excuse>> {
        let mut of_label: BTreeMap<&str, Vec<(&SessionKey, &Account)>> = BTreeMap::new();
        for (key, account) in &self.accounts.sessions {
            of_label.entry(&account.label).or_default().push((key, account));
        }
        let mut all = Vec::new();
        for sessions in of_label.into_values().filter(|sessions| sessions.len() > 1) {
            let mixed_up = sessions.iter().any(|(key, account)| self.is_mixed_up(key, account));
            let hidden = sessions.iter().filter(|(_, account)| self.why_hidden(account).is_some()).count();
            let beyond = sessions.len() - 1;
            // Those that nobody could know of are not the ones that count.
            let excused = if mixed_up { beyond } else { hidden.min(beyond) };
            let why = if mixed_up { Excuse::ReceiptRepeated } else { Excuse::HiddenAfterCut };
            all.extend((0..beyond).map(|nth| (nth < excused).then_some(why)));
        }
        all
    }
}
