//! The promises that a ledger checks.

use std::fmt;

use parallel_agents::host::SpawnOptions;
use parallel_agents::ids::{RequestId, SessionKey, TaskId};
use parallel_agents::task::Cleanup;

use super::tries::id_of;
use super::{CLEANUP_GRACE_MS, Ledger, Live, MAX_CLEANUP_TRIES};
use crate::script::Fault;

/// A promise that holds for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Never more live sessions than allowed, counted from the spawn call.
    Cap,
    /// Never more sessions than the request allows.
    Sessions,
    /// Never more tokens or money than the budget, reserved at the spawn call.
    Budget,
    /// A task waits for those that it depends on.
    Dependencies,
    /// Nothing is spawned once somebody wants the run stopped, or its time is over.
    Stop,
    /// Never more retries, second chances and hedges than the request allows.
    Retries,
    /// No session before the time that host or provider asked for.
    Pauses,
    /// A task waits, runs and ends, in this order.
    States,
    /// No wait goes on after the time of the run.
    Time,
    /// No request without a reason, again and again.
    Storm,
    /// What is kept of answers has a limit.
    Sizes,
    /// An agent type that fails and fails is left alone and then probed by one session; one that is refused twice in a row
    /// for the same reason is not asked for again.
    Breaker,
    /// Input is framed by a code of its own, and everything else that a session is given comes from the request.
    Taint,
    /// Nothing that a session wrote is an argument.
    Inert,
    /// What a session wrote reaches nobody but who was to read it.
    Secrets,
    /// One result for each task, in order, with the end that was shown.
    Results,
    /// The call comes back in time.
    Liveness,
    /// A request that is refused asks for nothing.
    Refusal,
    /// Usage is what the host told.
    Usage,
    /// At most one live session for one task, two if it is hedged, and none once it has ended.
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
            Self::Sessions => "I2",
            Self::Budget => "I5",
            Self::Dependencies => "I3",
            Self::Stop => "I4",
            Self::Retries => "I6",
            Self::Pauses => "I7",
            Self::OneAttempt => "I8",
            Self::States => "I9",
            Self::CallOrder => "I10",
            Self::Time => "I11",
            Self::Storm => "I12",
            Self::Sizes => "I13",
            Self::Progress => "I14",
            Self::Breaker => "I15",
            Self::Taint => "I16",
            Self::Inert => "I17",
            Self::Secrets => "I18",
            Self::Results => "E1",
            Self::Liveness => "E8",
            Self::Refusal => "E10",
            Self::Usage => "E11",
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
    /// The event that came last before it, counted from 0. None: there was none, or it is the state at the end.
    pub event: Option<u64>,
    /// What happened, in one sentence.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.event {
            Some(event) => write!(f, "{} at event {event}: {}", self.invariant.code(), self.what),
            None => write!(f, "{}: {}", self.invariant.code(), self.what),
        }
    }
}

impl Ledger {
    /// Whether the time for spawning is over, for the run or for one task.
    pub(super) fn check_time(&mut self, options: &SpawnOptions) {
        let label = &options.label;
        let since_open = self.now_ms.saturating_sub(self.opened_ms);
        let is_late = self.allowed.last_spawn_ms.is_some_and(|last| since_open >= last) && self.clock_is_right();
        let id = TaskId::new(id_of(label));
        if self.stop_requested || self.stopped_tasks.contains(&id) {
            self.note(Invariant::Stop, format!("{label} was spawned after it was to stop"));
        } else if is_late {
            self.note(Invariant::Stop, format!("{label} was spawned {since_open} ms after the run began"));
        }
        if self.progress.status(id_of(label)).is_some_and(|status| status.is_final()) {
            self.note(Invariant::OneAttempt, format!("{label} was spawned after its task had ended"));
        }
        if options.run_timeout_seconds == 0 {
            self.note(Invariant::CallOrder, format!("{label} was spawned without a time limit"));
        }
    }

    /// Places that a task holds.
    pub(super) fn live_for(&self, id: &str) -> usize {
        // A call that was told of another session in its place, or of none, cannot know that this one is alive.
        let is_mixed_up = |key: &SessionKey| self.sessions.get(key).is_some_and(|account| account.is_mixed_up);
        let is_unknown = |live: &&Live| self.has_hidden(live) || matches!(live, Live::Session(key) if is_mixed_up(key));
        let live = self.live.iter().filter(|live| !is_unknown(live));
        live.filter(|live| self.label_of(live).is_some_and(|label| id_of(label) == id)).count()
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
            (account.ends_told.saturating_sub(account.watches).max(1), account.is_live())
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
        let orphans = self
            .orphans
            .iter()
            .filter(|key| !self.is_excused(key))
            .map(|key| format!("{key} was alive when the call returned"));
        let kept = self
            .sessions
            .iter()
            .filter(|(key, account)| account.cleanup == Cleanup::Delete && !account.deleted && !self.is_excused(key));
        let kept = kept.map(|(key, _)| format!("{key} was to be deleted and still exists"));
        let open = self.open_spawns.iter().filter(|request| !self.was_given_up(**request));
        let open = open.map(|r| format!("spawn request {r} was open when the call returned"));
        let all = orphans.chain(open).chain(kept);
        all.map(|what| Violation { invariant: Invariant::NoOrphans, event: None, what }).collect()
    }

    /// Whether a session that is still there is the host's own doing, and the call says that it is there: the host never
    /// told of it, would not stop it, or it had ended and the host was too slow to delete everything in the time for cleaning up.
    pub(super) fn is_excused(&self, key: &SessionKey) -> bool {
        let Some(account) = self.sessions.get(key) else { return false };
        // A session whose every receipt was lost has no name but its label.
        let label = SessionKey::new(format!("label:{}", account.label));
        // Nor can a call that goes on find what the host leaves out of its lists.
        if self.is_hidden(account)
            || (!account.was_told && (self.named_as_leaked.contains(&label) || account.is_mixed_up))
        {
            return true;
        }
        // With a clock that jumps nobody can tell when the time for cleaning up is over.
        let took_its_time =
            self.now_ms.saturating_sub(self.last_spawn_at) >= CLEANUP_GRACE_MS || !self.clock_is_right();
        // What the call that is gone was told may not have been written down; then the one that goes on knows the label only.
        let is_named =
            self.named_as_leaked.contains(key) || (self.resumes > 0 && self.named_as_leaked.contains(&label));
        is_named && (account.refusals > 0 || (!account.is_live() && took_its_time) || !self.clock_is_right())
    }

    /// Whether the call waited for the answer to a spawn request as long as it may, and says that a session may be there.
    fn was_given_up(&self, request: RequestId) -> bool {
        let Some(spawn) = self.requests.get(&request).and_then(|asked| asked.spawn.as_ref()) else { return false };
        (self.faults.contains_key(&Fault::LateReceipt) || !self.clock_is_right())
            && self.named_as_leaked.contains(&SessionKey::new(format!("label:{}", spawn.label)))
    }

    fn label_of(&self, live: &Live) -> Option<&String> {
        match live {
            Live::Spawning(request) => {
                self.requests.get(request).and_then(|asked| asked.spawn.as_ref()).map(|spawn| &spawn.label)
            }
            Live::Session(key) => self.sessions.get(key).map(|account| &account.label),
        }
    }
}
