//! The promises that a ledger checks.

use std::fmt;

use parallel_agents::host::SpawnOptions;
use parallel_agents::ids::{RequestId, SessionKey};
use parallel_agents::task::Cleanup;

use super::{Ledger, Live, MAX_CLEANUP_TRIES};

/// A promise that holds for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Never more live sessions than allowed, counted from the spawn call.
    Cap,
    /// Nothing is spawned once somebody wants the run stopped.
    Stop,
    /// At most one live session for one task.
    OneAttempt,
    /// Requests name sessions of this call, in a sensible order, and not without end.
    CallOrder,
    /// Progress is counted without gaps, and nothing follows the end of a task.
    Progress,
    /// Events are counted without gaps.
    Events,
    /// Every request has one number and at most one answer.
    OneAnswer,
    /// Nothing is left running, and what was to be deleted is gone.
    NoOrphans,
    /// Every session ended exactly once, as far as anybody was told.
    Conservation,
}

impl Invariant {
    /// Its number in ARCHITECTURE.md.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cap => "I1",
            Self::Stop => "I4",
            Self::OneAttempt => "I8",
            Self::CallOrder => "I10",
            Self::Progress => "I14",
            Self::Events => "H1",
            Self::OneAnswer => "H2",
            Self::NoOrphans => "E2",
            Self::Conservation => "E3",
        }
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// What happened, in one sentence.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant.code(), self.what)
    }
}

impl Ledger {
    pub(super) fn check_spawn(&mut self, options: &SpawnOptions) {
        if self.stop_requested {
            self.note(Invariant::Stop, format!("{} was spawned after the run was to stop", options.label));
        }
        let is_twin = self.live.iter().any(|live| self.label_of(live) == Some(&options.label));
        if is_twin {
            self.note(Invariant::OneAttempt, format!("{} was spawned while it was alive", options.label));
        }
        if options.run_timeout_seconds == 0 {
            self.note(Invariant::CallOrder, format!("{} was spawned without a time limit", options.label));
        }
    }

    pub(super) fn check_history(&mut self, key: &SessionKey) {
        let Some(account) = self.sessions.get_mut(key) else { return };
        if account.deleted {
            account.history_after_delete += 1;
            self.note(Invariant::CallOrder, format!("history of {key} was read after it was deleted"));
        } else if account.is_live() {
            self.note(Invariant::CallOrder, format!("history of {key} was read before it ended"));
        }
    }

    pub(super) fn check_cleanup(&mut self, key: &SessionKey) {
        let Some(account) = self.sessions.get_mut(key) else { return };
        account.cleanup_tries += 1;
        if account.cleanup_tries == MAX_CLEANUP_TRIES + 1 {
            let what = format!("{key} was cancelled or deleted more than {MAX_CLEANUP_TRIES} times");
            self.note(Invariant::CallOrder, what);
        }
    }

    pub(super) fn check_answer(&mut self, request: RequestId) {
        let answered = self.requests.get_mut(&request).map(|asked| {
            asked.answers += 1;
            (asked.answers, asked.function)
        });
        match answered {
            Some((1, _)) => {}
            Some((more, function)) => {
                self.note(Invariant::OneAnswer, format!("{function} request {request} has {more} answers"));
            }
            None => self.note(Invariant::OneAnswer, format!("request {request} was answered but never made")),
        }
    }

    pub(super) fn check_end(&mut self, key: &SessionKey) {
        let told = self.sessions.get_mut(key).map(|account| {
            account.ends_told += 1;
            (account.ends_told, account.is_live())
        });
        match told {
            Some((1, false)) => {}
            Some((1, true)) => self.note(Invariant::Conservation, format!("{key} was reported as ended but is alive")),
            Some((times, _)) => self.note(Invariant::Conservation, format!("the end of {key} was told {times} times")),
            None => self.note(Invariant::Conservation, format!("{key} ended but was never accepted")),
        }
    }

    /// What is wrong once the call has come back. Nothing before that.
    pub(super) fn broken_at_the_end(&self) -> Vec<Violation> {
        if !self.returned {
            return Vec::new();
        }
        let orphans = self.orphans.iter().map(|key| format!("{key} was alive when the call returned"));
        let kept = self.sessions.iter().filter(|(_, account)| account.cleanup == Cleanup::Delete && !account.deleted);
        let kept = kept.map(|(key, _)| format!("{key} was to be deleted and still exists"));
        let open = self.open_spawns.iter().map(|r| format!("spawn request {r} was open when the call returned"));
        orphans.chain(open).chain(kept).map(|what| Violation { invariant: Invariant::NoOrphans, what }).collect()
    }

    fn label_of(&self, live: &Live) -> Option<&String> {
        match live {
            Live::Spawning(request) => {
                self.requests.get(request).and_then(|asked| asked.spawn.as_ref()).map(|(label, _)| label)
            }
            Live::Session(key) => self.sessions.get(key).map(|account| &account.label),
        }
    }
}
