//! Functions that read a report which a caller kept: a short form, a page of an output, a task's story.

use serde_json::{Value, json};

use parallel_agents_engine::json::strict::Bounds;
use parallel_agents_engine::problem::{CallError, Problem, unknown_name};
use parallel_agents_engine::report::digest::{self, DEFAULT_CHARS, Detail};
use parallel_agents_engine::report::{document, explain, page, summary};
use parallel_agents_engine::text;

/// What is wanted of a report.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// All of it in fewer characters.
    Digest,
    /// A part of one output.
    Page,
    /// The story of one task.
    Story,
}

/// Bytes of a request that carries a report: 1,000 answers of 64 KiB and what is known about them, or 10,000 without.
pub const MAX_BYTES: usize = 96 * 1024 * 1024;

/// As deep as outputs may be, and a few levels of the report's own.
pub const BOUNDS: Bounds = Bounds { depth: 80, values: 4_000_000 };

/// Reads a report and what is wanted of it.
pub(super) fn read(wanted: Wanted, document: &Value) -> Result<String, CallError> {
    // In the component a size has 32 bits; a place behind all of them is behind every text as well.
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let number = |name: &str| document.get(name).and_then(Value::as_u64).map(size);
    let max_chars = number("max_chars").unwrap_or(DEFAULT_CHARS);
    let task = document.get("task_id").and_then(Value::as_str).unwrap_or_default();
    match wanted {
        Wanted::Digest => short(document, max_chars),
        Wanted::Page => {
            let report = report_of(document)?;
            page::page(report, task, number("offset").unwrap_or(0), max_chars)
                .map(|page| document::to_text(&page))
                .ok_or_else(|| unknown(report, task))
        }
        Wanted::Story => {
            let report = report_of(document)?;
            let row = page::row(report, task).ok_or_else(|| unknown(report, task))?;
            match explain::lacking(row).as_slice() {
                [] => Ok(document::to_text(&json!({ "task_id": task, "story": explain::explain(row) }))),
                names => Err(no_report(format!("the result of {} has no {}", text::quoted(task), names.join(", no ")))),
            }
        }
    }
}

/// A result in fewer characters, for a program or for people.
fn short(document: &Value, max_chars: usize) -> Result<String, CallError> {
    let whole = match document.get("report") {
        Some(result) if digest::is_task_result(result) => result,
        _ => {
            report_of(document)?;
            document.get("report").unwrap_or(&Value::Null)
        }
    };
    if document.get("format").and_then(Value::as_str) == Some("markdown") {
        return Ok(document::to_text(&json!({ "text": summary::summary(whole, max_chars) })));
    }
    let wants_all = document.get("detail") == Some(&Value::Bool(true));
    let detail = if wants_all { Detail::All } else { Detail::Answers };
    Ok(document::to_text(&digest::digest(whole, max_chars, detail)))
}

/// The report itself, or that of the run in a workflow's result.
fn report_of(document: &Value) -> Result<&Value, CallError> {
    let report = document.get("report");
    let found = [report, report.and_then(|report| report.get("run"))].into_iter().flatten();
    let found = found.into_iter().find(|report| report.get("results").is_some_and(Value::is_array));
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
        match read(Wanted::Story, &json!({ "task_id": task, "report": report })) {
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
