//! What a pretended session says: a small JSON text.

use serde_json::Value;

/// The answer of the session at a place.
pub fn text(place: usize) -> String {
    format!("{{\"number\":{place},\"verdict\":\"good\",\"notes\":[\"short\",\"clear\"]}}")
}

/// The place that an answer names, if it is one.
pub fn read(text: &str) -> Option<usize> {
    number(&serde_json::from_str(text).ok()?)
}

/// The same of an answer that is read already.
pub fn number(answer: &Value) -> Option<usize> {
    answer.get("number")?.as_u64().and_then(|number| usize::try_from(number).ok())
}
