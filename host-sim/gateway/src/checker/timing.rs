//! What is done when, and how often.

use parallel_agents_engine::host::EventKind;

use super::excuse::Excuse;
use super::invariant::Invariant;
use super::state::{CLEANUP_GRACE_MS, Checker, Waits};

/// Two waits in a row that end with nothing are at least so long; less is running in circles.
const SHORT_WAIT_MS: u64 = 250;

/// Short waits in a row that may come to nothing: the pauses of 200 tasks may end one after the other, while there is no room.
pub(super) const MAX_SHORT_WAITS: u32 = 250;

/// Requests for one transcript: 20 pages, each of which may have to be asked for some times.
const MAX_READS: u32 = 64;

/// Requests for lists at the start of a call; later there is at most one in a second.
const MAX_LISTS: u64 = 40;

/// How much later than the time for cleaning up a call may come back: the host's own latency.
const RETURN_SLACK_MS: u64 = 1_000;

impl Checker {
    /// When the call has to be over but for cleaning up, and whether that is later because it went on after a cut. None: it has
    /// no end.
    fn end_ms(&self) -> Option<(u64, bool)> {
        let deadline = self.allowed.deadline_ms?;
        let went_on = self.cuts.went_on_ms.unwrap_or(0);
        Some((deadline.max(went_on).saturating_add(CLEANUP_GRACE_MS), went_on > deadline))
    }

    /// Whether nobody can tell from outside what a call took for the time: it went on after a cut, and the clock jumped after
    /// that, or so shortly before that the jump may have been journaled or not.
    pub fn is_time_in_doubt(&self) -> bool {
        self.cuts.is_time_in_doubt
    }

    /// Enters a wait for the next event.
    pub(super) fn waits(&mut self, until_ms: Option<u64>) {
        self.time.waits(until_ms);
        let Some((last, is_later)) = self.end_ms().filter(|_| self.heard.events > 0) else { return };
        let until = until_ms.map(|until| self.time.least_at(until));
        match until {
            Some(until) if until <= last => {
                let deadline = self.allowed.deadline_ms.unwrap_or(u64::MAX).saturating_add(CLEANUP_GRACE_MS);
                if is_later && until > deadline {
                    self.excuse(Excuse::WentOnLate);
                }
            }
            Some(_) if self.is_time_in_doubt() => self.excuse(Excuse::ClockJumped),
            Some(until) => {
                let what = format!("a wait goes on {} ms after the time for cleaning up", until - last);
                self.note(Invariant::Time, what);
            }
            None => self.note(Invariant::Time, "a wait has no end although the run has one".to_owned()),
        }
    }

    /// Enters that something was asked for, so that the last wait was not for nothing.
    pub(super) fn was_of_use(&mut self) {
        self.waits = Waits::default();
    }

    /// Enters what ended a wait.
    pub(super) fn check_wait(&mut self, what: &EventKind) {
        if *what != EventKind::TimerFired {
            self.waits = Waits::default();
            return;
        }
        let real_ms = self.time.real_ms();
        let is_short =
            self.waits.idle_since.replace(real_ms).is_some_and(|since| real_ms.saturating_sub(since) < SHORT_WAIT_MS);
        self.waits.short = if is_short { self.waits.short + 1 } else { 0 };
        if self.waits.short > MAX_SHORT_WAITS {
            self.note(Invariant::Storm, format!("{} short waits in a row came to nothing", self.waits.short + 1));
        }
    }

    /// Holds the number of lists and reads to what is plausible.
    pub(super) fn check_reads(&mut self, function: &str, session: Option<&parallel_agents_engine::ids::SessionKey>) {
        if function == "list" {
            self.accounts.lists += 1;
            let seconds = self.time.known_ms().max(self.time.real_ms()) / 1_000;
            if self.accounts.lists > MAX_LISTS + seconds {
                self.note(Invariant::Storm, format!("{} lists were asked for in {seconds} s", self.accounts.lists));
            }
        }
        let Some(account) =
            session.filter(|_| function == "history").and_then(|key| self.accounts.sessions.get_mut(key))
        else {
            return;
        };
        account.asked.reads += 1;
        if account.asked.reads == MAX_READS + 1 {
            let what = format!("the transcript of {} was asked for more than {MAX_READS} times", account.label);
            self.note(Invariant::Storm, what);
        }
    }

    /// Holds the call to its end.
    pub(super) fn check_return(&mut self) {
        let (Some((last, is_later)), Some(deadline)) = (self.end_ms(), self.allowed.deadline_ms) else { return };
        // Whoever waits until the end is told of it late by a clock that was set on.
        let took = self.time.least_ms().saturating_sub(self.time.overshoot_ms());
        let is_over = |ms: u64, end: u64| ms > end.saturating_add(RETURN_SLACK_MS);
        if is_over(took, last) && self.is_time_in_doubt() {
            self.excuse(Excuse::ClockJumped);
        } else if is_over(took, last) {
            self.note(Invariant::Liveness, format!("the call took {took} ms, its deadline was {deadline} ms"));
        } else if is_later && is_over(took, deadline.saturating_add(CLEANUP_GRACE_MS)) {
            self.excuse(Excuse::WentOnLate);
        } else if is_over(self.time.real_ms().max(self.time.known_ms()), last) {
            self.excuse(Excuse::ClockJumped);
        }
    }
}
