//! What is said of a value that does not fit, and of what would.

use serde_json::{Map, Value};

use super::type_names;

pub(super) fn describe(rules: &Map<String, Value>) -> String {
    let names = rules.get("type").and_then(type_names).unwrap_or_default();
    allowed_type(&names, rules)
}

pub(super) fn allowed_type(names: &[&str], rules: &Map<String, Value>) -> String {
    let name = if names.is_empty() { "a value".to_owned() } else { names.join(" or ") };
    let range = [("minimum", "maximum"), ("minItems", "maxItems"), ("minLength", "maxLength")]
        .into_iter()
        .find(|(low, high)| rules.contains_key(*low) || rules.contains_key(*high));
    match range {
        Some((low, high)) => format!("{name}, {}", bounds(rules, low, high)),
        None => match rules.get("enum").and_then(Value::as_array) {
            Some(allowed) => format!("one of {}", list_values(allowed)),
            None => name,
        },
    }
}

pub(super) fn bounds(rules: &Map<String, Value>, low: &str, high: &str) -> String {
    match (rules.get(low), rules.get(high)) {
        (Some(low), Some(high)) => format!("{low}..={high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => "any".to_owned(),
    }
}

pub(super) fn list_values(values: &[Value]) -> String {
    values
        .iter()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A few words on what a value is, never more than a line.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => crate::text::quoted(text),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(fields) => format!("an object with {} fields", fields.len()),
    }
}
