//! The texts of tasks: what a prompt cannot take, and how much of it there may be.

use std::fmt::Display;

use serde_json::Value;

use crate::delimiters;
use crate::json;
use crate::problem::Problem;

/// Bytes of one task description.
pub const MAX_DESCRIPTION_BYTES: usize = 64 * 1024;

/// Bytes of one task's input as compact JSON. Larger than a description, because it is where source files go.
pub const MAX_INPUT_BYTES: usize = 128 * 1024;

/// Bytes of all descriptions and inputs of a run: those of 10,000 tasks with more than a kilobyte each.
const MAX_TEXT_BYTES: usize = 12 * 1024 * 1024;

/// A description is not blank, not too long, and holds none of the prompt's own marks.
pub fn check_description(text: &str, path: impl Display, problems: &mut Vec<Problem>) {
    if text.trim().is_empty() {
        problems.push(
            Problem::new("E_TASK_EMPTY", path.to_string(), "task_description: is blank")
                .got(text)
                .hint("say what to do"),
        );
    } else if text.len() > MAX_DESCRIPTION_BYTES {
        let message = format!("task_description: got {} bytes, need at most {MAX_DESCRIPTION_BYTES}", text.len());
        let problem = Problem::new("E_TASK_TOO_LARGE", path.to_string(), message).got(text.len());
        let hint = "long material belongs into input_data";
        problems.push(problem.limit(format!("1..={MAX_DESCRIPTION_BYTES} bytes")).hint(hint));
    } else if text.contains('\0') || delimiters::holds_delimiter(text) {
        let message = "task_description: holds U+0000 or a line that looks like a marker of the prompt";
        problems.push(
            Problem::new("E_TASK_CHARS", path.to_string(), message).hint("material to work on belongs into input_data"),
        );
    }
}

/// Bytes of an input, which is not too long and holds no U+0000.
pub fn check_input(input: &Value, path: impl Display, problems: &mut Vec<Problem>) -> usize {
    let bytes = json::length(input);
    if bytes > MAX_INPUT_BYTES {
        let message = format!("input_data: got {bytes} bytes, need at most {MAX_INPUT_BYTES}");
        let problem = Problem::new("E_INPUT_TOO_LARGE", path.to_string(), message).got(bytes);
        problems.push(problem.limit(format!("0..={MAX_INPUT_BYTES} bytes")));
    }
    if holds_nul(input) {
        let message = "input_data: a text holds the character U+0000";
        problems.push(Problem::new("E_TASK_CHARS", path.to_string(), message));
    }
    bytes
}

/// All descriptions and inputs of a run together have room.
pub fn check_total(bytes: usize, path: &str, problems: &mut Vec<Problem>) {
    if bytes > MAX_TEXT_BYTES {
        let field = path.trim_start_matches('/');
        let message = format!("{field}: {bytes} bytes of text in all, need at most {MAX_TEXT_BYTES}");
        let problem = Problem::new("E_TASK_TOO_LARGE", path, message).got(bytes);
        problems.push(problem.limit(format!("1..={MAX_TEXT_BYTES} bytes")).hint("split the run"));
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, field)| name.contains('\0') || holds_nul(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
