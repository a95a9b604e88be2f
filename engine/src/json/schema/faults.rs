//! Whether a caller's schema is one of this subset.

use serde_json::Value;

use super::place::Place;
use super::rules::type_names;
use crate::json::number;
use crate::json::strict::JsonError;

/// Nesting of a caller's schema.
pub const MAX_SCHEMA_DEPTH: usize = 16;

/// Size of a caller's schema as text.
pub const MAX_SCHEMA_BYTES: usize = 16 * 1024;

/// Why something is not a schema of this subset: path and reason.
pub type SchemaFault = (String, String);

/// Says what keeps a caller's schema from being usable; empty means usable.
pub fn faults(schema: &Value) -> Vec<SchemaFault> {
    let mut found = Vec::new();
    if !schema.is_object() {
        found.push((String::new(), "a schema has to be a JSON object".to_owned()));
        return found;
    }
    collect_faults(schema, Place::Root, 0, &mut found);
    found
}

fn collect_faults(schema: &Value, place: Place<'_>, depth: usize, found: &mut Vec<SchemaFault>) {
    let Value::Object(map) = schema else {
        found.push((place.pointer(), "a schema has to be a JSON object".to_owned()));
        return;
    };
    if depth > MAX_SCHEMA_DEPTH {
        found.push((place.pointer(), JsonError::TooDeep(MAX_SCHEMA_DEPTH).to_string()));
        return;
    }
    for (key, value) in map {
        let here = Place::Field(&place, key);
        let mut expect = |fits: bool, what: &str| {
            if !fits {
                found.push((here.pointer(), format!("`{key}` has to be {what}")));
            }
        };
        match key.as_str() {
            "type" => expect(
                type_names(value).is_some(),
                "one of object, array, string, number, integer, boolean, null, or a list of them",
            ),
            "enum" => expect(value.as_array().is_some_and(|list| !list.is_empty()), "a list of at least one value"),
            "required" => {
                expect(value.as_array().is_some_and(|list| list.iter().all(Value::is_string)), "a list of names")
            }
            "additionalProperties" if value.is_boolean() => {}
            "uniqueItems" => expect(value.is_boolean(), "true or false"),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => expect(value.is_number(), "a number"),
            "multipleOf" => expect(value.as_f64().is_some_and(|step| step > 0.0), "a number above 0"),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                expect(is_count(value), "a whole number from 0")
            }
            "title" | "description" | "$schema" | "format" => expect(value.is_string(), "a text"),
            "const" | "default" | "examples" => {}
            "items" | "additionalProperties" | "propertyNames" | "not" => collect_faults(value, here, depth + 1, found),
            "properties" => match value {
                Value::Object(properties) => {
                    for (name, property) in properties {
                        collect_faults(property, Place::Field(&here, name), depth + 1, found);
                    }
                }
                _ => expect(false, "an object"),
            },
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => match value {
                Value::Array(options) if !options.is_empty() => {
                    for (index, option) in options.iter().enumerate() {
                        collect_faults(option, Place::Item(&here, index), depth + 1, found);
                    }
                }
                _ => expect(false, "a list of at least one schema"),
            },
            "pattern" => found.push((
                here.pointer(),
                "`pattern` is not a supported keyword: say it in `description`, or name a `format`".to_owned(),
            )),
            "$ref" => found.push((here.pointer(), "`$ref` is not a supported keyword here".to_owned())),
            _ => found.push((here.pointer(), format!("`{key}` is not a supported keyword"))),
        }
    }
}

/// A length or a number of things, however it is written.
fn is_count(value: &Value) -> bool {
    value.as_number().and_then(number::integer).is_some_and(|count| count.is_u64())
}
