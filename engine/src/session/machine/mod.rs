//! The states of one session.
//!
//! | state | Spawned | Listed | Started | Ended | History | Cancelled | Stop | TimerFired |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | Spawning | again, Spawning: pause, Searching, Queued, Running, Cancelling, Ended | – | – | – | – | – | stays | – |
//! | Spawning: pause | – | – | – | – | – | – | Searching | Spawning |
//! | Searching | Queued, Running, Cancelling, Ended | stays | – | – | – | – | stays | Ended |
//! | Queued | – | – | Running | Reading, Closing: read, Ended | – | – | Cancelling | Cancelling |
//! | Running | – | – | – | Reading, Closing: read, Ended | – | – | Cancelling | Cancelling |
//! | Reading | – | – | – | – | again, Reading: pause, Ended | – | Ended | Reading: pause, Ended |
//! | Reading: pause | – | – | – | – | – | – | Ended | Reading |
//! | Cancelling | – | – | – | Closing: read, Ended | – | Cancelling: pause, Closing, Ended | – | Cancelling: pause, Ended |
//! | Cancelling: pause | – | – | – | Closing: read, Ended | – | stays, Closing, Ended | – | Cancelling |
//! | Closing | – | – | – | Closing: read, Ended | – | – | Ended | Closing: read, Ended |
//! | Closing: read | – | – | – | stays | Ended | – | Ended | Ended |
//! | Ended | – | – | – | – | – | – | – | – |
//!
//! A cell names the states that an input can lead to; "stays": it is taken in and the state remains; "again": the same call to
//! the host is made once more; "–": it changes nothing, and the engine counts it. A test compares this table with the code.
//!
//! In a "pause" the next call to the host is due when the timer fires. `Closing` is for a session that was stopped or ran out
//! of time: the host still reports what it used (`Closing`), and its transcript may have a partial answer (`Closing: read`).
//! Neither is waited for long, and neither is tried twice. A host that does not report starts skips `Queued`.
//!
//! A session has at most one call to the host under way and one timer, and never leaves `Ended`.

mod closing;
mod reading;
mod spawning;
mod states;
#[cfg(test)]
mod table;

pub use states::{Effect, Input, Step, Terms};

use states::State;

use super::ending::{Ending, StopReason, Verdict, retry_after_ms, verdict_of};
use crate::answer::RawAnswer;
use crate::host::{HostError, SessionEnd, SessionOutcome, ToolUse};
use crate::ids::SessionKey;
use crate::policy::host_calls::ANSWER_TIMEOUT_MS;
use crate::task::{TaskStatus, Usage};

/// How much later than the host's own limit the component ends a session by itself. The host reports its own timeouts
/// within this time, which saves a cancellation.
const TIMEOUT_GRACE_MS: u64 = 2_000;

/// One session: its state, what was learned of it, and its timer.
#[derive(Debug)]
pub struct Machine {
    state: State,
    session: Option<SessionKey>,
    wake_at: Option<u64>,
    terms: Terms,
    /// It was seen running, or the host does not report starts and accepted it.
    has_run: bool,
    answer: RawAnswer,
    /// The newest message of its transcript has been read.
    answer_read: bool,
    tools: Option<ToolUse>,
    usage: Option<Usage>,
    model: Option<String>,
    retry_after_ms: Option<u64>,
}

impl Machine {
    /// A session whose spawn call is under way.
    pub fn new(terms: Terms) -> Self {
        Self {
            state: State::Spawning { asks: 1, doubt: false, pausing: false, stop: None },
            session: None,
            wake_at: None,
            terms,
            has_run: false,
            answer: RawAnswer::default(),
            answer_read: false,
            tools: None,
            usage: None,
            model: None,
            retry_after_ms: None,
        }
    }

    /// When `Input::TimerFired` is due, in milliseconds of the run's clock.
    pub fn wake_at(&self) -> Option<u64> {
        self.wake_at
    }

