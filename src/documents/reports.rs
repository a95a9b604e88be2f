//! Functions that read a report which a caller kept: a short form, a page of an output, a task's story.

use serde_json::{Value, json};

use super::spec::{DigestSpec, PageSpec};
use parallel_agents_engine::json::strict::Bounds;
use parallel_agents_engine::problem::{CallError, Problem, unknown_name};
use parallel_agents_engine::report::digest::{self, DEFAULT_CHARS, Detail};
use parallel_agents_engine::report::{document, explain, page, summary};
use parallel_agents_engine::task::OutputFormat;
use parallel_agents_engine::text;

/// Bytes of a request that carries a report: 1,000 answers of 64 KiB and what is known about them, or 10,000 without.
pub const MAX_BYTES: usize = 96 * 1024 * 1024;

/// As deep as outputs may be, and a few levels of the report's own.
pub const BOUNDS: Bounds = Bounds { depth: 80, values: 4_000_000 };

/// A result in fewer characters, for a program or for people.
pub(super) fn digest(wanted: &DigestSpec) -> Result<String, CallError> {
    let whole = &wanted.report;
    if !digest::is_task_result(whole) {
        report_of(whole)?;
    }
    let max_chars = wanted.max_chars.unwrap_or(DEFAULT_CHARS);
    if wanted.format == Some(OutputFormat::Markdown) {
        return Ok(document::to_text(&json!({ "text": summary::summary(whole, max_chars) })));
    }
    let detail = if wanted.detail == Some(true) { Detail::All } else { Detail::Answers };
    Ok(document::to_text(&digest::digest(whole, max_chars, detail)))
}

/// A part of one output.
pub(super) fn page(wanted: &PageSpec) -> Result<String, CallError> {
    let report = report_of(&wanted.report)?;
    // In the component a size has 32 bits; a place behind all of them is behind every text as well.
    let offset = usize::try_from(wanted.offset.unwrap_or(0)).unwrap_or(usize::MAX);
    page::page(report, &wanted.task_id, offset, wanted.max_chars.unwrap_or(DEFAULT_CHARS))
        .map(|page| document::to_text(&page))
        .ok_or_else(|| unknown(report, &wanted.task_id))
}

/// The story of one task.
pub(super) fn story(wanted: &PageSpec) -> Result<String, CallError> {
    let (report, task) = (report_of(&wanted.report)?, &wanted.task_id);
    let row = page::row(report, task).ok_or_else(|| unknown(report, task))?;
    match explain::lacking(row).as_slice() {
        [] => Ok(document::to_text(&json!({ "task_id": task, "story": explain::explain(row) }))),
        names => Err(no_report(format!("the result of {} has no {}", text::quoted(task), names.join(", no ")))),
    }
}

/// The report itself, or that of the run in a workflow's result.
fn report_of(report: &Value) -> Result<&Value, CallError> {
    let mut found = [Some(report), report.get("run")].into_iter().flatten();
    let found = found.find(|report| report.get("results").is_some_and(Value::is_array));
    found.ok_or_else(|| no_report("has no list of results".to_owned()))
}

/// Why something is no whole report.
fn no_report(what: String) -> CallError {
    let problem = Problem::new("E_REPORT", "/report", format!("report: {what}"));
    CallError::invalid(vec![problem.hint("give the whole report that run_tasks returned")])
}

fn unknown(report: &Value, task: &str) -> CallError {
    let rows = report.get("results").and_then(Value::as_array).into_iter().flatten();
    let names = rows.filter_map(|row| row.get("task_id").and_then(Value::as_str));
    CallError::invalid(vec![unknown_name(
        "E_TASK_UNKNOWN",
        "/task_id",
        "task_id",
        task,
        names,
        "the results of the report have all names",
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one problem of a story that cannot be told.
    fn problem(report: &str, task: &str) -> Problem {
        let report: Value = serde_json::from_str(report).expect("JSON");
        match story(&PageSpec { report, task_id: task.to_owned(), offset: None, max_chars: None }) {
            Err(CallError::InvalidRequest(mut problems)) => problems.remove(0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
        let unknown = problem(r#"{"results": [{"task_id": "draft-01-3"}, {"task_id": "x"}]}"#, "Draft-01-3");
        assert_eq!((unknown.code.as_str(), unknown.got.as_deref()), ("E_TASK_UNKNOWN", Some("Draft-01-3")));
        let hint = unknown.hint.unwrap_or_default();
        assert!(hint.starts_with("did you mean draft-01-3?"), "{hint}");
    }

    #[test]
    fn a_result_that_lacks_something_is_refused_with_what_it_lacks() {
        let lacking = problem(r#"{"results": [{"task_id": "a", "status": "failed"}]}"#, "a");
        assert_eq!(lacking.code, "E_REPORT");
        assert_eq!(lacking.message, r#"report: the result of "a" has no agent_type, no metadata"#);
    }
}
