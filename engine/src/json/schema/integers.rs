//! Whole numbers where a schema asks for integers.

use serde_json::Value;

use super::keywords::VALUES_KEYWORD;
use super::rules::type_names;
use crate::json::number;

/// Writes 120.0 as 120 wherever the schema asks for an integer, for readers that know no other form. Nothing else changes.
pub fn with_integers(schema: &Value, value: &mut Value) {
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
                items.iter_mut().for_each(|item| with_integers(schema, item));
            }
        }
        Value::Object(fields) => {
            let properties = keywords.get("properties").and_then(Value::as_object);
            let others = keywords.get(VALUES_KEYWORD);
            for (name, field) in fields {
                if let Some(schema) = properties.and_then(|properties| properties.get(name)).or(others) {
                    with_integers(schema, field);
                }
            }
        }
        _ => {}
    }
    for option in keywords.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        with_integers(option, value);
    }
}
