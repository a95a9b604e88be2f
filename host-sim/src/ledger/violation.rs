//! The promises that a ledger checks.

use std::fmt;

use parallel_agents_engine::host::SpawnOptions;
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};

use super::tries::id_of;
use super::{Excuse, Ledger, Live, MAX_CLEANUP_TRIES};

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
    /// A task is never given to a tier below the one that it was promised, or that it has had.
    Tier,
    /// One result for each task, in order, with the end that was shown.
    Results,
    /// What had ended before a call was cut off is not done again.
    Resume,
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
    /// Its number in docs/reliability.md.
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
            Self::Tier => "I19",
            Self::Results => "E1",
            Self::Resume => "E7",
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
    /// The promise that was broken.
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

/// Places that a task holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskPlaces {
    /// As far as the call can know.
    pub(super) known: usize,
    /// In reality, whether the call knows of them or not.
    pub(super) all: usize,
    /// Why it cannot know of the others.
    pub(super) why_unknown: Option<Excuse>,
}

impl Ledger {
    /// Whether the time for spawning is over, for the run or for one task.
    pub(super) fn check_time(&mut self, options: &SpawnOptions) {
        let label = &options.label;
        let since_open = self.time.least_ms();
        let is_after = |ms: u64| self.allowed.last_spawn_ms.is_some_and(|last| ms >= last);
        let (is_late, is_really_late) = (is_after(since_open), is_after(self.time.real_ms().max(self.time.known_ms())));
        let id = TaskId::new(id_of(label));
        if self.stop_requested || self.stopped_tasks.contains(&id) {
            self.note(Invariant::Stop, format!("{label} was spawned after it was to stop"));
        } else if is_late && !self.is_time_in_doubt() {
            self.note(Invariant::Stop, format!("{label} was spawned {since_open} ms after the run began"));
        } else if is_late || is_really_late {
            self.excuse(Excuse::ClockJumped);
        }
        if self.progress.status(id_of(label)).is_some_and(|status| status.is_final()) {
            self.note(Invariant::OneAttempt, format!("{label} was spawned after its task had ended"));
        }
        if options.run_timeout_seconds == 0 {
            self.note(Invariant::CallOrder, format!("{label} was spawned without a time limit"));
        }
    }

    /// Places that a task holds.
    pub(super) fn live_for(&self, id: &str) -> TaskPlaces {
        let of_task = |live: &&Live| self.label_of(live).is_some_and(|label| id_of(label) == id);
        let unknown: Vec<Option<Excuse>> = self.live.iter().filter(of_task).map(|live| self.is_unknown(live)).collect();
        TaskPlaces {
            known: unknown.iter().filter(|why| why.is_none()).count(),
            all: unknown.len(),
            why_unknown: unknown.into_iter().flatten().next(),
        }
    }

    /// Why a call cannot know that a session of a task is alive.
    fn is_unknown(&self, live: &Live) -> Option<Excuse> {
        let Live::Session(key) = live else { return None };
        let account = self.sessions.get(key)?;
        // It was told of another session in its place, or of none.
        self.why_hidden(account).or(self.is_mixed_up(key, account).then_some(Excuse::ReceiptRepeated))
    }

    pub(super) fn check_history(&mut self, key: &SessionKey) {
        let Some(account) = self.sessions.get_mut(key) else { return };
        // Of a session that the host lost by itself the call cannot know that.
        if account.deleted && !account.vanished {
            account.history_after_delete += 1;
            self.note(Invariant::CallOrder, format!("history of {key} was read after it was deleted"));
        } else if account.is_live() {
            self.note(Invariant::CallOrder, format!("history of {key} was read before it ended"));
        }
    }

    pub(super) fn check_cleanup(&mut self, key: &SessionKey) {
        let Some(account) = self.sessions.get_mut(key) else { return };
        account.cleanup_tries += 1;
        if account.cleanup_tries == 1 {
            account.gained_ms = self.time.gained_ms();
        }
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

    fn label_of(&self, live: &Live) -> Option<&String> {
        match live {
            Live::Spawning(request) => {
                self.requests.get(request).and_then(|asked| asked.spawn.as_ref()).map(|spawn| &spawn.label)
            }
            Live::Session(key) => self.sessions.get(key).map(|account| &account.label),
        }
    }
}
