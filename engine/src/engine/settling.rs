//! What a session that is over means for its task: done, not done, or another session.

use super::Engine;
use super::tasks::Kept;
use crate::answer::{self, Expected};
use crate::canary;
use crate::ids::{AttemptIndex, SessionKey, TaskIndex};
use crate::json::output_schema::OutputSchema;
use crate::plan::PlannedTask;
use crate::policy::followup::{self, Followup};
use crate::policy::{attest, outcome, proof};
use crate::session::{Ending, Input, StopReason};
use crate::task::{AttemptKind, AttemptRecord, Cleanup, TaskError, TaskStatus, Tier};

/// A session that is over, as far as its task is concerned.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) task: TaskIndex,
    pub(super) kind: AttemptKind,
    pub(super) tier: Option<Tier>,
    pub(super) status: TaskStatus,
    pub(super) error: Option<TaskError>,
    pub(super) retry_after_ms: Option<u64>,
    pub(super) leaked: bool,
}

impl Engine {
    /// A session is over.
    pub(super) fn settle(&mut self, index: AttemptIndex, mut ending: Ending) {
        let Some(attempt) = self.attempts.get_mut(index.0) else { return };
        let session = attempt.machine.take().and_then(|machine| machine.session().cloned());
        let options = attempt.options.take();
        let (task, kind, model) = (attempt.task, attempt.kind, attempt.model.clone());
        // Nobody asks for it any more.
        let group = std::mem::take(&mut attempt.group);
        let (started_ms, running_since) = (attempt.started_ms, attempt.running_since);
        self.live.remove(&index);
        self.reset_alarm(index);
        if ending.leaked {
            self.slots.lose();
            // One whose key never came has at least a label by which a person can find it.
            let label = options.map(|options| SessionKey::new(format!("label:{}", options.label)));
            self.leaked.extend(session.clone().or(label).filter(|_| !canary::is("leaked-session-not-named")));
        } else {
            self.slots.give_back();
            if canary::is("double-settle") {
                self.slots.give_back();
            }
        }
        self.admission.over(&group.1);
        let cost = self.settle_money(index, &ending, session.as_ref());
        if let (Some(session), Cleanup::Delete) = (&session, self.plan.cleanup)
            && !canary::is("cleanup-forgotten")
        {
            self.cleaning.add(session.clone());
        }

        let kept = self.check(index, &mut ending, session.clone());
        let error = kept.error.clone();
        let status =
            if error.is_some() && ending.status == TaskStatus::Completed { TaskStatus::Failed } else { ending.status };
        match error.as_ref().map(|error| error.code.as_str()) {
            None => {
                self.admission.went_well(&group.1);
                let took = self.now.saturating_sub(running_since.unwrap_or(started_ms));
                self.durations.entry(group.0.clone()).or_default().enter(took);
            }
            // A server that is not ready for one session is ready for none: one of them finds out.
            Some("E_RATE_LIMITED" | "E_MODEL_NOT_READY") => {
                self.admission.rate_limited(&group.1, started_ms, self.now, ending.retry_after_ms);
            }
            Some("E_GATEWAY_UNAVAILABLE" | "E_SPAWN_IN_DOUBT" | "E_HOST_BUSY") => self.admission.pressed(),
            Some(_) => {}
        }
        let Some(attempt) = self.attempts.get(index.0) else { return };
        let record = AttemptRecord {
            number: attempt.number,
            kind,
            tier: attempt.tier,
            model_requested: model.clone(),
            model_applied: ending.model.clone(),
            status,
            error: error.clone(),
            usage: ending.usage,
            cost_micro_usd: cost,
            started_ms,
            ended_ms: self.now,
            session_key: session,
        };
        let tier = self.tier_that_ran(attempt.tier, model.as_deref(), ending.model.as_deref());
        let (retry_after_ms, leaked) = (ending.retry_after_ms, ending.leaked);
        let settled = Settled { task, kind, tier, status, error, retry_after_ms, leaked };
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.log(index, record);
            if !matches!(kind, AttemptKind::Judge | AttemptKind::Correction) {
                run.tools = ending.tools.take();
            }
        }
        self.follow(settled, kept, &group);
    }

    /// Takes a settled session on to what it means.
    fn follow(&mut self, settled: Settled, kept: Kept, group: &crate::schedule::Group) {
        let task = settled.task;
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        if run.decided.is_some() {
            // The twin of one that answered.
            self.breaker.withdrawn(group);
            self.finish_if_alone(task);
            return;
        }
        let code = settled.error.as_ref().map(|error| error.code.as_str());
        if code == Some("E_HEDGE_LOST") {
            self.breaker.withdrawn(group);
            return;
        }
        if settled.kind == AttemptKind::Judge {
            self.breaker.withdrawn(group);
            self.reviewed(settled, &kept);
            return;
        }
        run.keep(kept);
        let judged_next = settled.error.is_none() && self.plan.rules.judge.is_some();
        match &settled.error {
            // What it is worth will be told by its judge.
            None if judged_next => self.breaker.withdrawn(group),
            Some(error) if is_ours(&error.code) => self.breaker.withdrawn(group),
            error => self.tell_breaker(task, group, error.as_ref()),
        }
        match settled.error {
            None => self.passed(task),
            Some(_) => self.failed(settled),
        }
    }

    /// Enters how a session did; what that opens is noted with its task.
    pub(super) fn tell_breaker(&mut self, task: TaskIndex, group: &crate::schedule::Group, error: Option<&TaskError>) {
        let repeatable = self.plan.tasks.get(task.0).is_some_and(PlannedTask::is_repeatable);
        if self.breaker.ended(group, self.now, error, repeatable) {
            let now = self.now;
            if let Some(run) = self.tasks.get_mut(task.0) {
                run.decide(now, format!("the circuit of {} opened with this session", group.0));
            }
        }
    }

    /// Checks the answer, the model and the proof.
    fn check(&self, index: AttemptIndex, ending: &mut Ending, session: Option<SessionKey>) -> Kept {
        let mut kept = Kept::of(ending.answer.as_ref());
        let Some(attempt) = self.attempts.get(index.0) else { return kept };
        let judges = attempt.kind == AttemptKind::Judge;
        let judging = judges.then(|| self.judge_task(attempt.task)).flatten();
        let Some(planned) = judging.as_ref().or(self.plan.tasks.get(attempt.task.0)) else { return kept };
        let judged = ending.answer.as_ref().map(|raw| match ending.status {
            TaskStatus::Completed => answer::judge(raw, &self.expected(planned)),
            _ => answer::keep_only(raw),
        });
        kept.error = ending.error.take();
        if let Some(judged) = judged {
            kept.truncated = judged.truncated;
            kept.unwrapped = judged.unwrapped;
            kept.repaired = judged.repaired;
            kept.doubtful = judged.doubtful;
            kept.output = judged.output;
            kept.error = kept.error.or(judged.error);
        }
        if kept.error.is_none() {
            kept.error = self.not_attested(attempt.model.as_deref(), ending.model.as_deref());
        }
        // A correction changes the form of work that an earlier session did; that one's tools are the proof.
        let tools = match attempt.kind {
            AttemptKind::Correction => self.tasks.get(attempt.task.0).and_then(|run| run.tools.as_ref()),
            _ => ending.tools.as_ref(),
        };
        if kept.error.is_none() && !judges {
            let missing = proof::missing(&planned.handling.proof, kept.output.as_ref(), tools);
            kept.error = missing.map(|why| outcome::error("E_PROOF_MISSING", why, true));
        }
        kept.session = session;
        kept.kind = Some(attempt.kind);
        kept.tier = self.tier_that_ran(attempt.tier, attempt.model.as_deref(), ending.model.as_deref());
        kept.model_requested.clone_from(&attempt.model);
        kept.model_applied.clone_from(&ending.model);
        kept
    }

    /// What the answer of a task has to be.
    fn expected<'a>(&self, planned: &'a PlannedTask) -> Expected<'a> {
        Expected {
            format: planned.output_format,
            schema: planned.output_schema.as_ref().map(OutputSchema::value),
            alone: planned.handling.answers_alone,
            accept_truncated: planned.handling.accept_truncated,
            accept_error_text: self.plan.rules.accept_error_text,
        }
    }

    fn not_attested(&self, requested: Option<&str>, applied: Option<&str>) -> Option<TaskError> {
        let wrong = self.plan.rules.strict_model && attest::differ(requested, applied);
        wrong.then(|| outcome::model_mismatch(requested.unwrap_or_default(), applied.unwrap_or_default()))
    }

    /// The tier that counts: that of the model that really ran. None: that model is of no tier.
    fn tier_that_ran(&self, asked: Option<Tier>, requested: Option<&str>, applied: Option<&str>) -> Option<Tier> {
        if !attest::differ(requested, applied) {
            return asked;
        }
        let ladder = self.plan.rules.ladder.as_ref()?;
        applied.and_then(|model| ladder.tier_of(model))
    }

    /// The answer passed its checks.
    fn passed(&mut self, task: TaskIndex) {
        let live = self.tasks.get(task.0).map(|run| run.live.clone()).unwrap_or_default();
        if self.plan.rules.judge.is_some() && self.stop.is_none() {
            self.ask_for_review(task, 0);
        } else {
            self.decide_end(task, TaskStatus::Completed, None);
        }
        for twin in live.into_iter().filter(|_| !canary::is("hedge-loser-not-cancelled")) {
            self.drive(twin, Input::Stop(StopReason::HedgeLost));
        }
    }

    /// The answer did not pass, or there is none.
    pub(super) fn failed(&mut self, settled: Settled) {
        let Settled { task, kind, tier, status, error, retry_after_ms, leaked } = settled;
        let Some(error) = error else { return };
        let Some(run) = self.tasks.get(task.0) else { return };
        if !run.live.is_empty() {
            // Its twin may still answer.
            return;
        }
        let stopping = leaked || run.stopped || self.stop.is_some();
        let standing = self.standing(task, kind, tier);
        let followup = if stopping { Followup::Fail } else { followup::after(&error.code, &standing) };
        let pause = self.pause_before(task, followup, retry_after_ms);
        if followup == Followup::Fail || self.now.saturating_add(pause) >= self.deadline_ms() {
            self.decide_end(task, status, Some(error));
            return;
        }
        self.go_on(task, tier, followup, pause, &error);
    }
}

/// Ends that this side brought about, which say nothing about agent or model.
fn is_ours(code: &str) -> bool {
    matches!(
        code,
        "E_CANCELLED" | "E_DEADLINE" | "E_NOT_NEEDED" | "E_FAIL_FAST" | "E_STOPPED_BY_HOST" | "E_INTERRUPTED"
    )
}
