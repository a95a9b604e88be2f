//! What came out of a workflow, as the JSON document that people and models read.

use serde_json::{Value, json};

use super::create::{Create, add_not_run};
use super::improve::{Draft, Improve, Reason};
use super::orchestrate::{self, Orchestrate};
use super::registry::Promotion;
use crate::report::document;
use crate::task::RunReport;

/// The drafts in their best versions, why each ended, and the run with every session's result.
pub fn refinement(improve: &Improve, run: &RunReport) -> String {
    let drafts: Vec<Value> = improve.drafts().iter().map(draft).collect();
    document::to_text(&json!({ "status": status(improve), "drafts": drafts, "run": document::report_value(run) }))
}

/// The agents that were made, the registry with those that passed, and the run with the caller's tasks at its end.
pub fn creation(create: &mut Create, run: RunReport) -> String {
    let run = create.complete(run);
    let (used, tasks) = create.used(&run);
    let made = create.made();
    let (promotions, registry) = (made.promotions.clone(), made.registry.clone());
    let improve = create.improve();
    let status = match status(improve) {
        "completed" if used == tasks => "completed",
        "failed" if used == 0 => "failed",
        _ => "partial",
    };
    document::to_text(&json!({
        "status": status,
        "created": created(improve, &promotions),
        "registry": registry,
        "run": document::report_value(&run),
    }))
}

/// The drafts of agents, and what became of each.
fn created(improve: &Improve, promotions: &[Option<Promotion>]) -> Vec<Value> {
    let shown = improve.drafts().iter().zip(promotions).map(|(made, promotion)| {
        let mut shown = draft(made);
        if let Some(fields) = shown.as_object_mut() {
            let promotion = promotion.map_or("not_good_enough", Promotion::name);
            fields.insert("promotion".to_owned(), Value::from(promotion));
        }
        shown
    });
    shown.collect()
}

/// What the goal came to, the plans, what was made and refined, and the run with every session's result.
pub fn orchestration(done: &mut Orchestrate, run: RunReport) -> String {
    let run = add_not_run(run, done.not_run());
    let made = done.made();
    let (promotions, registry) = (made.promotions.clone(), made.registry.clone());
    let reason = done.reason();
    let compiled = |name: &str| done.compiled.as_ref().and_then(|compiled| compiled.get(name)).cloned();
    let complete = compiled("status") == Some(Value::from("complete")) && done.unsupported.is_empty();
    let status = match reason {
        orchestrate::Reason::Compiled if done.is_whole() && complete => "completed",
        orchestrate::Reason::PlanRefused => "failed",
        _ => "partial",
    };
    let refined = done.refined().into_iter().map(|(task, refined)| {
        let mut shown = draft(refined);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("name".to_owned(), Value::from(task));
        }
        shown
    });
    document::to_text(&json!({
        "status": status,
        "reason": reason.name(),
        "report": compiled("report"),
        "claims": compiled("claims").unwrap_or_else(|| json!([])),
        "unsupported_claims": done.unsupported,
        "gaps": compiled("gaps").unwrap_or_else(|| json!([])),
        "problems": done.problems,
        "plan": done.plan,
        "replacements": done.replacements,
        "created": done.making().map(|making| created(making, &promotions)).unwrap_or_default(),
        "registry": registry,
        "refined": refined.collect::<Vec<_>>(),
        "run": document::report_value(&run),
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
