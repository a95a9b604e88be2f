//! A report that fits into its caller's context: answers first, and of the rest what is needed to trust them.
//!
//! Nothing is cut silently: every output that is not whole says so and says how long it is, and [`page`](crate::report::page) reads any
//! part of any of them.

use serde_json::{Map, Value, json};

use crate::order;
use crate::report::page::{chars, fitting, output_text};

/// Characters of a digest or a page when a caller names no number: a live tool result of OpenClaw 2026.9.6 holds 16,000.
pub const DEFAULT_CHARS: usize = 15_000;

/// The least room in which the digest of a run stands beside the outcome of its workflow, in characters.
const LEAST_CHARS: usize = 1_000;

/// What a digest says beside the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What a reader has to know to trust an answer: statuses, errors, and the marks that are set.
    Answers,
    /// Also attempts, usage, cost and budget.
    All,
}

/// Fields of a report that only stand in a digest with all details.
const DETAILS: [&str; 8] =
    ["elapsed_seconds", "spawn_calls", "peak_in_flight", "usage", "usage_complete", "cost", "budget", "forecast"];

/// What a reader of an output has to know of it; only where it is so.
pub(super) const MARKS: [&str; 7] =
    ["truncated", "redacted", "doubtful", "repaired", "corrected", "unwrapped", "model_mismatch"];

/// Characters that the names of an output and of its marks take: `,"output":`, `,"output_chars":…` and `,"output_cut":true`.
const OUTPUT_NAMES: usize = 55;

/// A piece of an output shorter than this says nothing, so there is none, in characters.
const LEAST_OUTPUT: usize = 30;

/// Room for the names of the list of results and the sentence about what is missing.
const NOTE_CHARS: usize = 300;

/// A result in at most `max_chars` characters: a report, that of a workflow beside its outcome, or the result of one task.
pub fn digest(document: &Value, max_chars: usize, detail: Detail) -> Value {
    match document.get("run").filter(|run| has_results(run)) {
        Some(run) => of_workflow(document, run, max_chars, detail),
        None if is_task_result(document) => of_task(document, max_chars, detail),
        None => of_report(document, max_chars, detail),
    }
}

/// Whether a document is a report.
pub fn has_results(document: &Value) -> bool {
    document.get("results").is_some_and(Value::is_array)
}

/// Whether a document is the result of one task.
pub fn is_task_result(document: &Value) -> bool {
    ["task_id", "agent_type", "status"].iter().all(|name| document.get(name).is_some_and(Value::is_string))
}

/// What came of the workflow, as it is, and the digest of its run in the room that this leaves; the latter alone if that is
/// too little.
fn of_workflow(document: &Value, run: &Value, max_chars: usize, detail: Detail) -> Value {
    let fields = document.as_object().into_iter().flatten();
    let mut outcome: Map<String, Value> =
        fields.filter(|(name, _)| *name != "run").map(|(name, value)| (name.clone(), value.clone())).collect();
    outcome.insert("run".to_owned(), json!({}));
    let mut outcome = Value::Object(outcome);
    let room = max_chars.saturating_sub(chars(&outcome));
    let of_run = |room| match document.get("items").is_some_and(Value::is_object) {
        true => of_wide_run(run, room, detail),
        false => of_report(run, room, detail),
    };
    if room < LEAST_CHARS {
        return of_run(max_chars);
    }
    if let Some(place) = outcome.get_mut("run") {
        *place = of_run(room);
    }
    outcome
}

/// That of a run over many items, whose answers are elsewhere: of its tasks only those that say why an item has none, and what
/// made one answer of all.
fn of_wide_run(run: &Value, max_chars: usize, detail: Detail) -> Value {
    let rows = run.get("results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_telling = |row: &&Value| {
        row.get("status").and_then(Value::as_str) != Some("completed")
            || row.get("output").is_some_and(|output| !output.is_null())
    };
    // A row takes more than a character.
    let telling: Vec<Value> = rows.iter().filter(is_telling).take(max_chars).cloned().collect();
    let others = run.as_object().into_iter().flatten().filter(|(name, _)| *name != "results");
    let mut short: Map<String, Value> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    short.insert("results".to_owned(), Value::from(telling));
    let mut digest = of_report(&Value::Object(short), max_chars, detail);
    let shown = digest.get("results").and_then(Value::as_array).map_or(0, Vec::len);
    if let Some(fields) = digest.as_object_mut().filter(|_| shown < rows.len()) {
        fields.insert("results_left_out".to_owned(), json!(rows.len() - shown));
    }
    digest
}

fn of_task(row: &Value, max_chars: usize, detail: Detail) -> Value {
    let bare = bare_row(row, detail);
    let room = max_chars.saturating_sub(chars(&Value::Object(bare.clone())) + OUTPUT_NAMES);
    with_outputs(vec![bare], std::slice::from_ref(row), room).into_iter().next().unwrap_or_default()
}

