//! Whole numbers where a schema asks for integers.

use serde_json::Value;

use super::keywords::VALUES_KEYWORD;
use super::rules::type_names;
use crate::json::number;

/// Writes 120.0 as 120 wherever the schema asks for an integer, for readers that know no other form. Nothing else changes.
pub fn with_integers(schema: &Value, value: &mut Value) {
    // Hardly a document has fractions, and seeing that needs no schema.
    if has_fraction(value) {
        write_integers(schema, value);
    }
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(fields) => fields.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn write_integers(schema: &Value, value: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    match value {
        Value::Number(written) if written.is_f64() => {
            let names = keywords.get("type").and_then(type_names).unwrap_or_default();
            let whole = number::integer(written).filter(|_| names.contains(&"integer"));
            if let Some(whole) = whole {
                *value = Value::Number(whole);
            }
        }
        Value::Array(items) => {
            if let Some(schema) = keywords.get("items") {
                items.iter_mut().for_each(|item| write_integers(schema, item));
            }
        }
        Value::Object(fields) => {
            let properties = keywords.get("properties").and_then(Value::as_object);
            let others = keywords.get(VALUES_KEYWORD);
            for (name, field) in fields {
                if let Some(schema) = properties.and_then(|properties| properties.get(name)).or(others) {
                    write_integers(schema, field);
                }
            }
        }
        _ => {}
    }
    for option in keywords.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        write_integers(option, value);
    }
}
