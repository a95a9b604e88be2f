//! What came out of a workflow, as the JSON document that people and models read.

use serde_json::{Value, json};

use super::improve::{Draft, Improve, Reason};
use super::orchestrate::{self, Orchestrate};
use super::registry::{self, Entry, Promotion};
use crate::report::document;
use crate::task::RunReport;

/// The drafts in their best versions, why each ended, and the run with every session's result.
pub fn refinement(improve: &Improve, run: &RunReport) -> String {
    let drafts: Vec<Value> = improve.drafts().iter().map(draft).collect();
    document::to_text(&json!({ "status": status(improve), "drafts": drafts, "run": document::report_value(run) }))
}

/// The agents that were made, the registry with those that passed, and the run.
pub fn creation(improve: &Improve, mut registry: Vec<Entry>, run: &RunReport) -> String {
    let created: Vec<Value> = improve
        .drafts()
        .iter()
        .map(|made| {
            let mut shown = draft(made);
            let passed = made.best.as_ref().filter(|_| made.reason == Some(Reason::TargetReached));
            let promotion = match passed {
                None => "not_good_enough",
                Some(best) => match registry::promote(&mut registry, &made.wanted.name, &best.draft, best.score) {
                    Promotion::Promoted => "promoted",
                    Promotion::Unchanged => "unchanged",
                    Promotion::KeptBetter => "kept_better",
                },
            };
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("promotion".to_owned(), Value::from(promotion));
            }
            shown
        })
        .collect();
    document::to_text(&json!({
        "status": status(improve),
        "created": created,
        "registry": registry,
        "run": document::report_value(run),
    }))
}

/// What the goal came to, the plan, and the run with every session's result.
pub fn orchestration(done: &Orchestrate, run: &RunReport) -> String {
    let reason = done.reason();
    let field = |name: &str| done.compiled.as_ref().and_then(|compiled| compiled.get(name)).cloned();
    let complete = field("status") == Some(Value::from("complete")) && done.unsupported.is_empty();
    let status = match reason {
        orchestrate::Reason::Compiled if done.whole && complete => "completed",
        orchestrate::Reason::PlanRefused => "failed",
        _ => "partial",
    };
    document::to_text(&json!({
        "status": status,
        "reason": reason.name(),
        "report": field("report"),
        "claims": field("claims").unwrap_or_else(|| json!([])),
        "unsupported_claims": done.unsupported,
        "gaps": field("gaps").unwrap_or_else(|| json!([])),
        "problems": done.problems,
        "plan": done.plan,
        "run": document::report_value(run),
    }))
}

/// `completed` only if every draft reached its target.
fn status(improve: &Improve) -> &'static str {
    let reached = improve.drafts().iter().filter(|draft| draft.reason == Some(Reason::TargetReached)).count();
    match reached {
        _ if reached == improve.drafts().len() => "completed",
        0 => "failed",
        _ => "partial",
    }
}

fn draft(draft: &Draft) -> Value {
    let best = draft.best.as_ref();
    json!({
        "name": draft.wanted.name,
        "kind": draft.wanted.kind,
        // A draft without a reason was cut off by the end of its run.
        "reason": draft.reason.unwrap_or(Reason::Stopped).name(),
        "score": best.map(|best| best.score.value()),
        "best_round": best.map(|best| best.round),
        "rounds": draft.history.len(),
        "history": draft.history,
        "draft": best.map(|best| best.draft.clone()),
        "issues": best.map(|best| best.issues.clone()).unwrap_or_default(),
    })
}
