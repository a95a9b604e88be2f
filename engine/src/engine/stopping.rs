//! Ends work before its time: for the caller, for the deadline, or because nothing more can be started.

use super::Engine;
use crate::canary;
use crate::ids::{TaskId, TaskIndex};
use crate::policy::limits::CLEANUP_GRACE_MS;
use crate::policy::outcome;
use crate::session::{Input, StopReason};
use crate::task::TaskStatus;

impl Engine {
    pub(super) fn stop_requested(&mut self, task: Option<TaskId>, reason: String) -> bool {
        let reason = StopReason::Caller(reason);
        let Some(id) = task else {
            let first = self.stop.is_none();
            if first {
                self.stop_all(reason);
            }
            return first;
        };
        let found = self.plan.tasks.iter().position(|planned| planned.id == id).map(TaskIndex);
        found.is_some_and(|task| self.stop_task(task, &reason))
    }

    pub(super) fn stop_all(&mut self, reason: StopReason) {
        self.give_up_at = self.give_up_at.min(self.now + CLEANUP_GRACE_MS);
        self.stop = Some(reason.clone());
        for index in 0..self.tasks.len() {
            self.stop_task(TaskIndex(index), &reason);
        }
    }

    pub(super) fn stop_task(&mut self, task: TaskIndex, reason: &StopReason) -> bool {
        match self.status(task) {
            TaskStatus::Pending if canary::is("spawn-after-stop") => false,
            TaskStatus::Pending => {
                let (status, error) = reason.verdict();
                self.settle_unstarted(task, status, error);
                true
            }
            TaskStatus::Running => {
                let Some(run) = self.tasks.get_mut(task.0) else { return false };
                run.stopped = true;
                let mut used = false;
                // Each of them, also when the first one took it.
                for attempt in run.live.clone() {
                    used |= self.drive(attempt, Input::Stop(reason.clone()));
                }
                used
            }
            _ => false,
        }
    }

    /// Nothing more can be started: what has not been will not be.
    pub(super) fn fail_pending(&mut self, code: &str, message: &str) {
        for index in 0..self.tasks.len() {
            if self.status(TaskIndex(index)) == TaskStatus::Pending {
                let error = outcome::error(code, message, false);
                self.settle_unstarted(TaskIndex(index), TaskStatus::Failed, error);
            }
        }
    }

    /// The time for stopping and deleting is over; whatever is left is reported.
    pub(super) fn give_up(&mut self) {
        let seconds = self.plan.deadline_seconds;
        let reason = self.stop.clone().unwrap_or(StopReason::Deadline { seconds });
        for attempt in self.live.clone() {
            let machine = self.attempts.get_mut(attempt.0).and_then(|attempt| attempt.machine.as_mut());
            let Some(ending) = machine.map(|machine| machine.give_up(&reason)) else { continue };
            self.settle(attempt, ending);
        }
        self.leaked.extend(self.cleaning.give_up());
    }
}
