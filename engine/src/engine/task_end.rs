//! The end of a task, and what it means for the tasks that depend on it.

use super::action::Action;
use super::tasks::Task;
use super::work::{Actions, Work};
use crate::ids::TaskIndex;
use crate::prompt;
use crate::session::{Input, StopReason};
use crate::task::{Decided, ErrorCode, OnDependencyFailure, TaskError, TaskStatus};

impl Work<'_> {
    /// Ends a task as soon as none of its sessions is alive.
    pub(super) fn end_task(&mut self, task: TaskIndex, status: TaskStatus, error: Option<TaskError>) -> Actions {
        self.tasks[task].run.decided.get_or_insert((status, error));
        self.end_if_alone(task)
    }

    /// Ends a task that was decided about, unless one of its sessions is alive.
    pub(super) fn end_if_alone(&mut self, task: TaskIndex) -> Actions {
        let Task { planned, run } = &mut self.tasks[task];
        if !run.live.is_empty() || run.status.is_final() {
            return Vec::new();
        }
        let Some((status, error)) = run.decided.take() else { return Vec::new() };
        let ready_at = run.ready_at;
        run.end(self.run.now(), planned, prompt::label(planned, 1, &self.run.nonces), status, error);
        self.scheduler.withdraw(task, ready_at);
        vec![Action::TaskEnded(task)]
    }

    /// Ends a task that has no session now.
    pub(super) fn end_without_session(&mut self, task: TaskIndex, status: TaskStatus, error: TaskError) -> Actions {
        let now = self.run.now();
        let Task { planned, run } = &mut self.tasks[task];
        self.scheduler.withdraw(task, run.ready_at);
        let label = prompt::label(planned, 1, &self.run.nonces);
        // Why the last session failed says more than why there is no other one.
        let before = run.last().and_then(|record| record.error.clone().map(|error| (record.status, error)));
        match before.filter(|_| error.code == ErrorCode::Budget || error.code == ErrorCode::BreakerOpen) {
            Some((status, last)) => {
                run.decide(now, Decided::NoFurtherSession(error.message));
                run.end(now, planned, label, status, Some(last));
            }
            None => run.end(now, planned, label, status, Some(error)),
        }
        vec![Action::TaskEnded(task)]
    }

    /// A task has its result: counts it and reports it.
    pub(super) fn task_ended(&mut self, task: TaskIndex) -> Actions {
        self.tasks.count_end(task);
        self.report(task);
        vec![Action::CheckCanaryTasks(task), Action::CheckEnough(task), Action::TellDependants(task)]
    }

    /// If all canary tasks failed in the same way with this one, the rest does not start.
    pub(super) fn check_canary_tasks(&mut self, task: TaskIndex) -> Actions {
        let run = &self.tasks[task].run;
        if run.attempts == 0 {
            return Vec::new();
        }
        let code = run.result().and_then(|result| result.error.as_ref().map(|error| error.code));
        match self.scheduler.canary_tasks().ended(code) {
            Some(why) => self.fail_pending(ErrorCode::CanaryFailed, &why),
            None => Vec::new(),
        }
    }

    /// What the end of a task means for each of those that depend on it.
    pub(super) fn tell_dependants(&mut self, task: TaskIndex) -> Actions {
        let completed = self.tasks.status(task) == TaskStatus::Completed;
        let mut actions = Vec::new();
        for dependant in self.scheduler.dependants_of(task) {
            if completed {
                self.satisfied(dependant);
            } else {
                actions.push(Action::DependencyFailed { task: dependant, dependency: task, waited: true });
            }
        }
        actions
    }

    /// What a task does when a dependency did not complete. `waited`: it counted that dependency among those it waits for.
    pub(super) fn dependency_failed(&mut self, task: TaskIndex, dependency: TaskIndex, waited: bool) -> Actions {
        if self.tasks.status(task) != TaskStatus::Pending {
            return Vec::new();
        }
        let id = self.tasks[dependency].planned.id.clone();
        let status = self.tasks.status(dependency);
        match self.tasks[task].planned.handling.on_dependency_failure {
            OnDependencyFailure::Run => {
                let now = self.run.now();
                self.tasks[task].run.decide(now, Decided::GoOnWithout { task: id, status });
                if waited {
                    self.satisfied(task);
                }
                Vec::new()
            }
            OnDependencyFailure::FailFast if !self.run.is_stopping() => {
                vec![Action::StopAll(StopReason::FailFast { task: id.as_str().to_owned() })]
            }
            OnDependencyFailure::Skip | OnDependencyFailure::FailFast => {
                let message = format!("it depends on {id}, which is {}", status.name());
                let error = TaskError::new(ErrorCode::DependencyFailed, message);
                self.end_without_session(task, TaskStatus::Skipped, error)
            }
        }
    }

    fn satisfied(&mut self, dependant: TaskIndex) {
        if self.scheduler.satisfied(dependant) {
            let run = &mut self.tasks[dependant].run;
            run.ready_at = self.run.now();
            run.held_by = "a free slot";
        }
    }

    /// Ends what a task does, or keeps it from starting.
    pub(super) fn stop_task(&mut self, task: TaskIndex, reason: &StopReason) -> Actions {
        let run = &mut self.tasks[task].run;
        match run.status {
            TaskStatus::Pending => {
                let (status, error) = reason.verdict();
                self.end_without_session(task, status, error)
            }
            TaskStatus::Running => {
                run.stopped = true;
                // Each of them, also when the first one took it.
                run.live.iter().map(|attempt| Action::Input(*attempt, Input::Stop(reason.clone()))).collect()
            }
            TaskStatus::Completed
            | TaskStatus::Failed
            | TaskStatus::Timeout
            | TaskStatus::Cancelled
            | TaskStatus::Skipped => Vec::new(),
        }
    }

    /// Nothing more can be started: every task that has not begun, or waits for another session, fails.
    pub(super) fn fail_pending(&mut self, code: ErrorCode, message: &str) -> Actions {
        let error = TaskError::new(code, message);
        self.tasks.indexes().map(|task| Action::FailPending(task, error.clone())).collect()
    }

    /// Fails a task that has no session.
    pub(super) fn fail_if_pending(&mut self, task: TaskIndex, error: TaskError) -> Actions {
        match self.tasks.status(task) {
            TaskStatus::Pending => self.end_without_session(task, TaskStatus::Failed, error),
            _ => Vec::new(),
        }
    }
}
