//! To which part each action goes.
//!
//! An action can lead to others. They are carried out before those that were there already, as if the first had called them.

use super::action::Action;
use super::answer_check::{check, tier_that_ran};
use super::booking;
use super::session_end::{Over, Settled};
use super::state::Engine;
use super::work::Actions;
use crate::host::HostError;
use crate::ids::{AttemptIndex, SessionKey};
use crate::session::{Effect, Ending, Input, Step, StopReason};
use crate::task::{AttemptKind, Cleanup, TaskStatus};

impl Engine {
    /// Gives a session an input and carries out what follows. False: the input changed nothing.
    pub(super) fn input(&mut self, attempt: AttemptIndex, input: Input) -> bool {
        let Some(actions) = self.step_session(attempt, input) else { return false };
        self.carry_out(actions);
        true
    }

    /// Carries out actions, and all that follow from them.
    pub(super) fn carry_out(&mut self, mut actions: Actions) {
        actions.reverse();
        while let Some(action) = actions.pop() {
            actions.extend(self.act(action).into_iter().rev());
        }
    }

    fn act(&mut self, action: Action) -> Actions {
        match action {
            Action::Input(attempt, input) => self.step_session(attempt, input).unwrap_or_default(),
            Action::SessionOver(attempt, ending) => self.session_over(attempt, *ending),
            Action::TaskEnded(task) => self.work().task_ended(task),
            Action::CheckCanaryTasks(task) => self.work().check_canary_tasks(task),
            Action::CheckEnough(_) if self.run.is_stopping() => Vec::new(),
            Action::CheckEnough(task) => {
                match self.run.has_enough(self.tasks.awaited_completed(), self.tasks.awaited_result(task)) {
                    true => vec![Action::StopAll(StopReason::Enough)],
                    false => Vec::new(),
                }
            }
            Action::TellDependants(task) => self.work().tell_dependants(task),
            Action::DependencyFailed { task, dependency, waited } => {
                self.work().dependency_failed(task, dependency, waited)
            }
            Action::StopAll(reason) => {
                self.run.stop(reason.clone());
                self.tasks.indexes().map(|task| Action::StopTask(task, reason.clone())).collect()
            }
            Action::StopTask(task, reason) => self.work().stop_task(task, &reason),
            Action::FailPending(task, error) => self.work().fail_if_pending(task, error),
        }
    }

    /// Gives a session an input. None: the input changed nothing.
    fn step_session(&mut self, attempt: AttemptIndex, input: Input) -> Option<Actions> {
        match self.attempts.step(self.run.now(), attempt, input) {
            Step::Ignored => None,
            Step::Taken => Some(Vec::new()),
            Step::Wants(effect) => Some(self.effect(attempt, effect)),
        }
    }

    /// Does what a session wants.
    fn effect(&mut self, attempt: AttemptIndex, effect: Effect) -> Actions {
        let session = self.attempts[attempt].session().cloned();
        match (effect, session) {
            // Another call may start a session, for which it is too late; the doubt stays.
            (Effect::Spawn, _) if self.run.starts_are_over() => {
                let late = HostError::InDoubt("the time for starting sessions is over".to_owned());
                return vec![Action::Input(attempt, Input::Spawned(Err(late)))];
            }
            (Effect::Spawn, _) => {
                if let Some(options) = self.attempts[attempt].options.clone() {
                    self.requests.spawn(attempt, options);
                }
            }
            (Effect::Search, _) => return self.search(attempt),
            (Effect::Read { offset, tools }, Some(session)) => self.requests.read(attempt, session, offset, tools),
            (Effect::Cancel, Some(session)) => self.requests.cancel(attempt, session),
            // A session wants these only once it has a key.
            (Effect::Read { .. } | Effect::Cancel, None) => {}
            (Effect::Requeue(error), _) => {
                let (mut work, attempts) = self.work_and_attempts();
                return work.put_back(attempts, attempt, &error);
            }
            (Effect::End(ending), _) => return vec![Action::SessionOver(attempt, ending)],
        }
        Vec::new()
    }

    /// Gives back what a session held, books what it took, checks what it left, and takes it on to its task.
    fn session_over(&mut self, index: AttemptIndex, mut ending: Ending) -> Actions {
        let now = self.run.now();
        let (session, options) = self.attempts.close(index);
        let attempt = &mut self.attempts[index];
        let group = std::mem::take(&mut attempt.group);
        let cost = booking::book_end(&self.run.rules, self.scheduler.budget(), attempt, &ending, session.is_some());
        let over = Over {
            task: attempt.task,
            number: attempt.number,
            kind: attempt.kind,
            tier: attempt.tier,
            model: attempt.model.clone(),
            group,
            session,
            started_ms: attempt.started_ms,
            running_since: attempt.running_since,
        };
        if ending.leaked {
            // One without a key has at least a label by which a person can find it.
            let label = options.map(|options| SessionKey::new(format!("label:{}", options.label)));
            self.scheduler.leaked(&over.group, over.session.clone().or(label));
        } else {
            self.scheduler.over(&over.group);
        }
        if self.run.cleanup == Cleanup::Delete {
            over.session.clone().into_iter().for_each(|session| self.deletions.add(session));
        }

        let kept = check(&self.run.rules, self.run.kept_bytes(), &self.tasks[over.task], &over, &mut ending);
        let (error, retry_after_ms, leaked) = (kept.error.clone(), ending.retry_after_ms, ending.leaked);
        let failed = error.is_some() && ending.status == TaskStatus::Completed;
        let status = if failed { TaskStatus::Failed } else { ending.status };
        self.scheduler.learn(now, &over.group, error.as_ref(), over.started_ms, retry_after_ms);
        if error.is_none() && self.run.rules.hedge {
            self.hedges.enter(&over.group.0, now.saturating_sub(over.running_since.unwrap_or(over.started_ms)));
        }
        let tier = tier_that_ran(&self.run.rules, &over, ending.model.as_deref());
        let settled = Settled { task: over.task, kind: over.kind, tier, status, error, retry_after_ms, leaked };
        let run = &mut self.tasks[over.task].run;
        run.log(index, over.record(now, &ending, &settled, cost));
        if !matches!(over.kind, AttemptKind::Judge | AttemptKind::Correction) {
            run.tools = ending.tools.take();
        }
        self.work().session_settled(settled, kept, &over.group)
    }
}
