//! A refusal, readable.

use serde::Deserialize;
use serde_json::Value;

use crate::text::{count, shown};

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    code: String,
    message: String,
    path: String,
    got: Option<String>,
    limit: Option<String>,
    hint: Option<String>,
}

/// The problems of a refusal, one paragraph each. A document of another shape is shown as it is.
pub fn text(document: &Value) -> String {
    let Ok(Refusal { errors }) = Refusal::deserialize(document) else { return format!("{document:#}\n") };
    let mut text =
        format!("The request was refused; nothing was run. {}:\n", count(errors.len(), "problem", "problems"));
    for Entry { code, message, path, got, limit, hint } in errors {
        let place = if path.is_empty() { String::new() } else { format!(" at {}", shown(&path)) };
        text.push_str(&format!("\n  {}{place}\n    {}\n", shown(&code), shown(&message)));
        for (name, value) in [("got", got), ("limit", limit), ("hint", hint)] {
            if let Some(value) = value {
                text.push_str(&format!("    {:<7}{}\n", format!("{name}:"), shown(&value)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_is_a_paragraph() {
        let problem = json!({
            "code": "E_TASK_COUNT", "message": "tasks: got 0, need 1..=200", "path": "/tasks",
            "got": "0", "limit": "1..=200", "hint": null, "retryable": false,
        });
        let expected = "The request was refused; nothing was run. 1 problem:\n\n  E_TASK_COUNT at /tasks\n    tasks: got 0, \
                        need 1..=200\n    got:   0\n    limit: 1..=200\n";
        assert_eq!(text(&json!({ "error": problem, "errors": [problem] })), expected);
    }
}
