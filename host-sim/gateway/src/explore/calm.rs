//! Calm runs: those in which the result of a task depends on the task alone, and not on what else comes first.
//!
//! Only of these all results can be compared after a cut. What makes others depend on their order: faults, stops, waiting for
//! a part of the tasks, budgets, limits on retries or sessions that tasks share, and the tiers that a run learns.

use serde_json::{Value, json};

use super::case::Case;
use crate::script::{FaultProfile, HostProfile};

/// Of a hundred runs of tasks, how many are made calm.
pub(super) const CALM: u64 = 15;

/// Rules under which one task's end changes another task's result.
const SHARED: [&str; 6] = ["wait", "budget", "canary", "hedge", "start_timeout_seconds", "models"];

/// Retries in all that are more than any run of this size takes.
const RETRY_BUDGET: u64 = 1_000;

/// Seconds that are more than any run of this size takes.
const DEADLINE: u64 = 80_000;

/// Makes a request of tasks calm.
pub(super) fn calm_down(request: &mut Value) {
    let Some(fields) = request.as_object_mut() else { return };
    for rule in SHARED.iter().chain(&["escalate", "prices"]) {
        fields.remove(*rule);
    }
    fields.insert("breaker".to_owned(), false.into());
    fields.insert("retry_budget".to_owned(), RETRY_BUDGET.into());
    fields.insert("deadline_seconds".to_owned(), DEADLINE.into());
    fail_slowly(request);
    for task in request["tasks"].as_array_mut().into_iter().flatten() {
        fail_slowly(task);
    }
}

/// A failed task ends no other one that does not depend on it.
fn fail_slowly(part: &mut Value) {
    if part["on_dependency_failure"] == "fail_fast" {
        part["on_dependency_failure"] = "skip".into();
    }
}

/// Whether a run is calm.
pub(super) fn is_calm(case: &Case) -> bool {
    let request = &case.request;
    let is_fast = |part: &Value| part["on_dependency_failure"] == "fail_fast";
    let tasks = request["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let host = case.script.host();
    case.function == "run_tasks"
        && case.stops.is_empty()
        && *case.script.faults() == FaultProfile::default()
        && (host.queue, host.max_total) == (true, HostProfile::default().max_total)
        && SHARED.iter().all(|rule| request[*rule].is_null())
        && request["escalate"] != true
        && request["breaker"] == false
        && request["retry_budget"] == json!(RETRY_BUDGET)
        && request["deadline_seconds"] == json!(DEADLINE)
        && !std::iter::once(request).chain(tasks).any(is_fast)
}
