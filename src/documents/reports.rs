//! Functions that read a report which a caller kept: a short form, a page of an output, a task's story.

use serde_json::{Value, json};

use super::schemas::schema_of;
use crate::json::strict::{self, Bounds};
use crate::plan;
use crate::problem::{CallError, Problem};
use crate::report::digest::{self, DEFAULT_CHARS};
use crate::report::{document, explain};
use crate::text;

/// The names of these functions.
pub const NAMES: [&str; 3] = ["result_digest", "result_page", "explain_task"];

/// Bytes of a request that carries a report: 200 answers of 64 KiB and what is known about them.
pub const MAX_BYTES: usize = 24 * 1024 * 1024;

/// As deep as outputs may be, and a few levels of the report's own.
pub const BOUNDS: Bounds = Bounds { depth: 80, values: 4_000_000 };

/// Reads a report and what is wanted of it.
pub fn read(function: &str, mut document: Value) -> Result<String, CallError> {
    let problems = plan::check_document(&schema_of(function), &mut document);
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    let report = report_of(&document)?;
    // In the component a size has 32 bits; a place behind all of them is behind every text as well.
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let number = |name: &str| document.get(name).and_then(Value::as_u64).map(size);
    let max_chars = number("max_chars").unwrap_or(DEFAULT_CHARS);
    let task = document.get("task_id").and_then(Value::as_str).unwrap_or_default();
    match function {
        "result_digest" => Ok(document::to_text(&digest::digest(report, max_chars))),
        "result_page" => digest::page(report, task, number("offset").unwrap_or(0), max_chars)
            .map(|page| document::to_text(&page))
            .ok_or_else(|| unknown(task)),
        _ => explain::explain(report, task)
            .map(|story| document::to_text(&json!({ "task_id": task, "story": story })))
            .ok_or_else(|| unknown(task)),
    }
}

/// The report itself, or that of the run in a workflow's result.
fn report_of(document: &Value) -> Result<&Value, CallError> {
    let report = document.get("report");
    let found = [report, report.and_then(|report| report.get("run"))].into_iter().flatten();
    found.into_iter().find(|report| report.get("results").is_some_and(Value::is_array)).ok_or_else(|| {
        let problem = Problem::new("E_REPORT", "/report", "report: has no list of results");
        CallError::invalid(vec![problem.hint("give the whole report that run_tasks returned")])
    })
}

fn unknown(task: &str) -> CallError {
    let message = format!("task_id: the report has no task {}", text::quoted(task));
    CallError::invalid(vec![Problem::new("E_TASK_UNKNOWN", "/task_id", message).got(task)])
}

/// One of these functions with a report that comes as a text of its own.
pub fn of_text(function: &str, report: &str, more: &Value) -> Result<Value, CallError> {
    let refuse = |message: String| CallError::invalid(vec![Problem::new("E_REPORT", "/report", message)]);
    if report.len() > MAX_BYTES {
        return Err(refuse(format!("report: got {} bytes, need at most {MAX_BYTES}", report.len())));
    }
    let report =
        strict::parse(report, BOUNDS).map_err(|error| refuse(format!("report: is not acceptable JSON: {error}")))?;
    let mut document = more.clone();
    if let Some(fields) = document.as_object_mut() {
        fields.insert("report".to_owned(), report);
    }
    let text = read(function, document)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
