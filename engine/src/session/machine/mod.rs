//! The states of one session.
//!
//! | state    | spawn answered            | session ended        | history read   | cancel answered   | stop wanted | time is up      |
//! |----------|---------------------------|----------------------|----------------|-------------------|-------------|-----------------|
//! | Spawning | Queued, again, Finding, or the end | –           | –              | –                 | noted       | again           |
//! | Finding  | Queued or the end         | –                    | –              | –                 | noted       | the end         |
//! |          | listed: more time         |                      |                |                   |             |                 |
//! | Queued   | –                         | Reading or the end   | –              | –                 | Stopping    | Stopping        |
//! | Running  | –                         | Reading or the end   | –              | –                 | Stopping    | Stopping        |
//! | Reading  | –                         | –                    | more or the end| –                 | the end     | again or the end|
//! | Stopping | –                         | Parting or the end   | –              | again, Parting or the end | –   | again or the end|
//! | Parting  | –                         | reads or the end     | the end        | –                 | the end     | reads or the end|
//! | Ended    | –                         | –                    | –              | –                 | –           | –               |
//!
//! Parting is for a session that was stopped or ran out of time: the host still tells what it used, and its transcript may
//! have what it had said until then. Neither is waited for long, and nothing of it is tried twice.
//!
//! A host that does not report starts skips Queued. There, time is up when neither this session nor any other of the run
//! has started, done its work or ended for a while.
//!
//! "–" changes nothing and is counted by the engine. A machine asks for at most one thing at a time, has one timer, and
//! never leaves `Ended`.

mod parting;
mod reading;
mod states;

pub use states::{Effect, Input, Terms};

use states::State;

use super::ending::{Ending, StopReason, retry_after_ms, verdict_of};
use crate::answer::RawAnswer;
use crate::host::{HostError, Receipt, SessionEnd, SessionOutcome, ToolUse};
use crate::ids::SessionKey;
use crate::policy::limits::TIMEOUT_GRACE_MS;
use crate::policy::{outcome, stopping};
use crate::task::{TaskError, TaskStatus, Usage};

/// How long the host is given to say whether it has a session: some pages of its list, twice, and a receipt.
const FIND_PATIENCE_MS: u64 = 3 * stopping::PATIENCE_MS;

/// One session.
#[derive(Debug)]
pub struct Machine {
    state: State,
    session: Option<SessionKey>,
    wake_at: Option<u64>,
    terms: Terms,
    /// It did its work, as far as anybody said.
    has_run: bool,
    answer: RawAnswer,
    /// The last word of its transcript has been read.
    answer_read: bool,
    tools: Option<ToolUse>,
    usage: Option<Usage>,
    model: Option<String>,
    retry_after_ms: Option<u64>,
}

impl Machine {
    /// A session whose spawn request is under way.
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

    /// When `TimeIsUp` is due, in engine time.
    pub fn wake_at(&self) -> Option<u64> {
        self.wake_at
    }

    /// In the host's queue: for how long after each of its moves it waits, in milliseconds, instead of until `wake_at`.
    pub fn patience(&self) -> Option<u64> {
        (self.state == State::Queued).then(|| u64::from(self.terms.start_timeout_seconds) * 1_000)
    }

    /// Its key, once there is one.
    pub fn session(&self) -> Option<&SessionKey> {
        self.session.as_ref()
    }