    /// In the host's queue: for how long after each start or end of a session it waits, in milliseconds, instead of until
    /// `wake_at`.
    pub fn queue_timeout_ms(&self) -> Option<u64> {
        (self.state == State::Queued).then(|| u64::from(self.terms.start_timeout_seconds) * 1_000)
    }

    /// Its key. None: the host has sent no receipt.
    pub fn session(&self) -> Option<&SessionKey> {
        self.session.as_ref()
    }

    /// The model that the host says it runs.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Whether it runs now, as far as the host reports.
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Takes in one input.
    pub fn step(&mut self, now: u64, input: Input) -> Step {
        use Input::{Cancelled, Ended, History, Listed, Spawned, Started, Stop, TimerFired};
        match (&mut self.state, input) {
            (State::Spawning { pausing: false, .. }, Spawned(answer)) => self.spawned(now, answer),
            (State::Spawning { pausing: true, .. }, TimerFired) => self.spawn_again(),
            (State::Spawning { pausing: false, stop, .. }, Stop(reason)) => noted(stop, reason),
            // Another call could make a session that nobody wants any more.
            (State::Spawning { pausing: true, .. }, Stop(reason)) => self.search(now, reason.verdict(), Some(reason)),
            (State::Spawning { pausing: true, .. }, Spawned(_))
            | (State::Spawning { pausing: false, .. }, TimerFired)
            | (State::Spawning { .. }, Listed | Started | Ended(_) | History(_) | Cancelled(_)) => Step::Ignored,

            (State::Searching { .. }, Spawned(Ok(receipt))) => self.found(now, receipt),
            (State::Searching { .. }, Spawned(Err(_)) | TimerFired) => self.not_found(),
            (State::Searching { .. }, Listed) => self.give_search_time(now),
            (State::Searching { verdict, stop }, Stop(reason)) => {
                *verdict = reason.verdict();
                noted(stop, reason)
            }
            (State::Searching { .. }, Started | Ended(_) | History(_) | Cancelled(_)) => Step::Ignored,

            (State::Queued, Started) => self.run(now),
            (State::Queued | State::Running, Ended(end)) => self.ended(now, end),
            (State::Queued | State::Running, Stop(reason)) => self.cancel(now, reason, 1),
            (State::Queued, TimerFired) => self.cancel(now, self.not_started(), 1),
            (State::Running, TimerFired) => self.cancel(now, self.timed_out(), 1),
            (State::Running, Started)
            | (State::Queued | State::Running, Spawned(_) | Listed | History(_) | Cancelled(_)) => Step::Ignored,

            (State::Reading { pausing: false, .. }, History(answer)) => self.read(now, answer),
            (State::Reading { pausing: false, .. }, TimerFired) => self.read(now, no_answer()),
            (State::Reading { pausing: true, .. }, TimerFired) => self.read_again(now),
            // The session is over and paid for, only its answer is missing: nothing is left to cancel.
            (State::Reading { .. }, Stop(reason)) => self.end(Some(reason.verdict())),
            (State::Reading { pausing: true, .. }, History(_))
            | (State::Reading { .. }, Spawned(_) | Listed | Started | Ended(_) | Cancelled(_)) => Step::Ignored,

            (State::Cancelling { .. }, Ended(end)) => self.ended_while_cancelling(now, end),
            (State::Cancelling { .. }, Cancelled(answer)) => self.cancelled(now, answer),
            (State::Cancelling { pausing: false, .. }, TimerFired) => self.cancelled(now, no_answer()),
            (State::Cancelling { pausing: true, .. }, TimerFired) => self.cancel_again(now),
            (State::Cancelling { .. }, Spawned(_) | Listed | Started | History(_) | Stop(_)) => Step::Ignored,

            (State::Closing { .. }, Ended(end)) => self.ended_while_closing(now, end),
            (State::Closing { reading: false, .. }, TimerFired) => self.close_or_read(now),
            (State::Closing { reading: true, .. }, History(answer)) => self.read_partial(answer),
            (State::Closing { reading: true, .. }, TimerFired) | (State::Closing { .. }, Stop(_)) => self.close(),
            (State::Closing { reading: false, .. }, History(_))
            | (State::Closing { .. }, Spawned(_) | Listed | Started | Cancelled(_)) => Step::Ignored,

            (
                State::Ended,
                Spawned(_) | Listed | Started | Ended(_) | History(_) | Cancelled(_) | Stop(_) | TimerFired,
            ) => Step::Ignored,
        }
    }

