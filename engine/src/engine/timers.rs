//! What the clock brings about, and when it does so next.

use super::action::Action;
use super::state::Engine;
use crate::session::{Input, StopReason};

impl Engine {
    /// Does what is due by now.
    pub(super) fn fire_timers(&mut self) {
        let now = self.run.now();
        // A host with few places has a reason not to start others while one of them runs, which has a limit of its own.
        if self.attempts.any_running() {
            self.attempts.moved(now);
        }
        while let Some(attempt) = self.attempts.take_due(now) {
            self.input(attempt, Input::TimerFired);
        }
        self.scheduler.end_pauses(now);
        self.fire_timers_of_the_run();
        self.deletions.timer_fired(now);
        self.look_if_quiet();
    }

    fn fire_timers_of_the_run(&mut self) {
        let now = self.run.now();
        if !self.run.is_stopping() && now >= self.run.clock.deadline() {
            self.carry_out(vec![Action::StopAll(self.run.deadline_reason())]);
        }
        if !self.run.is_stopping() && self.run.has_waited() {
            self.carry_out(vec![Action::StopAll(StopReason::Enough)]);
        }
        if now >= self.run.clock.give_up_at() {
            self.give_up();
        }
    }

    /// The time for stopping and deleting is over; whatever is left is reported as leaked.
    fn give_up(&mut self) {
        let reason = self.run.stop_reason().cloned().unwrap_or_else(|| self.run.deadline_reason());
        let live: Vec<_> = self.attempts.live().collect();
        for attempt in live {
            if let Some(ending) = self.attempts.give_up(attempt, &reason) {
                self.carry_out(vec![Action::SessionOver(attempt, Box::new(ending))]);
            }
        }
        self.deletions.give_up();
    }

    /// When `fire_timers` or a start is due next, in the run's time.
    pub(super) fn next_timer(&self) -> Option<u64> {
        let now = self.run.now();
        let stopping = self.run.is_stopping();
        let times = [
            self.attempts.wake_at(),
            self.scheduler.pause_ends_at(),
            self.deletions.wake_at(),
            self.reconciling.wake_at().filter(|_| !self.attempts.all_over()),
            self.scheduler.wake_at(now),
            // All live sessions are looked at, so only when one of them could have a second one.
            self.scheduler.has_slot().then(|| self.hedges.wake_at(&self.run, &self.tasks, &self.attempts)).flatten(),
            self.run.soft_end().filter(|_| !stopping),
            Some(if stopping { self.run.clock.give_up_at() } else { self.run.clock.deadline() }),
        ];
        times.into_iter().flatten().min()
    }
}
