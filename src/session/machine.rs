//! The states of one session.
//!
//! | state    | spawn answered            | session ended        | history read   | cancel answered   | stop wanted | time is up      |
//! |----------|---------------------------|----------------------|----------------|-------------------|-------------|-----------------|
//! | Spawning | Running, again, or the end| –                    | –              | –                 | noted       | –               |
//! | Running  | –                         | Reading or the end   | –              | –                 | Stopping    | Stopping        |
//! | Reading  | –                         | –                    | more or the end| –                 | the end     | again or the end|
//! | Stopping | –                         | the end              | –              | again or the end  | –           | again or the end|
//! | Ended    | –                         | –                    | –              | –                 | –           | –               |
//!
//! "–" changes nothing and is counted by the engine. A machine asks for at most one thing at a time, has one timer, and
//! never leaves `Ended`.

use super::ending::{Ending, StopReason, verdict_of};
use crate::answer::RawAnswer;
use crate::host::{HistoryPage, HostError, MessageRole, Receipt, SessionEnd};
use crate::ids::SessionKey;
use crate::policy::limits::{MAX_HISTORY_PAGES, TIMEOUT_GRACE_MS};
use crate::policy::{outcome, stopping};
use crate::task::{TaskError, TaskStatus, Usage};

/// How long an empty transcript is given to fill, before its one re-read.
const REREAD_PAUSE_MS: u64 = 1_000;

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input {
    /// The spawn request was answered.
    Spawned(Result<Receipt, HostError>),
    /// It left the host's queue.
    Started,
    /// It ended.
    Ended(SessionEnd),
    /// Its transcript was read.
    History(Result<HistoryPage, HostError>),
    /// The cancel request was answered.
    Stopped(Result<(), HostError>),
    /// It shall end.
    Stop(StopReason),
    /// Its timer ran out.
    TimeIsUp,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Spawn it, with the same key as before.
    Spawn,
    /// Read its transcript from here.
    Read {
        /// Messages to skip, from the newest.
        offset: u32,
    },
    /// Stop it.
    Cancel,
    /// The host has no room: the task goes back to the queue as if it had never been taken.
    Requeue,
    /// It is over.
    Settle(Box<Ending>),
}

#[derive(Debug, PartialEq)]
enum State {
    Spawning { again: bool, stop: Option<StopReason> },
    Running,
    Reading { offset: u32, pages: u32, failures: u32, reread: bool, pausing: bool },
    Stopping { reason: StopReason, tries: u32, pausing: bool },
    Ended,
}

/// One session.
#[derive(Debug)]
pub struct Machine {
    state: State,
    session: Option<SessionKey>,
    wake_at: Option<u64>,
    timeout_seconds: u32,
    /// The run's time counts from `Started` and not from the receipt.
    starts_reported: bool,
    answer: RawAnswer,
    usage: Option<Usage>,
    model: Option<String>,
}

impl Machine {
    /// A session whose spawn request is under way.
    pub fn new(timeout_seconds: u32, starts_reported: bool) -> Self {
        Self {
            state: State::Spawning { again: false, stop: None },
            session: None,
            wake_at: None,
            timeout_seconds,
            starts_reported,
            answer: RawAnswer::default(),
            usage: None,
            model: None,
        }
    }

    /// When `TimeIsUp` is due, in engine time.
    pub fn wake_at(&self) -> Option<u64> {
        self.wake_at
    }

    /// Its key, once there is one.
    pub fn session(&self) -> Option<&SessionKey> {
        self.session.as_ref()
    }

