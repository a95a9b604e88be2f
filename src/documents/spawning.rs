//! The specification's helpers: one task, or several, with retries or with a ladder of models.
//!
//! Each is a request for `run_tasks` in other words, so all of its checks and guarantees hold.

use serde_json::{Map, Value, json};

use super::functions::Function;
use crate::catalogue::BUILT_IN;
use parallel_agents_engine::plan::{self, Plan};
use parallel_agents_engine::problem::CallError;

/// Retries of a helper's tasks when it names no number: the specification's.
const DEFAULT_RETRIES: u64 = 2;

/// How a helper differs from `run_tasks`.
#[derive(Clone, Copy)]
pub(super) struct Helper {
    /// It runs one task and gives back one result.
    pub(super) is_single: bool,
    /// An answer that is not good enough is asked of a better model.
    pub(super) escalates: bool,
}

/// Checks a helper's request and makes the plan of it.
pub(super) fn plan(function: Function, helper: Helper, mut document: Value) -> Result<Plan, CallError> {
    let problems = plan::check_document(function.schema(), &mut document);
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    let request = request(helper, document);
    let planned = plan::plan(Function::RunTasks.schema(), BUILT_IN, request);
    if helper.is_single { planned.map_err(of_one_task) } else { planned }
}

/// The problems of a run of one task, for a caller that gave the task and not a list.
pub(super) fn of_one_task(mut error: CallError) -> CallError {
    if let CallError::InvalidRequest(problems) = &mut error {
        for problem in problems {
            problem.path = problem.path.replacen("/tasks/0", "/task", 1);
        }
    }
    error
}

fn request(helper: Helper, document: Value) -> Value {
    let Value::Object(mut fields) = document else { return Value::Object(Map::new()) };
    if let Some(task) = fields.shift_remove("task") {
        fields.insert("tasks".to_owned(), json!([task]));
    }
    let retries = fields.shift_remove("max_retries").and_then(|retries| retries.as_u64()).unwrap_or(DEFAULT_RETRIES);
    let tasks = fields.get("tasks").and_then(Value::as_array).map_or(0, Vec::len) as u64;
    fields.entry("retries").or_insert_with(|| json!(retries));
    // Whoever names the retries of a task wants them, also for a few tasks only.
    fields.entry("retry_budget").or_insert_with(|| json!((retries * tasks).min(10_000)));
    if helper.escalates {
        fields.entry("escalate").or_insert(Value::Bool(true));
    }
    Value::Object(fields)
}
