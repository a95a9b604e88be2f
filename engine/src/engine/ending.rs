//! The end of a task, and what it means for the tasks that wait for it.

use super::Engine;
use crate::canary;
use crate::ids::{AttemptIndex, SessionKey, TaskIndex};
use crate::policy::outcome;
use crate::prompt;
use crate::session::StopReason;
use crate::task::{OnDependencyFailure, TaskError, TaskStatus};

impl Engine {
    /// Ends a task as soon as none of its sessions is alive.
    pub(super) fn decide_end(&mut self, task: TaskIndex, status: TaskStatus, error: Option<TaskError>) {
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.decided.get_or_insert((status, error));
        }
        self.finish_if_alone(task);
    }

    pub(super) fn finish_if_alone(&mut self, task: TaskIndex) {
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get_mut(task.0)) else { return };
        if !run.live.is_empty() || run.status.is_final() {
            return;
        }
        let Some((status, error)) = run.decided.take() else { return };
        run.end(self.now, planned, prompt::label(planned, 1, &self.codes), status, error);
        self.ready.withdraw(task);
        self.final_status(task);
    }

    /// Ends a task that has no session now.
    pub(super) fn settle_unstarted(&mut self, task: TaskIndex, status: TaskStatus, error: TaskError) {
        self.ready.withdraw(task);
        if let Some(run) = self.tasks.get(task.0) {
            self.pausing.remove(&(run.ready_at, task));
        }
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get_mut(task.0)) else { return };
        let label = prompt::label(planned, 1, &self.codes);
        // Why the last session failed says more than why there is no other one.
        let before = run.last().and_then(|record| record.error.clone().map(|error| (record.status, error)));
        match before.filter(|_| error.code == "E_BUDGET" || error.code == "E_BREAKER_OPEN") {
            Some((status, last)) => {
                run.decide(self.now, format!("no further session: {}", error.message));
                run.end(self.now, planned, label, status, Some(last));
            }
            None => run.end(self.now, planned, label, status, Some(error)),
        }
        self.final_status(task);
    }

    fn final_status(&mut self, task: TaskIndex) {
        self.ended += 1;
        self.just_ended.push_back(task);
        self.tell(task);
        self.canary_ended(task);
        self.enough_yet();
        let completed = self.status(task) == TaskStatus::Completed;
        for dependant in self.ready.dependants_of(task) {
            if completed {
                self.satisfied(dependant);
            } else if !canary::is("skipped-dependants-forgotten") {
                self.without(dependant, task, true);
            }
        }
    }

    /// A deliberate defect: the end of a session ends its task, whatever that has come to.
    pub(super) fn end_again(&mut self, attempt: AttemptIndex) -> bool {
        let Some(task) = self.attempts.get(attempt.0).map(|attempt| attempt.task) else { return false };
        self.final_status(task);
        true
    }

    fn satisfied(&mut self, dependant: TaskIndex) {
        if self.ready.satisfied(dependant)
            && let Some(run) = self.tasks.get_mut(dependant.0)
        {
            run.ready_at = self.now;
            run.held_by = "a free slot";
        }
    }

    /// What a task does when a dependency did not complete. `waited`: it counted that dependency among those it waits for.
    pub(super) fn without(&mut self, task: TaskIndex, dependency: TaskIndex, waited: bool) {
        if self.status(task) != TaskStatus::Pending {
            return;
        }
        let id = self.plan.tasks.get(dependency.0).map_or("?", |planned| planned.id.as_str()).to_owned();
        let mode = self.plan.tasks.get(task.0).map_or(OnDependencyFailure::Skip, |p| p.handling.on_dependency_failure);
        let status = self.status(dependency).name();
        match mode {
            OnDependencyFailure::Run => {
                let now = self.now;
                if let Some(run) = self.tasks.get_mut(task.0) {
                    run.decide(now, format!("goes on without {id}, which is {status}"));
                }
                if waited {
                    self.satisfied(task);
                }
            }
            OnDependencyFailure::FailFast if self.stop.is_none() => self.stop_all(StopReason::FailFast { task: id }),
            OnDependencyFailure::Skip | OnDependencyFailure::FailFast => {
                let message = format!("it depends on {id}, which is {status}");
                self.settle_unstarted(task, TaskStatus::Skipped, outcome::error("E_DEP_FAILED", message, false));
            }
        }
    }

    /// A session that would not stop has ended by itself.
    pub(super) fn no_longer_leaked(&mut self, session: &SessionKey) {
        if let Some(place) = self.leaked.iter().position(|leaked| leaked == session) {
            self.leaked.remove(place);
            self.slots.regain();
        }
    }
}
