//! The specification's helpers: one task, or several, with retries or with a ladder of models.
//!
//! Each is a request for `run_tasks` in other words, so all of its checks and guarantees hold.

use serde_json::{Map, Value, json};

use super::schemas::schema_of;
use crate::catalogue::BUILT_IN;
use parallel_agents_engine::plan::{self, Plan};
use parallel_agents_engine::problem::CallError;

/// Retries of a helper's tasks when it names no number: the specification's.
const DEFAULT_RETRIES: u64 = 2;

/// The names of the helpers.
pub const NAMES: [&str; 3] = ["spawn_with_retry", "spawn_with_model_hierarchy", "spawn_parallel_with_retry"];

/// Whether a helper runs one task and gives back one result.
pub fn is_single(function: &str) -> bool {
    function != "spawn_parallel_with_retry"
}

/// Checks a helper's request and makes the plan of it.
pub fn plan(function: &str, mut document: Value) -> Result<Plan, CallError> {
    let problems = plan::check_document(&schema_of(function), &mut document);
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    let request = request(function, document);
    plan::plan(&schema_of("run_tasks"), BUILT_IN, request).map_err(|error| match error {
        // The caller gave one task and not a list.
        CallError::InvalidRequest(mut problems) if is_single(function) => {
            for problem in &mut problems {
                problem.path = problem.path.replacen("/tasks/0", "/task", 1);
            }
            CallError::InvalidRequest(problems)
        }
        other => other,
    })
}

fn request(function: &str, document: Value) -> Value {
    let Value::Object(mut fields) = document else { return Value::Object(Map::new()) };
    if let Some(task) = fields.shift_remove("task") {
        fields.insert("tasks".to_owned(), json!([task]));
    }
    let retries = fields.shift_remove("max_retries").and_then(|retries| retries.as_u64()).unwrap_or(DEFAULT_RETRIES);
    let tasks = fields.get("tasks").and_then(Value::as_array).map_or(0, Vec::len) as u64;
    fields.entry("retries").or_insert_with(|| json!(retries));
    // Whoever names the retries of a task wants them, also for a few tasks only.
    fields.entry("retry_budget").or_insert_with(|| json!((retries * tasks).min(1_000)));
    if function == "spawn_with_model_hierarchy" {
        fields.entry("escalate").or_insert(Value::Bool(true));
    }
    Value::Object(fields)
}