    /// Takes one step; None means that the input changes nothing in this state.
    pub fn step(&mut self, now: u64, input: Input) -> Option<Vec<Effect>> {
        match (&mut self.state, input) {
            (State::Ended, _) => None,
            (State::Spawning { stop, .. }, Input::Stop(reason)) => {
                stop.get_or_insert(reason);
                Some(Vec::new())
            }
            (State::Spawning { .. }, Input::Spawned(answer)) => Some(self.spawned(now, answer)),
            (State::Running, Input::Started) => {
                self.wake_at = self.starts_reported.then(|| self.own_timeout(now)).or(self.wake_at);
                Some(Vec::new())
            }
            (State::Running, Input::Ended(end)) => Some(self.ended(now, end)),
            (State::Running, Input::Stop(reason)) => Some(self.cancel(now, reason, 1)),
            (State::Running, Input::TimeIsUp) => {
                let seconds = self.timeout_seconds;
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
                    Some(vec![Effect::Read { offset }])
                } else {
                    Some(self.read(now, Err(HostError::InDoubt("no answer came".to_owned()))))
                }
            }
            (State::Stopping { reason, .. }, Input::Ended(end)) => {
                let verdict = reason.verdict();
                self.take_over(end);
                Some(self.settle(Some(verdict)))
            }
            (State::Stopping { .. }, Input::Stopped(answer)) => Some(self.stopped(now, answer)),
            (State::Stopping { reason, tries, pausing }, Input::TimeIsUp) => {
                if *pausing {
                    let (reason, tries) = (reason.clone(), *tries + 1);
                    Some(self.cancel(now, reason, tries))
                } else {
                    Some(self.stopped(now, Err(HostError::InDoubt("no answer came".to_owned()))))
                }
            }
            _ => None,
        }
    }

    /// Ends the machine at once, whatever the host still owes. The session counts as leaked if it may be alive.
    pub fn give_up(&mut self, reason: &StopReason) -> Ending {
        let leaked = !matches!(self.state, State::Reading { .. } | State::Ended);
        self.ending(Some(reason.verdict()), leaked)
    }

    fn spawned(&mut self, now: u64, answer: Result<Receipt, HostError>) -> Vec<Effect> {
        let State::Spawning { again, stop } = &self.state else { return Vec::new() };
        let (again, stop) = (*again, stop.clone());
        match (answer, stop) {
            (Ok(receipt), stop) => {
                self.session = Some(receipt.session_key);
                self.model = receipt.applied_model;
                match stop {
                    Some(reason) => self.cancel(now, reason, 1),
                    None => {
                        self.state = State::Running;
                        self.wake_at = (!self.starts_reported).then(|| self.own_timeout(now));
                        Vec::new()
                    }
                }
            }
            // The key makes the second call safe: if the first one took effect, its receipt is repeated.
            (Err(HostError::InDoubt(_)), stop) if !again => {
                self.state = State::Spawning { again: true, stop };
                vec![Effect::Spawn]
            }
            (Err(error), Some(reason)) => {
                let leaked = matches!(error, HostError::InDoubt(_));
                let ending = self.ending(Some(reason.verdict()), leaked);
                vec![Effect::Settle(Box::new(ending))]
            }
            (Err(HostError::AtCapacity(_)), None) => {
                self.state = State::Ended;
                vec![Effect::Requeue]
            }
            (Err(error), None) => {
                let leaked = matches!(error, HostError::InDoubt(_));
                let ending = self.ending(Some((TaskStatus::Failed, outcome::spawn_refused(&error))), leaked);
                vec![Effect::Settle(Box::new(ending))]
            }
        }
    }

    fn ended(&mut self, now: u64, end: SessionEnd) -> Vec<Effect> {
        let verdict = verdict_of(&end.outcome, self.timeout_seconds);
        self.take_over(end);
        let whole = !self.answer.truncated && !self.answer.is_empty();
        if verdict.is_some() || whole {
            return self.settle(verdict);
        }
        self.state = State::Reading { offset: 0, pages: 0, failures: 0, reread: false, pausing: false };
        self.wake_at = Some(now + stopping::PATIENCE_MS);
        vec![Effect::Read { offset: 0 }]
    }

    fn take_over(&mut self, end: SessionEnd) {
        if let Some(completion) = end.completion {
            self.answer.text = completion.text;
            self.answer.truncated = completion.truncated;
        }
        self.usage = end.usage.or(self.usage);
        self.model = end.model.or(self.model.take());
    }

    fn read(&mut self, now: u64, answer: Result<HistoryPage, HostError>) -> Vec<Effect> {
        let State::Reading { offset, pages, failures, reread, .. } = self.state else { return Vec::new() };
        let pause = |machine: &mut Self, millis: u64, offset, pages, failures, reread| {
            machine.state = State::Reading { offset, pages, failures, reread, pausing: true };
            machine.wake_at = Some(now + millis);
            Vec::new()
        };
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                let again = stopping::pause_after(failures + 1).filter(|_| outcome::passes(&error));
                return match again {
                    Some(millis) => pause(self, millis, offset, pages, failures + 1, reread),
                    // What came with the completion is better than nothing; it stays marked as cut.
                    None if !self.answer.is_empty() => self.settle(None),
                    None => self.settle(Some((TaskStatus::Failed, outcome::history_failed(&error)))),
                };
            }
        };
        self.answer.redacted |= page.redacted;
        let newest = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
        if let Some(message) = newest {
            // Of two cut versions the longer one says more.
            if !message.truncated || message.text.len() > self.answer.text.len() {
                self.answer.text.clone_from(&message.text);
                self.answer.truncated = message.truncated;
            }
            self.usage = self.usage.or(message.usage);
            self.model = message.model.clone().or(self.model.take());
            if !self.answer.is_empty() {
                return self.settle(None);
            }
        }
        if page.has_more && newest.is_none() && pages + 1 < MAX_HISTORY_PAGES && !page.messages.is_empty() {
            let read = u32::try_from(page.messages.len()).unwrap_or(u32::MAX).saturating_add(page.dropped_messages);
            let offset = offset.saturating_add(read);
            self.state = State::Reading { offset, pages: pages + 1, failures, reread, pausing: false };
            self.wake_at = Some(now + stopping::PATIENCE_MS);
            return vec![Effect::Read { offset }];
        }
        if !reread {
            return pause(self, REREAD_PAUSE_MS, 0, pages, failures, true);
        }
        self.settle(None)
    }

    fn cancel(&mut self, now: u64, reason: StopReason, tries: u32) -> Vec<Effect> {
        self.state = State::Stopping { reason, tries, pausing: false };
        self.wake_at = Some(now + stopping::PATIENCE_MS);
        vec![Effect::Cancel]
    }

    fn stopped(&mut self, now: u64, answer: Result<(), HostError>) -> Vec<Effect> {
        let State::Stopping { reason, tries, .. } = &self.state else { return Vec::new() };
        let (reason, tries) = (reason.clone(), *tries);
        let error = match answer {
            Ok(()) | Err(HostError::NotFound(_)) => return self.settle(Some(reason.verdict())),
            Err(error) => error,
        };
        match stopping::pause_after(tries).filter(|_| outcome::passes(&error)) {
            Some(millis) => {
                self.state = State::Stopping { reason, tries, pausing: true };
                self.wake_at = Some(now + millis);
                Vec::new()
            }
            None => vec![Effect::Settle(Box::new(self.ending(Some(reason.verdict()), true)))],
        }
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
        Ending {
            status,
            error,
            answer: said_something.then_some(answer),
            usage: self.usage,
            model: self.model.take(),
            leaked,
        }
    }

    fn own_timeout(&self, now: u64) -> u64 {
        now.saturating_add(u64::from(self.timeout_seconds) * 1_000).saturating_add(TIMEOUT_GRACE_MS)
    }
}
