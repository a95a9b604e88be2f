//! A report that fits into its caller's context, and the rest of it in pages.
//!
//! Nothing is cut silently: every output that is not whole says so and says how long it is, and `page` reads any part of
//! any of them.

use serde_json::{Map, Value, json};

use crate::text;

/// Characters of a digest or a page when a caller names no number: a live tool result of OpenClaw 2026.9.6 holds 16,000.
pub const DEFAULT_CHARS: usize = 15_000;

/// Fields of a report that stand in its digest as they are.
const WHOLE: [&str; 11] = [
    "status",
    "census",
    "wait",
    "elapsed_seconds",
    "spawn_calls",
    "peak_in_flight",
    "usage",
    "usage_complete",
    "cost",
    "budget",
    "leaked",
];

/// What a reader of an output has to know of it; only where it is so.
const MARKS: [&str; 4] = ["truncated", "redacted", "doubtful", "model_mismatch"];

/// Characters that the names of an output and of its mark take: `,"output":` and `,"output_cut":true`.
const OUTPUT_NAMES: usize = 30;

/// A piece of an output shorter than this says nothing, so there is none, in characters.
const LEAST_OUTPUT: usize = 30;

/// Room for the sentence about what is missing.
const NOTE_CHARS: usize = 300;

/// The report in at most `max_chars` characters: everything but the outputs, and as much of those as fits, the same for
/// each. If not even the rows fit, the first ones stand and the others are counted.
pub fn digest(report: &Value, max_chars: usize) -> Value {
    let rows: Vec<Value> = report.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut head = Map::new();
    for name in WHOLE {
        if let Some(value) = report.get(name) {
            head.insert(name.to_owned(), value.clone());
        }
    }
    if chars(&Value::Object(head.clone())) * 2 > max_chars {
        // A long list of leaked sessions must not push the results out.
        head.shift_remove("leaked");
        head.shift_remove("budget");
    }
    let mut room = max_chars.saturating_sub(chars(&Value::Object(head.clone())) + NOTE_CHARS);
    let mut bare: Vec<Map<String, Value>> = Vec::new();
    for row in &rows {
        let row = bare_row(row);
        // Room for the mark has to be there even if none is left for the output itself.
        let size = chars(&Value::Object(row.clone())) + 1 + OUTPUT_NAMES;
        if size > room {
            break;
        }
        room -= size;
        bare.push(row);
    }
    let shown = bare.len();
    let results = with_outputs(bare, &rows, room);
    let cut = results.iter().any(|row| row.get("output_cut") == Some(&Value::Bool(true)));
    head.insert("results".to_owned(), Value::from(results));
    head.insert("results_left_out".to_owned(), json!(rows.len() - shown));
    if cut || shown < rows.len() {
        head.insert("note".to_owned(), json!("result_page reads the rest of an output, by task_id and offset"));
    }
    Value::Object(head)
}

/// A row without its output and its log.
fn bare_row(row: &Value) -> Map<String, Value> {
    let mut bare = Map::new();
    for name in ["task_id", "agent_type", "status"] {
        bare.insert(name.to_owned(), row.get(name).cloned().unwrap_or_default());
    }
    if let Some(error) = row.get("error").filter(|error| !error.is_null()) {
        bare.insert("error".to_owned(), json!({ "code": error.get("code"), "message": error.get("message") }));
    }
    if let Some(attempts) = row.pointer("/metadata/attempts").filter(|attempts| attempts.as_u64() > Some(1)) {
        bare.insert("attempts".to_owned(), attempts.clone());
    }
    for mark in MARKS {
        if row.pointer(&format!("/metadata/{mark}")) == Some(&Value::Bool(true)) {
            bare.insert(mark.to_owned(), Value::Bool(true));
        }
    }
    let output = output_text(row);
    if !output.is_empty() {
        bare.insert("output_chars".to_owned(), json!(output.chars().count()));
    }
    bare
}

/// Gives each row an equal part of what room there is; what short outputs leave goes to the long ones.
fn with_outputs(bare: Vec<Map<String, Value>>, rows: &[Value], mut room: usize) -> Vec<Value> {
    let mut order: Vec<(usize, usize)> =
        rows.iter().take(bare.len()).enumerate().map(|(index, row)| (whole_size(row), index)).collect();
    order.sort_unstable();
    let mut outputs: Vec<Option<(Value, bool)>> = vec![None; bare.len()];
    let mut left = order.len();
    for (size, index) in order {
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
    let filled = bare.into_iter().zip(outputs).map(|(mut row, output)| {
        let (value, cut) = output.unwrap_or_default();
        if !value.is_null() {
            row.insert("output".to_owned(), value);
        }
        if cut {
            row.insert("output_cut".to_owned(), Value::Bool(true));
        }
        Value::Object(row)
    });
    filled.collect()
}

fn whole_size(row: &Value) -> usize {
    row.get("output").map_or(0, chars) + OUTPUT_NAMES
}

/// The longest beginning of a text that takes at most `room` characters as a JSON string.
fn fitting(text: &str, room: usize) -> &str {
    let mut used = 2;
    let fits = text.chars().take_while(|character| {
        used += written(*character);
        used <= room
    });
    let bytes = fits.map(char::len_utf8).sum();
    text::head(text, bytes)
}

fn written(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if c < ' ' => 6,
        _ => 1,
    }
}

