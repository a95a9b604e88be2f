//! A JSON Schema subset: the keywords that agents' answers and requests need, and no others.
//!
//! No `pattern` and no `$ref`: a schema may come from a caller, and checking a value must cost no more than reading it.
//! `x-code` names the error code for whatever is wrong at that place; it is meant for this crate's own request schemas and
//! refused in those of callers.

mod faults;
mod place;
mod words;

use serde_json::{Map, Number, Value};

pub use faults::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, SchemaFault, faults};
pub use place::join;

use place::Place;
use words::{allowed_type, bounds, describe, list_values, show};

/// The keywords that a caller's schema may use.
pub const KEYWORDS: [&str; 19] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "title",
    "description",
    "default",
    "examples",
    "$schema",
];

/// Error code for this place, in this crate's own schemas.
const CODE_KEYWORD: &str = "x-code";

/// Schema of the values of an object whose names are free, in this crate's own schemas.
const VALUES_KEYWORD: &str = "x-values";

/// What the names of this crate's own annotations begin with.
const OWN_PREFIX: &str = "x-";

const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/// What kind of rule a value broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The wrong type.
    Type,
    /// A field that has to be there is not.
    Missing,
    /// A field that is not known.
    Unknown,
    /// Not one of the listed values.
    Enum,
    /// Outside a numeric, length or count bound.
    Range,
    /// None of the alternatives fits.
    AnyOf,
}

/// One place where a value does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the value.
    pub path: String,
    /// Which rule.
    pub rule: Rule,
    /// The schema's own code for this place.
    pub code: Option<String>,
    /// What was there, in a few words.
    pub got: String,
    /// What is allowed.
    pub limit: String,
    /// Whether the place is for an object.
    pub wants_object: bool,
}

/// The keywords of one schema that say something about the value itself, looked up in one go.
#[derive(Default)]
struct Rules<'a> {
    type_names: Option<&'a Value>,
    allowed: Option<&'a Vec<Value>>,
    only: Option<&'a Value>,
    options: Option<&'a Vec<Value>>,
    minimum: Option<&'a Number>,
    maximum: Option<&'a Number>,
    length: (Option<u64>, Option<u64>),
    count: (Option<u64>, Option<u64>),
    items: Option<&'a Value>,
}

impl<'a> Rules<'a> {
    fn of(keywords: &'a Map<String, Value>) -> Self {
        let mut rules = Self::default();
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "type" => rules.type_names = Some(value),
                "enum" => rules.allowed = value.as_array(),
                "const" => rules.only = Some(value),
                "anyOf" => rules.options = value.as_array(),
                "minimum" => rules.minimum = value.as_number(),
                "maximum" => rules.maximum = value.as_number(),
                "minLength" => rules.length.0 = value.as_u64(),
                "maxLength" => rules.length.1 = value.as_u64(),
                "minItems" => rules.count.0 = value.as_u64(),
                "maxItems" => rules.count.1 = value.as_u64(),
                "items" => rules.items = Some(value),
                _ => {}
            }
        }
        rules
    }

    /// Whether the value is of one of the types that are named. A list of names that is none is passed over.
    fn type_fits(&self, value: &Value) -> bool {
        match self.type_names {
            Some(Value::String(name)) => !TYPES.contains(&name.as_str()) || has_type(value, name),
            Some(Value::Array(names)) => {
                let known = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
                let fits = |name: &Value| name.as_str().is_some_and(|name| has_type(value, name));
                names.is_empty() || names.iter().any(fits) || !names.iter().all(known)
            }
            Some(_) => true,
            None => true,
        }
    }
}

/// Lists every place where `value` does not fit `schema`, in the order of the value.
///
/// The schema must have no `faults`; a keyword with an unusable value is passed over.
pub fn check(schema: &Value, value: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    check_at(schema, value, Place::Root, &mut found);
    found
}

