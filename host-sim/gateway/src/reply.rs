//! Replies of the component, as documents.

use std::borrow::Cow;

use parallel_agents_engine::task::{RunStatus, TaskStatus};
use serde::Deserialize;
use serde_json::{Value, json};

/// The report of a call's run, whichever function it was: the reply itself, the part of a workflow's reply, or that of a run
/// of one task, of which the reply is only the result. Of a call that ran nothing it is the reply, which has no results.
pub fn run_of(reply: &Value) -> Cow<'_, Value> {
    match &reply["run"] {
        run if run.is_object() => Cow::Borrowed(run),
        _ => run_of_one(reply).map_or(Cow::Borrowed(reply), Cow::Owned),
    }
}

/// How a call ended, as a whole: a workflow can fail although each of its tasks is completed. None: it says nothing of that.
pub fn status_of(reply: &Value) -> Option<RunStatus> {
    let told = RunStatus::deserialize(&reply["status"]).ok();
    told.or_else(|| RunStatus::deserialize(&run_of(reply)["status"]).ok())
}

/// The report around the result of a single task.
fn run_of_one(result: &Value) -> Option<Value> {
    if !result["task_id"].is_string() || !result["metadata"].is_object() {
        return None;
    }
    let status = TaskStatus::deserialize(&result["status"]).ok()?;
    let about = &result["metadata"];
    let attempts = about["attempt_log"].as_array();
    let elapsed = result["execution_time"].as_f64().unwrap_or_default()
        + about["queued_ms"].as_f64().unwrap_or_default() / 1_000.0;
    let mut census = json!({ "tasks": 1, "completed": 0, "failed": 0, "timeout": 0, "cancelled": 0, "skipped": 0 });
    census[status.name()] = 1.into();
    Some(json!({
        "status": match status {
            TaskStatus::Completed => RunStatus::Completed,
            TaskStatus::Cancelled => RunStatus::Cancelled,
            _ => RunStatus::Failed,
        },
        "results": [result],
        "census": census,
        "elapsed_seconds": elapsed,
        "peak_in_flight": u32::from(attempts.is_some_and(|attempts| !attempts.is_empty())),
        "usage": about["usage"],
        "usage_complete": !about["usage"].is_null(),
        "cost": {
            "micro_usd": about["cost_micro_usd"],
            "complete": !about["cost_micro_usd"].is_null(),
            "all_premium_micro_usd": null,
            "saved_micro_usd": null,
        },
        "leaked": [],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_alone_and_in_a_workflow() {
        let run = json!({ "results": [], "status": "completed" });
        assert_eq!(*run_of(&run), run);
        let failed = json!({ "status": "failed", "run": run });
        assert_eq!((&*run_of(&failed), status_of(&failed)), (&run, Some(RunStatus::Failed)));
        let without = json!({ "status": "failed", "run": null });
        assert_eq!((&*run_of(&without), status_of(&without)), (&without, Some(RunStatus::Failed)));
        assert_eq!(status_of(&json!([])), None);
    }

    #[test]
    fn the_result_of_one_task_is_a_run_of_one() {
        let result = json!({ "task_id": "a", "status": "timeout", "execution_time": 2.5,
            "metadata": { "queued_ms": 500, "usage": null, "cost_micro_usd": 7, "attempt_log": [{}] } });
        let run = run_of(&result);
        assert_eq!((&run["results"], &run["elapsed_seconds"]), (&json!([result]), &json!(3.0)));
        assert_eq!((&run["census"]["timeout"], &run["peak_in_flight"]), (&json!(1), &json!(1)));
        assert_eq!((&run["usage_complete"], &run["cost"]["complete"]), (&json!(false), &json!(true)));
        assert_eq!(status_of(&result), Some(RunStatus::Failed));
    }
}
