//! What is said of a value that does not fit, and of what would.

use serde_json::{Map, Value};

use super::rules::type_names;

pub(super) fn describe(rules: &Map<String, Value>) -> String {
    let names = rules.get("type").and_then(type_names).unwrap_or_default();
    allowed_type(&names, rules)
}

pub(super) fn allowed_type(names: &[&str], rules: &Map<String, Value>) -> String {
    let name = if names.is_empty() { "a value".to_owned() } else { names.join(" or ") };
    if BOUNDS.iter().any(|(low, high, _)| rules.contains_key(*low) || rules.contains_key(*high)) {
        return format!("{name}, {}", bounds(rules));
    }
    match rules.get("enum").and_then(Value::as_array) {
        Some(allowed) => format!("one of {}", list_values(allowed)),
        None => name,
    }
}

/// Keywords for the least and the most, and whether these may be reached.
const BOUNDS: [(&str, &str, bool); 5] = [
    ("minimum", "maximum", true),
    ("exclusiveMinimum", "exclusiveMaximum", false),
    ("minItems", "maxItems", true),
    ("minLength", "maxLength", true),
    ("minProperties", "maxProperties", true),
];

/// The first bounds that a schema names; a schema for one type has no others.
pub(super) fn bounds(rules: &Map<String, Value>) -> String {
    let named = BOUNDS.iter().filter_map(|(low, high, inclusive)| match (rules.get(*low), rules.get(*high)) {
        (Some(low), Some(high)) if *inclusive => Some(format!("{low}..={high}")),
        (Some(low), Some(high)) => Some(format!("more than {low} and less than {high}")),
        (Some(low), None) if *inclusive => Some(format!("{low} or more")),
        (Some(low), None) => Some(format!("more than {low}")),
        (None, Some(high)) if *inclusive => Some(format!("{high} or less")),
        (None, Some(high)) => Some(format!("less than {high}")),
        (None, None) => None,
    });
    let step = rules.get("multipleOf").map(|step| format!("a multiple of {step}"));
    let all: Vec<String> = named.chain(step).collect();
    if all.is_empty() { "any".to_owned() } else { all.join(", ") }
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
