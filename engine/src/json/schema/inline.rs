//! Brings a caller's schema into the form that is checked: references are replaced by what they name, and what other
//! libraries write in a way of their own is written in one.
//!
//! A reference may point anywhere in the same schema (`#/$defs/City`), but not at something that it is part of: a schema
//! without an end cannot be shown or checked at a bounded cost. What many references to one place would grow to is
//! bounded as well.

use serde_json::{Map, Value, json};

use super::faults::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, SchemaFault, faults};
use super::place::Place;

/// Annotations that tell nobody anything who answers.
const DROPPED: [&str; 15] = [
    "$schema",
    "$id",
    "$comment",
    "$vocabulary",
    "$defs",
    "definitions",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
    "example",
    "externalDocs",
    "contentEncoding",
    "contentMediaType",
    "xml",
];

/// Annotations that say more about a value. Beside a reference they count, and not those of what it names.
const ANNOTATIONS: [&str; 5] = ["title", "description", "default", "examples", "format"];

/// The schema as it is shown and checked, or everything that is wrong with it.
pub fn inlined(schema: &Value) -> Result<Value, Vec<SchemaFault>> {
    if !schema.is_object() {
        return Err(vec![(String::new(), "a schema has to be a JSON object".to_owned())]);
    }
    let mut inliner = Inliner { root: schema, open: Vec::new(), room: MAX_SCHEMA_BYTES, faults: Vec::new() };
    let whole = inliner.schema(schema, Place::Root, 0);
    if !inliner.faults.is_empty() {
        return Err(inliner.faults);
    }
    match faults(&whole) {
        found if found.is_empty() => Ok(whole),
        found => Err(found),
    }
}

struct Inliner<'a> {
    root: &'a Value,
    /// The references that are being followed.
    open: Vec<&'a str>,
    /// Bytes that may still be written. Counted roughly; whoever shows the schema counts exactly.
    room: usize,
    faults: Vec<SchemaFault>,
}

impl<'a> Inliner<'a> {
    fn schema(&mut self, schema: &'a Value, place: Place<'_>, depth: usize) -> Value {
        let keywords = match schema {
            Value::Bool(true) => return json!({}),
            Value::Bool(false) => return json!({"not": {}}),
            Value::Object(keywords) => keywords,
            // `faults` has the words for it.
            other => return other.clone(),
        };
        if depth > MAX_SCHEMA_DEPTH {
            self.fault(place, format!("nested deeper than {MAX_SCHEMA_DEPTH} levels"));
        }
        // Once something is wrong, the rest is only looked at as far as it goes by itself.
        if depth > MAX_SCHEMA_DEPTH || !self.takes(2) {
            return json!({});
        }
        let mut written = Map::new();
        for (keyword, value) in keywords {
            if !DROPPED.contains(&keyword.as_str()) && !keyword.starts_with("x-") && keyword != "$ref" {
                let here = Place::Field(&place, keyword);
                let value = self.keyword(keyword, value, here, depth);
                written.insert(keyword.clone(), value);
            }
        }
        rewrite(&mut written);
        if let Some(reference) = keywords.get("$ref") {
            let named = self.named(reference, place, depth);
            return joined(named, written);
        }
        one_of_all(written)
    }

    fn keyword(&mut self, keyword: &str, value: &'a Value, here: Place<'_>, depth: usize) -> Value {
        match (keyword, value) {
            ("properties", Value::Object(properties)) => {
                let mut written = Map::new();
                for (name, property) in properties {
                    self.takes(name.len());
                    written.insert(name.clone(), self.schema(property, Place::Field(&here, name), depth + 1));
                }
                Value::Object(written)
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems" | "items", Value::Array(list)) => {
                let written = list.iter().enumerate();
                Value::Array(written.map(|(at, one)| self.schema(one, Place::Item(&here, at), depth + 1)).collect())
            }
            ("items" | "not" | "additionalProperties" | "additionalItems" | "propertyNames", Value::Object(_)) => {
                self.schema(value, here, depth + 1)
            }
            ("items" | "not" | "additionalItems" | "propertyNames", Value::Bool(_)) => {
                self.schema(value, here, depth + 1)
            }
            _ => {
                self.takes(keyword.len() + crate::json::length(value));
                value.clone()
            }
        }
    }

