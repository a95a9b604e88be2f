//! What one schema says about the value at its place.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::keywords::VALUES_KEYWORD;
use crate::json::number;
use crate::order;

pub(super) const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/// The keywords of one schema that concern the value itself, looked up in one go.
#[derive(Default)]
pub(super) struct Rules<'a> {
    pub(super) type_names: Option<&'a Value>,
    pub(super) allowed: Option<&'a Vec<Value>>,
    pub(super) only: Option<&'a Value>,
    pub(super) any: Option<&'a Vec<Value>>,
    pub(super) one: Option<&'a Vec<Value>>,
    pub(super) all: Option<&'a Vec<Value>>,
    pub(super) not: Option<&'a Value>,
    pub(super) length: Counts,
    pub(super) count: Counts,
    pub(super) fields: Counts,
    pub(super) items: Option<&'a Value>,
    pub(super) first_items: Option<&'a Vec<Value>>,
    pub(super) unique: bool,
    pub(super) object: Fields<'a>,
    numbers: Bounds<'a>,
}

/// Which fields an object has.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    pub(super) required: Option<&'a Vec<Value>>,
    pub(super) properties: Option<&'a Map<String, Value>>,
    /// What fields without a schema of their own are: a schema, or whether there may be any.
    pub(super) additional: Option<&'a Value>,
    pub(super) values: Option<&'a Value>,
    pub(super) names: Option<&'a Value>,
}

/// What a number has to be.
#[derive(Clone, Copy, Default)]
struct Bounds<'a> {
    at_least: Option<&'a Number>,
    at_most: Option<&'a Number>,
    above: Option<&'a Number>,
    below: Option<&'a Number>,
    step: Option<&'a Number>,
}

/// The least and the most of something that is counted.
pub(super) type Counts = (Option<u64>, Option<u64>);

impl<'a> Rules<'a> {
    pub(super) fn of(keywords: &'a Map<String, Value>) -> Self {
        let mut rules = Self::default();
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "type" => rules.type_names = Some(value),
                "enum" => rules.allowed = value.as_array(),
                "const" => rules.only = Some(value),
                "anyOf" => rules.any = value.as_array(),
                "oneOf" => rules.one = value.as_array(),
                "allOf" => rules.all = value.as_array(),
                "not" => rules.not = Some(value),
                "minimum" => rules.numbers.at_least = value.as_number(),
                "maximum" => rules.numbers.at_most = value.as_number(),
                "exclusiveMinimum" => rules.numbers.above = value.as_number(),
                "exclusiveMaximum" => rules.numbers.below = value.as_number(),
                "multipleOf" => rules.numbers.step = value.as_number(),
                "minLength" => rules.length.0 = count(value),
                "maxLength" => rules.length.1 = count(value),
                "minItems" => rules.count.0 = count(value),
                "maxItems" => rules.count.1 = count(value),
                "minProperties" => rules.fields.0 = count(value),
                "maxProperties" => rules.fields.1 = count(value),
                "items" => rules.items = Some(value),
                "prefixItems" => rules.first_items = value.as_array(),
                "uniqueItems" => rules.unique = *value == Value::Bool(true),
                "required" => rules.object.required = value.as_array(),
                "properties" => rules.object.properties = value.as_object(),
                "additionalProperties" => rules.object.additional = Some(value),
                "propertyNames" => rules.object.names = Some(value),
                VALUES_KEYWORD => rules.object.values = Some(value),
                _ => {}
            }
        }
        rules
    }

    /// Whether the value is of one of the types that are named. A list of names that is none is passed over.
    pub(super) fn type_fits(&self, value: &Value) -> bool {
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

    pub(super) fn number_fits(&self, value: &Number) -> bool {
        let Bounds { at_least, at_most, above, below, step } = self.numbers;
        let is = |bound: Option<&Number>, wrong: &[Ordering]| {
            bound.is_none_or(|bound| !wrong.contains(&number::compare(value, bound)))
        };
        is(at_least, &[Ordering::Less])
            && is(at_most, &[Ordering::Greater])
            && is(above, &[Ordering::Less, Ordering::Equal])
            && is(below, &[Ordering::Greater, Ordering::Equal])
            && step.is_none_or(|step| is_multiple(value, step))
    }
}

fn count(value: &Value) -> Option<u64> {
    value.as_number().and_then(number::integer).and_then(|count| count.as_u64())
}

/// Fractions are no multiples of tenths to the last digit, so the last few digits do not count.
fn is_multiple(value: &Number, step: &Number) -> bool {
    let integers = number::integer(value)
        .and_then(|value| value.as_i128())
        .zip(number::integer(step).and_then(|step| step.as_i128()));
    if let Some((value, step)) = integers {
        return step != 0 && value % step == 0;
    }
    let times = value.as_f64().unwrap_or_default() / step.as_f64().unwrap_or(1.0);
    times.is_finite() && (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

pub(super) fn type_names(value: &Value) -> Option<Vec<&str>> {
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
        "integer" => value.as_number().is_some_and(number::is_whole),
        _ => false,
    }
}

/// Equality that does not tell 1 from 1.0, as JSON Schema has it.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => number::compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

/// Whether no two of the items are the same. Sorted, not compared each with each.
pub(super) fn all_differ(items: &[Value]) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().all(|item| seen.insert(canonical(item)))
}

/// A text that is the same for the same values, in the sense of `same`.
pub(crate) fn canonical(value: &Value) -> String {
    let sorted = |value: &Value| match value {
        Value::Number(number) => number::integer(number).map_or_else(|| number.to_string(), |whole| whole.to_string()),
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| format!("{}:{}", Value::from(name.as_str()), canonical(field)))
                .collect();
            format!("{{{}}}", order::sorted::<String>(fields).join(","))
        }
        other => other.to_string(),
    };
    sorted(value)
}

pub(super) fn out_of((low, high): Counts, count: u64) -> bool {
    low.is_some_and(|min| count < min) || high.is_some_and(|max| count > max)
}
