//! How a session leaves that did not answer: it is stopped, its end is heard, and what it had said is kept.

use super::{Effect, Input, Machine, State};
use crate::host::{HistoryPage, HostError, MessageRole};
use crate::policy::{outcome, stopping};
use crate::session::ending::StopReason;
use crate::task::{TaskError, TaskStatus};

/// How long the end of a session is waited for that was stopped: it follows at once on a host that keeps the contract.
const PARTING_MS: u64 = 2_000;

/// How long the transcript is waited for of a session that did not answer.
const LAST_WORDS_MS: u64 = 3_000;

impl Machine {
    /// What happens to a session that leaves.
    pub(super) fn leave(&mut self, now: u64, input: Input) -> Option<Vec<Effect>> {
        match (&mut self.state, input) {
            (State::Stopping { reason, .. }, Input::Ended(end)) => {
                let (verdict, wants_words) = (reason.verdict(), reason.wants_words());
                self.take_over(end);
                Some(self.part(now, verdict, wants_words))
            }
            (State::Stopping { .. }, Input::Stopped(answer)) => Some(self.stopped(now, answer)),
            (State::Stopping { reason, tries, pausing: true }, Input::TimeIsUp) => {
                let (reason, tries) = (reason.clone(), *tries + 1);
                Some(self.cancel(now, reason, tries))
            }
            (State::Stopping { pausing: false, .. }, Input::TimeIsUp) => {
                Some(self.stopped(now, Err(HostError::InDoubt("no answer came".to_owned()))))
            }
            (State::Parting { verdict, wants_words, reading: false }, Input::Ended(end)) => {
                let (verdict, wants_words) = (verdict.clone(), *wants_words);
                self.take_over(end);
                Some(self.part(now, verdict, wants_words))
            }
            (State::Parting { verdict, wants_words, reading: false }, Input::TimeIsUp) => {
                let (verdict, wants_words) = (verdict.clone(), *wants_words);
                Some(self.part(now, verdict, wants_words))
            }
            // Its end is told while its transcript is read, and says what it used.
            (State::Parting { reading: true, .. }, Input::Ended(end)) => {
                self.take_over(end);
                Some(Vec::new())
            }
            (State::Parting { verdict, reading: true, .. }, Input::History(answer)) => {
                let verdict = verdict.clone();
                if let Ok(page) = answer {
                    self.take_last_words(&page);
                }
                Some(self.settle(Some(verdict)))
            }
            (State::Parting { verdict, .. }, Input::Stop(_) | Input::TimeIsUp) => {
                let verdict = verdict.clone();
                Some(self.settle(Some(verdict)))
            }
            _ => None,
        }
    }

    pub(super) fn cancel(&mut self, now: u64, reason: StopReason, tries: u32) -> Vec<Effect> {
        self.state = State::Stopping { reason, tries, pausing: false };
        self.wake_at = Some(now + stopping::PATIENCE_MS);
        vec![Effect::Cancel]
    }

    fn stopped(&mut self, now: u64, answer: Result<(), HostError>) -> Vec<Effect> {
        let State::Stopping { reason, tries, .. } = &self.state else { return Vec::new() };
        let (reason, tries) = (reason.clone(), *tries);
        let error = match answer {
            Ok(()) if self.has_run => {
                let (verdict, wants_words) = (reason.verdict(), reason.wants_words());
                self.state = State::Parting { verdict, wants_words, reading: false };
                self.wake_at = Some(now + PARTING_MS);
                return Vec::new();
            }
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

    /// Over, without an answer: its transcript is asked for what it had said if that is wanted and not there.
    pub(super) fn part(&mut self, now: u64, verdict: (TaskStatus, TaskError), wants_words: bool) -> Vec<Effect> {
        if !wants_words || !self.has_run || !self.answer.is_empty() {
            return self.settle(Some(verdict));
        }
        self.state = State::Parting { verdict, wants_words, reading: true };
        self.wake_at = Some(now + LAST_WORDS_MS);
        vec![Effect::Read { offset: 0, tools: false }]
    }

    /// The newest words of a session that did not answer. What their message says of usage is not that of the session.
    fn take_last_words(&mut self, page: &HistoryPage) {
        let newest = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
        let Some(message) = newest.filter(|_| self.answer.is_empty()) else { return };
        self.answer.redacted |= page.redacted;
        self.answer.text.clone_from(&message.text);
        (self.answer.truncated, self.answer.finish) = (true, message.finish);
        self.model = message.model.clone().or(self.model.take());
    }
}
