//! Whether what a session left counts: its answer, its model and its proof.

use super::judge::judge_task;
use super::session_end::Over;
use super::task_run::Kept;
use super::tasks::Task;
use crate::answer::{self, Expected};
use crate::json::output_schema::OutputSchema;
use crate::plan::{PlannedTask, Rules};
use crate::policy::{model_check, outcome, proof};
use crate::session::Ending;
use crate::task::{AttemptKind, ErrorCode, TaskError, TaskStatus, Tier};

/// Checks the answer, then the model, then the proof; the first that does not count is the error.
pub(super) fn check(rules: &Rules, most_bytes: usize, task: &Task, over: &Over, ending: &mut Ending) -> Kept {
    let mut kept = Kept::of(ending.answer.as_ref());
    let judges = over.kind == AttemptKind::Judge;
    let judging = judges.then(|| judge_task(rules, task)).flatten();
    let planned = judging.as_ref().unwrap_or(&task.planned);
    let judged = ending.answer.as_ref().map(|raw| match ending.status {
        TaskStatus::Completed => answer::judge(raw, &Expected { most_bytes, ..expected(rules, planned) }),
        _ => answer::keep_only(raw, most_bytes),
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
        kept.error = wrong_model(rules, over.model.as_deref(), ending.model.as_deref());
    }
    // A correction changes the form of work that an earlier session did; that one's tools are the proof.
    let tools = match over.kind {
        AttemptKind::Correction => task.run.tools.as_ref(),
        _ => ending.tools.as_ref(),
    };
    if kept.error.is_none() && !judges {
        let missing = proof::missing(&planned.handling.proof, kept.output.as_ref(), tools);
        kept.error = missing.map(|why| TaskError::new(ErrorCode::ProofMissing, why));
    }
    kept.session.clone_from(&over.session);
    kept.kind = Some(over.kind);
    kept.started_ms = over.started_ms;
    kept.tier = tier_that_ran(rules, over, ending.model.as_deref());
    kept.model_requested.clone_from(&over.model);
    kept.model_applied.clone_from(&ending.model);
    kept
}

/// The tier that counts: that of the model that really ran. None: that model is of no tier.
pub(super) fn tier_that_ran(rules: &Rules, over: &Over, applied: Option<&str>) -> Option<Tier> {
    if !model_check::differ(over.model.as_deref(), applied) {
        return over.tier;
    }
    let ladder = rules.ladder.as_ref()?;
    applied.and_then(|model| ladder.tier_of(model))
}

/// What the answer of a task has to be.
fn expected<'a>(rules: &Rules, planned: &'a PlannedTask) -> Expected<'a> {
    Expected {
        schema: planned.output_schema.as_ref().map(OutputSchema::value),
        alone: planned.handling.answers_alone,
        max_chars: planned.handling.max_output_chars,
        accept_truncated: planned.handling.accept_truncated,
        accept_error_text: rules.accept_error_text,
        ..Expected::of(planned.output_format)
    }
}

fn wrong_model(rules: &Rules, requested: Option<&str>, applied: Option<&str>) -> Option<TaskError> {
    let wrong = rules.strict_model && model_check::differ(requested, applied);
    wrong.then(|| outcome::model_mismatch(requested.unwrap_or_default(), applied.unwrap_or_default()))
}