fn chars(value: &Value) -> usize {
    value.to_string().chars().count()
}

/// A part of one task's output; None if the report has no such task.
///
/// `offset` and `next_offset` count characters of the output, of a JSON output those of its compact text.
pub fn page(report: &Value, task_id: &str, offset: usize, max_chars: usize) -> Option<Value> {
    let row = row(report, task_id)?;
    let output = output_text(row);
    let total = output.chars().count();
    let start = output.char_indices().nth(offset).map_or(output.len(), |(at, _)| at);
    let part = fitting(output.get(start..).unwrap_or_default(), max_chars.saturating_sub(NOTE_CHARS));
    let next = offset.min(total) + part.chars().count();
    Some(json!({
        "task_id": task_id,
        "status": row.get("status"),
        "offset": offset.min(total),
        "next_offset": if next < total { json!(next) } else { Value::Null },
        "total_chars": total,
        "text": part,
    }))
}

/// One task's row.
pub fn row<'a>(report: &'a Value, task_id: &str) -> Option<&'a Value> {
    let results = report.get("results")?.as_array()?;
    results.iter().find(|row| row.get("task_id").and_then(Value::as_str) == Some(task_id))
}

fn output_text(row: &Value) -> String {
    match row.get("output") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outputs: Vec<Value>) -> Value {
        let rows: Vec<Value> = outputs
            .into_iter()
            .enumerate()
            .map(|(n, output)| {
                json!({"task_id": format!("task-{n}"), "agent_type": "a", "status": "completed", "output": output,
                    "error": null, "metadata": {"attempts": 1, "attempt_log": []}})
            })
            .collect();
        json!({"status": "completed", "census": {}, "results": rows, "leaked": []})
    }

    #[test]
    fn what_fits_is_whole() {
        let small = digest(&report(vec![json!({"a": 1}), json!("text")]), DEFAULT_CHARS);
        assert_eq!(
            (&small["results"][0]["output"], &small["results"][1]["output"]),
            (&json!({"a": 1}), &json!("text"))
        );
        assert!(small.get("note").is_none() && small["results"][0].get("output_cut").is_none());
    }

    #[test]
    fn what_has_to_be_known_of_an_output_stands_beside_it() {
        let mut report = report(vec![json!("half a"), json!("whole")]);
        for mark in MARKS {
            report["results"][0]["metadata"][mark] = json!(true);
            report["results"][1]["metadata"][mark] = json!(false);
        }
        let digest = digest(&report, DEFAULT_CHARS);
        for mark in MARKS {
            let marks = [0, 1].map(|row| digest["results"][row].get(mark).is_some());
            assert_eq!(marks, [true, false], "{mark}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_says_so_and_can_be_read() {
        for (count, size) in [(1, 1_000_000), (50, 20_000), (200, 3_000), (200, 10), (3, 40_000)] {
            let text: String = "line \"é\"\n\u{1}".chars().cycle().take(size).collect();
            let mut outputs = vec![json!(text); count];
            outputs[0] = json!("short");
            let report = report(outputs);
            for limit in [1_000, 15_000, 60_000] {
                let digest = digest(&report, limit);
                let shown = digest.to_string();
                assert!(shown.chars().count() <= limit, "{count} x {size}: {} of {limit}", shown.chars().count());
                let rows = digest["results"].as_array().expect("rows");
                assert_eq!(rows.len() as u64 + digest["results_left_out"].as_u64().expect("a number"), count as u64);
                assert!(rows.iter().all(|row| row["output_cut"] == true || row["output"].is_string()));
            }
            let id = format!("task-{}", count - 1);
            let (mut read, mut offset) = (String::new(), Some(0));
            while let Some(at) = offset {
                let page = page(&report, &id, at, 15_000).expect("the task");
                assert!(page.to_string().chars().count() <= 15_000);
                read.push_str(page["text"].as_str().expect("text"));
                offset = page["next_offset"].as_u64().map(|at| at as usize);
            }
            assert_eq!(read, if count == 1 { "short".to_owned() } else { text });
        }
    }

    #[test]
    fn places_that_do_not_exist_are_empty_or_none() {
        let report = report(vec![json!([1, 2])]);
        assert_eq!(page(&report, "other", 0, 1_000), None);
        let past = page(&report, "task-0", 99, 1_000).expect("the task");
        assert_eq!((&past["text"], &past["next_offset"], &past["offset"]), (&json!(""), &Value::Null, &json!(5)));
    }
}
