//! The forms in which servers write an error into a response that says 200.

use serde_json::Value;

/// Whether a document is an error and no answer.
pub(super) fn is_error(chunk: &Value) -> bool {
    if chunk.get("error").is_some_and(|error| !is_nothing(error)) {
        return true;
    }
    let is_typed = ["object", "type"].iter().any(|name| chunk.get(name).and_then(Value::as_str) == Some("error"));
    let has_answer = ["choices", "message", "delta", "content", "response", "usage", "candidates", "done"]
        .iter()
        .any(|name| chunk.get(name).is_some_and(|it| !is_nothing(it) && !is_words_of_error(name, it)));
    let has_error = ["errors", "detail", "message", "msg", "base_resp", "error_code", "error_message"]
        .iter()
        .any(|name| chunk.get(name).is_some_and(|it| !is_nothing(it)));
    is_typed || (!has_answer && has_error)
}

/// A `message` that is a text says what went wrong.
fn is_words_of_error(name: &str, value: &Value) -> bool {
    name == "message" && value.is_string()
}

/// What servers write where there is no error.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Bool(true) => false,
    }
}