    /// What a reference names, with its own references replaced.
    fn named(&mut self, reference: &'a Value, place: Place<'_>, depth: usize) -> Value {
        let Some(reference) = reference.as_str() else {
            self.fault(Place::Field(&place, "$ref"), "`$ref` has to be a text".to_owned());
            return json!({});
        };
        let shown = crate::text::quoted(reference);
        if self.open.contains(&reference) || reference == "#" {
            let why = format!(
                "`$ref` {shown} leads back to itself, so it cannot be inlined: write as many levels as are needed"
            );
            self.fault(Place::Field(&place, "$ref"), why);
            return json!({});
        }
        let pointer = reference.strip_prefix('#').filter(|pointer| pointer.starts_with('/')).map(unescaped);
        let Some(target) = pointer.and_then(|pointer| self.root.pointer(&pointer)) else {
            let why =
                format!("`$ref` {shown} names nothing in this schema: put it under `$defs` and write `#/$defs/NAME`");
            self.fault(Place::Field(&place, "$ref"), why);
            return json!({});
        };
        self.open.push(reference);
        let named = self.schema(target, place, depth + 1);
        self.open.pop();
        named
    }

    fn takes(&mut self, bytes: usize) -> bool {
        let fits = self.room >= bytes;
        if !fits && self.room > 0 {
            let why = format!("the schema has more than {MAX_SCHEMA_BYTES} bytes once its references are inlined");
            self.faults.push((String::new(), why));
        }
        self.room = if fits { self.room - bytes } else { 0 };
        fits
    }

    fn fault(&mut self, place: Place<'_>, why: String) {
        self.faults.push((place.pointer(), why));
    }
}

/// A pointer as it stands in a URI fragment, without its percent signs.
fn unescaped(pointer: &str) -> String {
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes what older drafts and OpenAPI say as the present draft says it.
fn rewrite(keywords: &mut Map<String, Value>) {
    if let Some(Value::Array(first)) = keywords.get("items").cloned() {
        keywords.insert("prefixItems".to_owned(), Value::Array(first));
        match keywords.shift_remove("additionalItems") {
            Some(rest) => keywords.insert("items".to_owned(), rest),
            None => keywords.shift_remove("items"),
        };
    }
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match keywords.get(exclusive) {
            Some(Value::Bool(true)) if keywords.contains_key(bound) => {
                let number = keywords.shift_remove(bound).unwrap_or_default();
                keywords.insert(exclusive.to_owned(), number);
            }
            Some(Value::Bool(_)) => drop(keywords.shift_remove(exclusive)),
            _ => {}
        }
    }
    // A pattern that only spells out a format is checked no more than the format is.
    if keywords.contains_key("format") {
        keywords.shift_remove("pattern");
    }
    if keywords.shift_remove("nullable") == Some(Value::Bool(true)) {
        nullable(keywords);
    }
}

fn nullable(keywords: &mut Map<String, Value>) {
    if let Some(Value::String(name)) = keywords.get("type").cloned() {
        keywords.insert("type".to_owned(), json!([name, "null"]));
    }
    if let Some(Value::Array(allowed)) = keywords.get_mut("enum")
        && !allowed.contains(&Value::Null)
    {
        allowed.push(Value::Null);
    }
}

/// A schema and what stands beside the reference to it. Where both say something different, both count.
fn joined(named: Value, beside: Map<String, Value>) -> Value {
    let Value::Object(named) = named else { return named };
    let differs = |keyword: &String, value: &Value| {
        !ANNOTATIONS.contains(&keyword.as_str()) && named.get(keyword).is_some_and(|other| other != value)
    };
    if beside.iter().any(|(keyword, value)| differs(keyword, value)) {
        return json!({"allOf": [named, beside]});
    }
    let mut together = named;
    together.extend(beside);
    Value::Object(together)
}

/// `allOf` with one schema says what that one says.
fn one_of_all(mut keywords: Map<String, Value>) -> Value {
    let is_one = keywords.get("allOf").and_then(Value::as_array).is_some_and(|all| all.len() == 1);
    let all = if is_one { keywords.shift_remove("allOf") } else { None };
    match all {
        Some(Value::Array(mut one)) => joined(one.pop().unwrap_or_default(), keywords),
        _ => Value::Object(keywords),
    }
}