fn check_at(schema: &Value, value: &Value, place: Place<'_>, found: &mut Vec<Violation>) {
    let Value::Object(keywords) = schema else { return };
    let rules = Rules::of(keywords);
    let violation = |rule: Rule, got: String, limit: String| {
        let code = keywords.get(CODE_KEYWORD).and_then(Value::as_str).map(str::to_owned);
        let wants_object = keywords.get("type").and_then(Value::as_str) == Some("object");
        Violation { path: place.pointer(), rule, code, got, limit, wants_object }
    };
    if !rules.type_fits(value) {
        let names = rules.type_names.and_then(type_names).unwrap_or_default();
        found.push(violation(Rule::Type, show(value), allowed_type(&names, keywords)));
        return;
    }
    if let Some(allowed) = rules.allowed
        && !allowed.iter().any(|option| same(option, value))
    {
        found.push(violation(Rule::Enum, show(value), format!("one of {}", list_values(allowed))));
        return;
    }
    if let Some(only) = rules.only
        && !same(only, value)
    {
        found.push(violation(Rule::Enum, show(value), show(only)));
        return;
    }
    match value {
        Value::Number(number) => {
            let below = rules.minimum.is_some_and(|min| less(number, min));
            let above = rules.maximum.is_some_and(|max| less(max, number));
            if below || above {
                found.push(violation(Rule::Range, number.to_string(), bounds(keywords, "minimum", "maximum")));
            }
        }
        Value::String(text) if rules.length != (None, None) => {
            let length = text.chars().count() as u64;
            if out_of(rules.length, length) {
                let limit = bounds(keywords, "minLength", "maxLength") + " characters";
                found.push(violation(Rule::Range, format!("{length} characters"), limit));
            }
        }
        Value::Array(items) => {
            if out_of(rules.count, items.len() as u64) {
                found.push(violation(Rule::Range, items.len().to_string(), bounds(keywords, "minItems", "maxItems")));
            }
            if let Some(item_schema) = rules.items {
                for (index, item) in items.iter().enumerate() {
                    check_at(item_schema, item, Place::Item(&place, index), found);
                }
            }
        }
        Value::Object(fields) => check_object(keywords, fields, place, found),
        Value::String(_) | Value::Null | Value::Bool(_) => {}
    }
    if let Some(options) = rules.options
        && !options.iter().any(|option| check(option, value).is_empty())
    {
        let limit = format!("one of {} alternatives", options.len());
        found.push(violation(Rule::AnyOf, show(value), limit));
    }
}

fn check_object(
    keywords: &Map<String, Value>,
    fields: &Map<String, Value>,
    place: Place<'_>,
    found: &mut Vec<Violation>,
) {
    let empty = Map::new();
    let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for name in keywords.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            let property = properties.get(name);
            found.push(Violation {
                path: Place::Field(&place, name).pointer(),
                rule: Rule::Missing,
                code: property.and_then(|p| p.get(CODE_KEYWORD)).and_then(Value::as_str).map(str::to_owned),
                got: "nothing".to_owned(),
                limit: property.and_then(Value::as_object).map_or_else(|| "a value".to_owned(), describe),
                wants_object: false,
            });
        }
    }
    let closed = keywords.get("additionalProperties").and_then(Value::as_bool) == Some(false);
    for (name, field) in fields {
        let here = Place::Field(&place, name);
        match properties.get(name) {
            Some(property) => check_at(property, field, here, found),
            None if closed => found.push(Violation {
                path: here.pointer(),
                rule: Rule::Unknown,
                code: None,
                got: name.clone(),
                limit: match properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ") {
                    names if names.is_empty() => "no fields".to_owned(),
                    names => names,
                },
                wants_object: false,
            }),
            None => {
                if let Some(values) = keywords.get(VALUES_KEYWORD) {
                    check_at(values, field, here, found);
                }
            }
        }
    }
}

/// The schema without this crate's own annotations, as it is shown to callers.
pub fn published(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, _)| !key.starts_with(OWN_PREFIX))
                .map(|(k, v)| (k.clone(), published(v)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(published).collect()),
        other => other.clone(),
    }
}

fn type_names(value: &Value) -> Option<Vec<&str>> {
    let names: Vec<&str> = match value {
        Value::String(name) => vec![name.as_str()],
        Value::Array(list) if !list.is_empty() => list.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    names.iter().all(|name| TYPES.contains(name)).then_some(names)
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        // JSON Schema counts 3.0 as an integer; a reader that wants a count does not.
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

/// Equality that does not tell 1 from 1.0, as JSON Schema has it.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => !less(a, b) && !less(b, a),
        _ => left == right,
    }
}

fn less(left: &Number, right: &Number) -> bool {
    match (left.as_i128(), right.as_i128()) {
        (Some(a), Some(b)) => a < b,
        _ => left.as_f64().unwrap_or(0.0) < right.as_f64().unwrap_or(0.0),
    }
}

fn out_of((low, high): (Option<u64>, Option<u64>), count: u64) -> bool {
    low.is_some_and(|min| count < min) || high.is_some_and(|max| count > max)
}
