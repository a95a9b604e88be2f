//! How a session ends that has no answer: it is cancelled, its end is waited for, and its partial answer is read.

use super::{Effect, Machine, State, Step};
use crate::host::{HistoryPage, HostError, MessageRole, SessionEnd};
use crate::policy::host_calls::{ANSWER_TIMEOUT_MS, pause_after};
use crate::policy::outcome;
use crate::session::ending::{StopReason, Verdict};

/// How long the end of a cancelled session is waited for, in milliseconds: a host that keeps the contract reports it at once.
const END_TIMEOUT_MS: u64 = 2_000;

/// How long the transcript of a session without an answer is waited for, in milliseconds.
const PARTIAL_TIMEOUT_MS: u64 = 3_000;

impl Machine {
    pub(super) fn cancel(&mut self, now: u64, reason: StopReason, tries: u32) -> Step {
        self.state = State::Cancelling { reason, tries, pausing: false };
        self.wake_at = Some(now + ANSWER_TIMEOUT_MS);
        Step::Wants(Effect::Cancel)
    }

    pub(super) fn cancel_again(&mut self, now: u64) -> Step {
        let State::Cancelling { reason, tries, .. } = &self.state else { return Step::Ignored };
        let (reason, tries) = (reason.clone(), *tries + 1);
        self.cancel(now, reason, tries)
    }

    pub(super) fn cancelled(&mut self, now: u64, answer: Result<(), HostError>) -> Step {
        let State::Cancelling { reason, tries, .. } = &self.state else { return Step::Ignored };
        let (reason, tries) = (reason.clone(), *tries);
        let error = match answer {
            Ok(()) if self.has_run => {
                let (verdict, wants_partial) = (reason.verdict(), reason.wants_partial());
                self.state = State::Closing { verdict, wants_partial, reading: false };
                self.wake_at = Some(now + END_TIMEOUT_MS);
                return Step::Taken;
            }
            Ok(()) | Err(HostError::NotFound(_)) => return self.end(Some(reason.verdict())),
            Err(error) => error,
        };
        match pause_after(tries).filter(|_| outcome::passes(&error)) {
            Some(millis) => {
                self.state = State::Cancelling { reason, tries, pausing: true };
                self.wake_at = Some(now + millis);
                Step::Taken
            }
            None => Step::end(self.ending(Some(reason.verdict()), true)),
        }
    }

    pub(super) fn ended_while_cancelling(&mut self, now: u64, end: SessionEnd) -> Step {
        let State::Cancelling { reason, .. } = &self.state else { return Step::Ignored };
        let (verdict, wants_partial) = (reason.verdict(), reason.wants_partial());
        self.enter(end);
        self.read_partial_or_end(now, verdict, wants_partial)
    }

    pub(super) fn ended_while_closing(&mut self, now: u64, end: SessionEnd) -> Step {
        let State::Closing { reading, .. } = self.state else { return Step::Ignored };
        self.enter(end);
        // Its transcript is read already, and the end said what it used.
        if reading { Step::Taken } else { self.close_or_read(now) }
    }

    pub(super) fn close_or_read(&mut self, now: u64) -> Step {
        let State::Closing { verdict, wants_partial, .. } = &self.state else { return Step::Ignored };
        let (verdict, wants_partial) = (verdict.clone(), *wants_partial);
        self.read_partial_or_end(now, verdict, wants_partial)
    }

    pub(super) fn close(&mut self) -> Step {
        let State::Closing { verdict, .. } = &self.state else { return Step::Ignored };
        let verdict = verdict.clone();
        self.end(Some(verdict))
    }

    /// Over, without an answer: its transcript is read for a partial one if that is wanted and not there.
    pub(super) fn read_partial_or_end(&mut self, now: u64, verdict: Verdict, wants_partial: bool) -> Step {
        if !wants_partial || !self.has_run || !self.answer.is_empty() {
            return self.end(Some(verdict));
        }
        self.state = State::Closing { verdict, wants_partial, reading: true };
        self.wake_at = Some(now + PARTIAL_TIMEOUT_MS);
        Step::Wants(Effect::Read { offset: 0, tools: false })
    }

    pub(super) fn read_partial(&mut self, answer: Result<HistoryPage, HostError>) -> Step {
        if let Ok(page) = answer {
            self.keep_partial(&page);
        }
        self.close()
    }

    /// Keeps the newest message of a session without an answer. The usage in that message is not that of the session.
    fn keep_partial(&mut self, page: &HistoryPage) {
        let newest = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
        let Some(message) = newest.filter(|_| self.answer.is_empty()) else { return };
        self.answer.redacted |= page.redacted;
        self.answer.text.clone_from(&message.text);
        (self.answer.truncated, self.answer.finish) = (true, message.finish);
        self.model = message.model.clone().or(self.model.take());
    }
}
