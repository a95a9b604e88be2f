//! A refusal, readable.

use serde::Deserialize;
use serde_json::Value;

use crate::text::{count, shown, shown_json};

/// Characters from which a list is long.
const LONG: usize = 60;

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
    let Ok(Refusal { errors }) = Refusal::deserialize(document) else { return format!("{}\n", shown_json(document)) };
    let mut text =
        format!("The request was refused; nothing was run. {}:\n", count(errors.len(), "problem", "problems"));
    for Entry { code, message, path, got, limit, hint } in errors {
        let place = if path.is_empty() { String::new() } else { format!(" at {}", shown(&path)) };
        text.push_str(&format!("\n  {}{place}\n    {}\n", shown(&code), shown(&message)));
        let command = command(&code, got.as_deref());
        // A list that the hint has too is shown once, and nothing is shown of an empty text.
        let limit = limit.filter(|limit| limit.len() < LONG || !hint.as_ref().is_some_and(|hint| hint.contains(limit)));
        let got = got.filter(|got| !got.is_empty());
        for (name, value) in [("got", got), ("limit", limit), ("hint", hint), ("try", command.map(str::to_owned))] {
            if let Some(value) = value {
                text.push_str(&format!("    {:<7}{}\n", format!("{name}:"), shown(&value)));
            }
        }
    }
    text
}

/// What helps on the command line, of which the component knows nothing.
fn command(code: &str, got: Option<&str>) -> Option<&'static str> {
    match (code, got) {
        ("E_AGENT_UNKNOWN", _) => Some("parallel-agents agents list; your own types: --agents DIR"),
        ("E_ITEM_COUNT", _) => Some("--items FILE, or a list `items` in the template"),
        ("E_UNKNOWN_FIELD", Some("steps")) => Some("parallel-agents map, which takes templates with `steps`"),
        ("E_UNKNOWN_FIELD", Some("tasks")) => Some("parallel-agents run, which takes requests with `tasks`"),
        _ => None,
    }
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

    #[test]
    fn a_long_list_is_shown_once_and_a_command_that_helps_is_named() {
        let fields = "tasks, agents, max_concurrent, deadline_seconds, cleanup, model, thinking";
        let problem = json!({
            "code": "E_UNKNOWN_FIELD", "message": "steps: this field is not known", "path": "/steps",
            "got": "steps", "limit": fields, "hint": format!("known fields: {fields}"), "retryable": false,
        });
        let text = text(&json!({ "errors": [problem] }));
        assert_eq!(text.matches(fields).count(), 1, "{text}");
        assert!(text.ends_with("    try:   parallel-agents map, which takes templates with `steps`\n"), "{text}");
    }
}