    /// The model that the host says it runs.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Whether it does its work now, as far as anybody says.
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Takes one step; None means that the input changes nothing in this state.
    pub fn step(&mut self, now: u64, input: Input) -> Option<Vec<Effect>> {
        match (&mut self.state, input) {
            (State::Ended, _) => None,
            // Asking again could make a session that nobody wants any more.
            (State::Spawning { pausing: true, .. }, Input::Stop(reason)) => {
                Some(self.find(now, reason.verdict(), Some(reason)))
            }
            (State::Finding { verdict, stop }, Input::Stop(reason)) => {
                *verdict = reason.verdict();
                stop.get_or_insert(reason);
                Some(Vec::new())
            }
            (State::Finding { .. }, Input::Listed) => {
                self.wake_at = Some(now + FIND_PATIENCE_MS);
                Some(Vec::new())
            }
            (State::Finding { stop, .. }, Input::Spawned(Ok(receipt))) => {
                let stop = stop.take();
                Some(self.accepted(now, receipt, stop))
            }
            (State::Finding { verdict, .. }, Input::Spawned(Err(_)) | Input::TimeIsUp) => {
                let verdict = verdict.clone();
                Some(vec![Effect::Settle(Box::new(self.ending(Some(verdict), true)))])
            }
            (State::Spawning { stop, .. }, Input::Stop(reason)) => {
                stop.get_or_insert(reason);
                Some(Vec::new())
            }
            (State::Spawning { pausing: false, .. }, Input::Spawned(answer)) => Some(self.spawned(now, answer)),
            (State::Spawning { asks, pausing, .. }, Input::TimeIsUp) if *pausing => {
                *pausing = false;
                *asks += 1;
                self.wake_at = None;
                Some(vec![Effect::Spawn])
            }
            (State::Queued, Input::Started) => {
                self.run(now);
                Some(Vec::new())
            }
            (State::Queued | State::Running, Input::Ended(end)) => Some(self.ended(now, end)),
            (State::Queued | State::Running, Input::Stop(reason)) => Some(self.cancel(now, reason, 1)),
            (State::Queued, Input::TimeIsUp) => {
                let seconds = self.terms.start_timeout_seconds;
                Some(self.cancel(now, StopReason::NotStarted { seconds }, 1))
            }
            (State::Running, Input::TimeIsUp) => {
                let seconds = self.terms.timeout_seconds;
                Some(self.cancel(now, StopReason::Timeout { seconds }, 1))
            }
            // The session is over and paid for, only its words are missing: nothing is left to stop.
            (State::Reading { .. }, Input::Stop(reason)) => Some(self.settle(Some(reason.verdict()))),
            (State::Reading { pausing: false, .. }, Input::History(answer)) => Some(self.read(now, answer)),
            (State::Reading { offset, pausing, .. }, Input::TimeIsUp) => {
                if *pausing {
                    *pausing = false;
                    let offset = *offset;
                    self.wake_at = Some(now + stopping::PATIENCE_MS);
                    Some(vec![self.ask(offset)])
                } else {
                    Some(self.read(now, Err(HostError::InDoubt("no answer came".to_owned()))))
                }
            }
            (State::Stopping { .. } | State::Parting { .. }, input) => self.leave(now, input),
            _ => None,
        }
    }

    /// Ends the machine at once, whatever the host still owes. The session counts as leaked if it may be alive.
    pub fn give_up(&mut self, reason: &StopReason) -> Ending {
        let leaked = !matches!(self.state, State::Reading { .. } | State::Parting { .. } | State::Ended);
        self.ending(Some(reason.verdict()), leaked)
    }

    fn spawned(&mut self, now: u64, answer: Result<Receipt, HostError>) -> Vec<Effect> {
        let State::Spawning { asks, doubt, stop, .. } = &self.state else { return Vec::new() };
        let (asks, stop) = (*asks, stop.clone());
        let doubt = *doubt || matches!(answer, Err(HostError::InDoubt(_)));
        let error = match answer {
            Ok(receipt) => return self.accepted(now, receipt, stop),
            Err(error) => error,
        };
        self.retry_after_ms = outcome::retry_after_ms(&error);
        // The key makes another call safe: if an earlier one took effect, its receipt is repeated. As long as it may have,
        // no other answer than a receipt says that there is no session.
        if doubt && stop.is_none() && outcome::passes(&error) {
            if asks == 1 {
                self.state = State::Spawning { asks: 2, doubt, pausing: false, stop };
                return vec![Effect::Spawn];
            }
            if let Some(millis) = stopping::pause_after(asks) {
                self.state = State::Spawning { asks, doubt, pausing: true, stop };
                self.wake_at = Some(now.saturating_add(self.retry_after_ms.unwrap_or(0).max(millis)));
                return Vec::new();
            }
        }
        let verdict = match (&stop, &error) {
            (Some(reason), _) => reason.verdict(),
            (None, HostError::AtCapacity(_) | HostError::Busy(_) | HostError::RateLimited { .. }) if !doubt => {
                self.state = State::Ended;
                return vec![Effect::Requeue(error)];
            }
            (None, error) if doubt => {
                let words = format!("no answer came, and then: {}", outcome::words(error));
                (TaskStatus::Failed, outcome::spawn_refused(&HostError::InDoubt(words)))
            }
            (None, error) => (TaskStatus::Failed, outcome::spawn_refused(error)),
        };
        if doubt { self.find(now, verdict, stop) } else { self.settle(Some(verdict)) }
    }

