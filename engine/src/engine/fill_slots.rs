//! Starts sessions while there is room.

use super::choice::Target;
use super::state::Engine;
use crate::task::{AttemptKind, ErrorCode};

impl Engine {
    /// Starts as many sessions as there is room for.
    pub(super) fn start_sessions(&mut self) {
        let now = self.run.now();
        while !self.run.is_stopping() && self.scheduler.may_start(now) {
            let (mut work, attempts) = self.work_and_attempts();
            let started = work.choose().and_then(|choice| work.start(attempts, choice));
            let Some(actions) = started else { break };
            self.carry_out(actions);
        }
        self.start_hedges();
        if self.scheduler.all_leaked() {
            let why = "sessions that would not stop hold all the room that this run may use";
            let actions = self.work().fail_pending(ErrorCode::SlotsLost, why);
            self.carry_out(actions);
        }
    }

    /// Gives late sessions of tasks that may run twice a second one, as far as the allowance goes.
    fn start_hedges(&mut self) {
        // Without room none of the live sessions has to be looked at.
        if !self.scheduler.has_slot() {
            return;
        }
        let now = self.run.now();
        for index in self.hedges.late(&self.run, &self.tasks, &self.attempts) {
            if !self.scheduler.has_slot() || !self.hedges.has_allowance(&self.tasks) {
                break;
            }
            let late = &self.attempts[index];
            let task = late.task;
            let target = Target { tier: late.tier, model: late.model.clone(), group: late.group.clone() };
            // It is a luxury: without room or money there is none.
            if !self.scheduler.admits(&target.group, now) || !self.scheduler.is_closed(&target.group, now) {
                continue;
            }
            let (mut work, attempts) = self.work_and_attempts();
            if work.open_attempt(attempts, task, AttemptKind::Hedge, target).is_ok() {
                self.hedges.count_start();
                self.tasks[task].run.used.hedges += 1;
            }
        }
    }
}
