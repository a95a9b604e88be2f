//! How much of an answer a result keeps.

use serde_json::Value;

use crate::text;

/// Bytes of one answer that a result keeps: the whole, or this much of its two ends.
pub const MAX_KEPT_BYTES: usize = 64 * 1024;

/// Bytes that are kept of all answers of a run that are in its report: those of 1,000 tasks, each as long as may be.
const MAX_KEPT_IN_ALL: usize = 64 * 1024 * 1024;

/// Bytes that are kept of each answer of a run with so many tasks.
pub fn share(tasks: usize) -> usize {
    (MAX_KEPT_IN_ALL / tasks.max(1)).min(MAX_KEPT_BYTES)
}

/// Bytes that a character of one byte may take in a report.
const MOST_WRITTEN: usize = 6;

/// The text, or if it has more than `most` bytes its two ends with a line between them that says what is missing.
///
/// Counted as it will stand in the report, where a control character takes six bytes: a thousand answers of nothing but
/// those would otherwise make a report of 375 MiB instead of 64.
pub(super) fn keep(text: &str, most: usize) -> (Value, bool) {
    let written = |character: char| match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if c < ' ' => MOST_WRITTEN,
        c => c.len_utf8(),
    };
    let fits = |characters: &mut dyn Iterator<Item = char>, room: usize| -> usize {
        let mut used = 0;
        let fitting = characters.take_while(|c| {
            used += written(*c);
            used <= room
        });
        fitting.map(char::len_utf8).sum()
    };
    if text.len() <= most / MOST_WRITTEN || fits(&mut text.chars(), most) == text.len() {
        return (Value::from(text), false);
    }
    let head = text::head(text, fits(&mut text.chars(), most / 4 * 3));
    let tail = text::tail(text, fits(&mut text.chars().rev(), most / 4));
    let left_out = text.len().saturating_sub(head.len() + tail.len());
    (Value::from(format!("{head}\n[… {left_out} bytes left out …]\n{tail}")), true)
}
