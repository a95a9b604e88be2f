//! What a session that is over means for its task: completed, failed, or another session.

use super::action::Action;
use super::task_run::Kept;
use super::work::{Actions, Work};
use crate::ids::{SessionKey, TaskIndex};
use crate::policy::followup::{self, Followup};
use crate::schedule::Group;
use crate::session::{Ending, Input, StopReason};
use crate::task::{AttemptKind, AttemptRecord, Decided, ErrorCode, TaskError, TaskStatus, Tier};

/// A session that is over, as it was asked for.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) task: TaskIndex,
    pub(super) number: u32,
    pub(super) kind: AttemptKind,
    pub(super) tier: Option<Tier>,
    pub(super) model: Option<String>,
    pub(super) group: Group,
    pub(super) session: Option<SessionKey>,
    pub(super) started_ms: u64,
    pub(super) running_since: Option<u64>,
}

/// A session that is over, as far as its task is concerned.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) task: TaskIndex,
    pub(super) kind: AttemptKind,
    /// The tier of the model that ran.
    pub(super) tier: Option<Tier>,
    pub(super) status: TaskStatus,
    pub(super) error: Option<TaskError>,
    pub(super) retry_after_ms: Option<u64>,
    pub(super) leaked: bool,
}

impl Over {
    /// The record of the session, for the result of its task.
    pub(super) fn record(&self, now: u64, ending: &Ending, settled: &Settled, cost: Option<u64>) -> AttemptRecord {
        AttemptRecord {
            number: self.number,
            kind: self.kind,
            tier: self.tier,
            model_requested: self.model.clone(),
            model_applied: ending.model.clone(),
            status: settled.status,
            error: settled.error.clone(),
            usage: ending.usage,
            cost_micro_usd: cost,
            started_ms: self.started_ms,
            ended_ms: now,
            session_key: self.session.clone(),
        }
    }
}

impl Work<'_> {
    /// Takes a session that is over on to what it means.
    pub(super) fn session_settled(&mut self, settled: Settled, kept: Kept, group: &Group) -> Actions {
        let (task, started) = (settled.task, kept.started_ms);
        if self.tasks[task].run.decided.is_some() {
            // The twin of one that answered.
            self.scheduler.no_evidence(group, started);
            return self.end_if_alone(task);
        }
        let code = settled.error.as_ref().map(|error| error.code);
        if code == Some(ErrorCode::HedgeLost) {
            self.scheduler.no_evidence(group, started);
            return Vec::new();
        }
        if settled.kind == AttemptKind::Judge {
            self.scheduler.no_evidence(group, started);
            return self.reviewed(settled, &kept);
        }
        self.tasks[task].run.keep(kept);
        let judged_next = settled.error.is_none() && self.run.rules.judge.is_some();
        match &settled.error {
            // What it is worth, its judge will say.
            None if judged_next => self.scheduler.no_evidence(group, started),
            Some(error) if is_ours(error.code) => self.scheduler.no_evidence(group, started),
            error => self.tell_breaker(task, group, started, error.as_ref()),
        }
        match settled.error {
            None => self.passed(task),
            Some(_) => self.failed(settled),
        }
    }

    /// Enters how a session did; a circuit that opens with it is noted with its task.
    pub(super) fn tell_breaker(&mut self, task: TaskIndex, group: &Group, started: u64, error: Option<&TaskError>) {
        let now = self.run.now();
        let repeatable = self.tasks[task].planned.is_repeatable();
        if self.scheduler.evidence(now, group, started, error, repeatable) {
            self.tasks[task].run.decide(now, Decided::CircuitOpened(group.0.clone()));
        }
    }

    /// The answer passed its checks.
    fn passed(&mut self, task: TaskIndex) -> Actions {
        let twins = self.tasks[task].run.live.clone();
        let mut actions = if self.run.rules.judge.is_some() && !self.run.is_stopping() {
            self.ask_for_review(task, 0);
            Vec::new()
        } else {
            self.end_task(task, TaskStatus::Completed, None)
        };
        actions.extend(twins.into_iter().map(|twin| Action::Input(twin, Input::Stop(StopReason::HedgeLost))));
        actions
    }

    /// The answer did not pass, or there is none.
    pub(super) fn failed(&mut self, settled: Settled) -> Actions {
        let run = &mut self.tasks[settled.task].run;
        if !run.live.is_empty() {
            // Its twin may still answer.
            run.failed_twin = Some(Box::new(settled));
            return Vec::new();
        }
        let Settled { task, kind, tier, status, error, retry_after_ms, leaked } = settled;
        let Some(error) = error else { return Vec::new() };
        let run = &self.tasks[task].run;
        let stopping = leaked || run.stopped || self.run.is_stopping();
        let standing = self.standing(task, kind, tier);
        let followup = if stopping { Followup::Fail } else { followup::after(error.code, &standing) };
        let pause = self.pause_before(task, followup, retry_after_ms);
        if followup == Followup::Fail || self.run.now().saturating_add(pause) >= self.run.clock.deadline() {
            return self.end_task(task, status, Some(error));
        }
        self.follow_up(task, tier, followup, pause, &error);
        Vec::new()
    }
}

/// Ends that this side brought about, which say nothing about agent or model.
fn is_ours(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Cancelled
            | ErrorCode::Deadline
            | ErrorCode::NotNeeded
            | ErrorCode::FailFast
            | ErrorCode::StoppedByHost
            | ErrorCode::Interrupted
    )
}