    /// Ends the machine at once, whatever the host still owes. The session counts as leaked if it may be alive.
    pub fn give_up(&mut self, reason: &StopReason) -> Ending {
        let leaked = !matches!(self.state, State::Reading { .. } | State::Closing { .. } | State::Ended);
        self.ending(Some(reason.verdict()), leaked)
    }

    fn run(&mut self, now: u64) -> Step {
        self.state = State::Running;
        self.has_run = true;
        let timeout = now.saturating_add(u64::from(self.terms.timeout_seconds) * 1_000);
        self.wake_at = Some(timeout.saturating_add(TIMEOUT_GRACE_MS));
        Step::Taken
    }

    fn not_started(&self) -> StopReason {
        StopReason::NotStarted { seconds: self.terms.start_timeout_seconds }
    }

    fn timed_out(&self) -> StopReason {
        StopReason::Timeout { seconds: self.terms.timeout_seconds }
    }

    fn ended(&mut self, now: u64, end: SessionEnd) -> Step {
        let verdict = verdict_of(&end.outcome, self.terms.timeout_seconds);
        let timed_out = end.outcome == SessionOutcome::TimedOut;
        self.enter(end);
        if let Some(verdict) = verdict {
            return self.read_partial_or_end(now, verdict, timed_out);
        }
        let whole = !self.answer.truncated && !self.answer.is_empty() && !self.terms.tools_wanted;
        if whole {
            return self.end(None);
        }
        self.state = State::Reading { offset: 0, pages: 0, failures: 0, reread: false, pausing: false };
        self.wake_at = Some(now + ANSWER_TIMEOUT_MS);
        self.page(0)
    }

    /// Keeps what the host says with the end of the session.
    fn enter(&mut self, end: SessionEnd) {
        if let Some(completion) = end.completion {
            self.answer.text = completion.text;
            self.answer.truncated = completion.truncated;
            self.answer.finish = completion.finish;
        }
        self.retry_after_ms = retry_after_ms(&end.outcome);
        self.usage = counted(end.usage).or(counted(self.usage)).or(end.usage);
        self.model = end.model.or(self.model.take());
    }

    fn end(&mut self, verdict: Option<Verdict>) -> Step {
        Step::end(self.ending(verdict, false))
    }

    fn ending(&mut self, verdict: Option<Verdict>, leaked: bool) -> Ending {
        self.state = State::Ended;
        self.wake_at = None;
        let (status, error) = match verdict {
            Some((status, error)) => (status, Some(error)),
            None => (TaskStatus::Completed, None),
        };
        let answer = std::mem::take(&mut self.answer);
        let said_something = !answer.text.is_empty() || status == TaskStatus::Completed;
        // Text without tokens is not possible: a host that counts none for it does not count.
        let usage = if answer.text.is_empty() { self.usage } else { counted(self.usage) };
        Ending {
            status,
            error,
            answer: said_something.then_some(answer),
            tools: self.tools.take(),
            usage,
            model: self.model.take(),
            retry_after_ms: self.retry_after_ms,
            leaked,
        }
    }
}

impl Step {
    fn end(ending: Ending) -> Self {
        Self::Wants(Effect::End(Box::new(ending)))
    }
}

/// Only the first reason to stop counts.
fn noted(stop: &mut Option<StopReason>, reason: StopReason) -> Step {
    stop.get_or_insert(reason);
    Step::Taken
}

fn no_answer<T>() -> Result<T, HostError> {
    Err(HostError::InDoubt("no answer came".to_owned()))
}

/// The usage, unless it counts nothing.
fn counted(usage: Option<Usage>) -> Option<Usage> {
    usage.filter(|usage| usage.total() > 0)
}