/// Everything but the outputs, and as much of those as fits, the same for each. If not even the rows fit, the first ones
/// stand and the others are counted.
fn of_report(report: &Value, max_chars: usize, detail: Detail) -> Value {
    let rows = report.get("results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let beside = beside(report, max_chars, detail);
    let mut digest = Map::new();
    digest.insert("status".to_owned(), report.get("status").cloned().unwrap_or_default());
    let used = chars(&Value::Object(digest.clone())) + chars(&Value::Object(beside.clone()));
    let mut room = max_chars.saturating_sub(used + NOTE_CHARS);
    let mut bare: Vec<Map<String, Value>> = Vec::new();
    for row in rows {
        let row = bare_row(row, detail);
        // Room for the mark has to be there even if none is left for the output itself.
        let size = chars(&Value::Object(row.clone())) + 1 + OUTPUT_NAMES;
        if size > room {
            break;
        }
        room -= size;
        bare.push(row);
    }
    let left_out = rows.len() - bare.len();
    let results = with_outputs(bare, rows, room);
    let cut = results.iter().any(|row| row.get("output_cut") == Some(&Value::Bool(true)));
    digest.insert("results".to_owned(), Value::from(results));
    if left_out > 0 {
        digest.insert("results_left_out".to_owned(), json!(left_out));
    }
    digest.extend(beside);
    if cut || left_out > 0 {
        digest.insert("note".to_owned(), json!("result_page reads the rest of an output, by task_id and offset"));
    }
    Value::Object(digest)
}

/// What stands behind the results.
fn beside(report: &Value, max_chars: usize, detail: Detail) -> Map<String, Value> {
    let mut beside = Map::new();
    let counts = report.get("census").and_then(Value::as_object).into_iter().flatten();
    let counts: Map<String, Value> = counts
        .filter(|(_, count)| detail == Detail::All || count.as_u64() != Some(0))
        .map(|(name, count)| (name.clone(), count.clone()))
        .collect();
    beside.insert("census".to_owned(), Value::Object(counts));
    let is_all = report.pointer("/wait/mode").and_then(Value::as_str) == Some("all");
    if let Some(wait) = report.get("wait").filter(|_| detail == Detail::All || !is_all) {
        beside.insert("wait".to_owned(), wait.clone());
    }
    for name in DETAILS.iter().filter(|_| detail == Detail::All) {
        if let Some(value) = report.get(name) {
            beside.insert((*name).to_owned(), value.clone());
        }
    }
    let leaked = report.get("leaked").and_then(Value::as_array).map_or(0, Vec::len);
    if let Some(list) = report.get("leaked").filter(|_| detail == Detail::All || leaked > 0) {
        beside.insert("leaked".to_owned(), list.clone());
    }
    if chars(&Value::Object(beside.clone())) * 2 > max_chars {
        // A long list must not push the results out.
        for name in ["leaked", "budget", "forecast", "wait"] {
            beside.shift_remove(name);
        }
        if leaked > 0 {
            beside.insert("leaked_left_out".to_owned(), json!(leaked));
        }
    }
    beside
}

/// A row without its output and its log.
fn bare_row(row: &Value, detail: Detail) -> Map<String, Value> {
    let mut bare = Map::new();
    for name in ["task_id", "agent_type", "status"] {
        bare.insert(name.to_owned(), row.get(name).cloned().unwrap_or_default());
    }
    if let Some(error) = row.get("error").filter(|error| !error.is_null()) {
        let is_shown = |name: &str| name != "retryable" || error.get(name) == Some(&Value::Bool(true));
        let names = ["code", "message", "retryable"].into_iter().filter(|name| is_shown(name));
        let shown: Map<String, Value> =
            names.map(|name| (name.to_owned(), error.get(name).cloned().unwrap_or_default())).collect();
        bare.insert("error".to_owned(), Value::Object(shown));
    }
    for mark in MARKS {
        if row.pointer(&format!("/metadata/{mark}")) == Some(&Value::Bool(true)) {
            bare.insert(mark.to_owned(), Value::Bool(true));
        }
    }
    if detail == Detail::All {
        for name in ["execution_time", "session_key"] {
            bare.insert(name.to_owned(), row.get(name).cloned().unwrap_or_default());
        }
        bare.insert("attempts".to_owned(), row.pointer("/metadata/attempts").cloned().unwrap_or_default());
    }
    bare
}

/// Gives each row an equal part of what room there is; what short outputs leave goes to the long ones.
fn with_outputs(bare: Vec<Map<String, Value>>, rows: &[Value], mut room: usize) -> Vec<Value> {
    let by_size: Vec<(usize, usize)> =
        order::sorted(rows.iter().take(bare.len()).enumerate().map(|(index, row)| (whole_size(row), index)).collect());
    let mut outputs: Vec<Option<(Value, bool)>> = vec![None; bare.len()];
    let mut left = by_size.len();
    for (size, index) in by_size {
        let share = room / left.max(1);
        left -= 1;
        let Some(row) = rows.get(index) else { continue };
        let output = row.get("output").cloned().unwrap_or_default();
        let (value, cut) = if output.is_null() || size <= share {
            (output, false)
        } else if share >= OUTPUT_NAMES + LEAST_OUTPUT {
            (Value::from(fitting(&output_text(row), share - OUTPUT_NAMES)), true)
        } else {
            (Value::Null, true)
        };
        room = room.saturating_sub(chars(&value) + OUTPUT_NAMES);
        if let Some(place) = outputs.get_mut(index) {
            *place = Some((value, cut));
        }
    }
    let filled = bare.into_iter().zip(outputs).zip(rows).map(|((mut row, output), whole)| {
        let (value, cut) = output.unwrap_or_default();
        if !value.is_null() {
            row.insert("output".to_owned(), value);
        }
        if cut {
            row.insert("output_chars".to_owned(), json!(output_text(whole).chars().count()));
            row.insert("output_cut".to_owned(), Value::Bool(true));
        }
        Value::Object(row)
    });
    filled.collect()
}

fn whole_size(row: &Value) -> usize {
    row.get("output").map_or(0, chars) + OUTPUT_NAMES
}

#[cfg(test)]
mod tests;