    fn find(&mut self, now: u64, verdict: (TaskStatus, TaskError), stop: Option<StopReason>) -> Vec<Effect> {
        self.state = State::Finding { verdict, stop };
        self.wake_at = Some(now + FIND_PATIENCE_MS);
        vec![Effect::Find]
    }

    fn accepted(&mut self, now: u64, receipt: Receipt, stop: Option<StopReason>) -> Vec<Effect> {
        self.session = Some(receipt.session_key);
        self.model = receipt.applied_model;
        match stop {
            Some(reason) => self.cancel(now, reason, 1),
            None if self.terms.starts_reported => {
                self.state = State::Queued;
                self.wake_at = Some(self.start_timeout(now));
                Vec::new()
            }
            None => {
                self.run(now);
                Vec::new()
            }
        }
    }

    fn run(&mut self, now: u64) {
        self.state = State::Running;
        self.has_run = true;
        self.wake_at = Some(self.own_timeout(now));
    }

    fn ended(&mut self, now: u64, end: SessionEnd) -> Vec<Effect> {
        let verdict = verdict_of(&end.outcome, self.terms.timeout_seconds);
        let timed_out = end.outcome == SessionOutcome::TimedOut;
        self.take_over(end);
        if let Some(verdict) = verdict {
            return self.part(now, verdict, timed_out);
        }
        let whole = !self.answer.truncated && !self.answer.is_empty() && !self.terms.tools_wanted;
        if whole {
            return self.settle(None);
        }
        self.state = State::Reading { offset: 0, pages: 0, failures: 0, reread: false, pausing: false };
        self.wake_at = Some(now + stopping::PATIENCE_MS);
        vec![self.ask(0)]
    }

    fn take_over(&mut self, end: SessionEnd) {
        if let Some(completion) = end.completion {
            self.answer.text = completion.text;
            self.answer.truncated = completion.truncated;
            self.answer.finish = completion.finish;
        }
        self.retry_after_ms = retry_after_ms(&end.outcome);
        self.usage = counted(end.usage).or(counted(self.usage)).or(end.usage);
        self.model = end.model.or(self.model.take());
    }

    fn settle(&mut self, verdict: Option<(TaskStatus, TaskError)>) -> Vec<Effect> {
        vec![Effect::Settle(Box::new(self.ending(verdict, false)))]
    }

    fn ending(&mut self, verdict: Option<(TaskStatus, TaskError)>, leaked: bool) -> Ending {
        self.state = State::Ended;
        self.wake_at = None;
        let (status, error) = match verdict {
            Some((status, error)) => (status, Some(error)),
            None => (TaskStatus::Completed, None),
        };
        let answer = std::mem::take(&mut self.answer);
        let said_something = !answer.text.is_empty() || status == TaskStatus::Completed;
        // Words without tokens are not possible: a host that counts none for them does not count.
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

    fn own_timeout(&self, now: u64) -> u64 {
        now.saturating_add(u64::from(self.terms.timeout_seconds) * 1_000).saturating_add(TIMEOUT_GRACE_MS)
    }

    fn start_timeout(&self, now: u64) -> u64 {
        now.saturating_add(u64::from(self.terms.start_timeout_seconds) * 1_000)
    }
}

/// The usage, unless it counts nothing.
fn counted(usage: Option<Usage>) -> Option<Usage> {
    usage.filter(|usage| usage.total() > 0)
}
