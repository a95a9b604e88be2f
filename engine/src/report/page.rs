//! Outputs in pages: any part of any output of a report can be read.

use serde_json::{Value, json};

use crate::text;

/// Room for what stands beside the text of a page, in characters.
const BESIDE_CHARS: usize = 300;

/// A part of one task's output; None if the report has no such task.
///
/// `offset` and `next_offset` count characters of the output, of a JSON output those of its compact text.
pub fn page(report: &Value, task_id: &str, offset: usize, max_chars: usize) -> Option<Value> {
    let row = row(report, task_id)?;
    let output = output_text(row);
    let total = output.chars().count();
    let start = output.char_indices().nth(offset).map_or(output.len(), |(at, _)| at);
    let part = fitting(output.get(start..).unwrap_or_default(), max_chars.saturating_sub(BESIDE_CHARS));
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

/// An output as text: that of a JSON output is compact, and there may be none.
pub(super) fn output_text(row: &Value) -> String {
    match row.get("output") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The longest beginning of a text that takes at most `room` characters as a JSON string.
pub(super) fn fitting(text: &str, room: usize) -> &str {
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

/// Characters of a value as compact JSON.
pub(super) fn chars(value: &Value) -> usize {
    value.to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_do_not_exist_are_empty_or_none() {
        let report = json!({"results": [{"task_id": "task-0", "status": "completed", "output": [1, 2]}]});
        assert_eq!(page(&report, "other", 0, 1_000), None);
        let past = page(&report, "task-0", 99, 1_000).expect("the task");
        assert_eq!((&past["text"], &past["next_offset"], &past["offset"]), (&json!(""), &Value::Null, &json!(5)));
    }
}
