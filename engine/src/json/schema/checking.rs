//! Where a value does not fit its schema.

use serde_json::{Map, Value};

use super::keywords::{CODE_KEYWORD, Rule, Violation};
use super::place::Place;
use super::rules::{Fields, Rules, all_differ, out_of, same};
use super::words::{allowed_type, bounds, describe, list_values, show};

/// Violations that are listed. Whoever has to mend more starts with these.
const MOST_LISTED: usize = 1_000;

/// Bytes of their paths together: a name may be as long as a document, and stand in the path of everything below it.
const MOST_PATH_BYTES: usize = 256 * 1024;

/// Lists every place where `value` does not fit `schema`, in the order of the value, until there are very many.
///
/// The schema must have no `faults`; a keyword with an unusable value is passed over.
pub fn check(schema: &Value, value: &Value) -> Vec<Violation> {
    let mut found = Found::default();
    check_at(schema, value, Place::Root, &mut found);
    found.list
}

fn fits(schema: &Value, value: &Value) -> bool {
    let mut found = Found { most: 1, ..Found::default() };
    check_at(schema, value, Place::Root, &mut found);
    found.list.is_empty()
}

struct Found {
    list: Vec<Violation>,
    path_bytes: usize,
    most: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self { list: Vec::new(), path_bytes: 0, most: MOST_LISTED }
    }
}

impl Found {
    fn is_full(&self) -> bool {
        self.list.len() >= self.most || self.path_bytes > MOST_PATH_BYTES
    }

    fn push(&mut self, violation: Violation) {
        self.path_bytes += violation.path.len();
        self.list.push(violation);
    }
}

fn check_at(schema: &Value, value: &Value, place: Place<'_>, found: &mut Found) {
    let Value::Object(keywords) = schema else { return };
    if found.is_full() {
        return;
    }
    let rules = Rules::of(keywords);
    let violation = |rule: Rule, got: String, limit: String| {
        let code = keywords.get(CODE_KEYWORD).and_then(Value::as_str).map(str::to_owned);
        let wants_object = keywords.get("type").and_then(Value::as_str) == Some("object");
        Violation { path: place.pointer(), rule, code, got, limit, wants_object }
    };
    if !rules.type_fits(value) {
        let names = rules.type_names.and_then(super::rules::type_names).unwrap_or_default();
        found.push(violation(Rule::Type, show(value), allowed_type(&names, keywords)));
        return;
    }
    if let Some(limit) = unlike(&rules, value) {
        found.push(violation(Rule::Enum, show(value), limit));
        return;
    }
    match value {
        Value::Number(number) if !rules.number_fits(number) => {
            found.push(violation(Rule::Range, number.to_string(), bounds(keywords)));
        }
        Value::String(text) if rules.length != (None, None) => {
            let length = text.chars().count() as u64;
            if out_of(rules.length, length) {
                found.push(violation(Rule::Range, format!("{length} characters"), bounds(keywords) + " characters"));
            }
        }
        Value::Array(items) => {
            if out_of(rules.count, items.len() as u64) {
                found.push(violation(Rule::Range, items.len().to_string(), bounds(keywords)));
            }
            if rules.unique && !all_differ(items) {
                found.push(violation(Rule::Range, "equal items".to_owned(), "items that differ".to_owned()));
            }
            let first = rules.first_items.map(Vec::as_slice).unwrap_or_default();
            for (index, item) in items.iter().enumerate() {
                if let Some(item_schema) = first.get(index).or(rules.items) {
                    check_at(item_schema, item, Place::Item(&place, index), found);
                }
            }
        }
        Value::Object(fields) => {
            if out_of(rules.fields, fields.len() as u64) {
                found.push(violation(Rule::Range, format!("{} fields", fields.len()), bounds(keywords) + " fields"));
            }
            check_object(rules.object, fields, place, found);
        }
        Value::Number(_) | Value::String(_) | Value::Null | Value::Bool(_) => {}
    }
    check_alternatives(&rules, value, place, found, violation);
}

/// What the value has to be equal to, if it is not.
fn unlike(rules: &Rules<'_>, value: &Value) -> Option<String> {
    let allowed = rules.allowed.filter(|allowed| !allowed.iter().any(|option| same(option, value)));
    let only = || rules.only.filter(|only| !same(only, value));
    allowed.map(|allowed| format!("one of {}", list_values(allowed))).or_else(|| only().map(show))
}

/// The schemas that concern the same value.
fn check_alternatives(
    rules: &Rules<'_>,
    value: &Value,
    place: Place<'_>,
    found: &mut Found,
    violation: impl Fn(Rule, String, String) -> Violation,
) {
    for part in rules.all.into_iter().flatten() {
        check_at(part, value, place, found);
    }
    if let Some(options) = rules.any
        && !options.iter().any(|option| fits(option, value))
    {
        let limit = format!("one of {} alternatives", options.len());
        found.push(violation(Rule::AnyOf, show(value), limit));
    }
    if let Some(options) = rules.one {
        let fitting = options.iter().filter(|option| fits(option, value)).count();
        if fitting != 1 {
            let limit = format!("exactly one of {} alternatives, which {fitting} of them are", options.len());
            found.push(violation(Rule::AnyOf, show(value), limit));
        }
    }
    if let Some(not) = rules.not
        && fits(not, value)
    {
        found.push(violation(Rule::AnyOf, show(value), "something else".to_owned()));
    }
}

fn check_object(rules: Fields<'_>, fields: &Map<String, Value>, place: Place<'_>, found: &mut Found) {
    let property = |name: &str| rules.properties.and_then(|properties| properties.get(name));
    for name in rules.required.into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            let property = property(name);
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
    let closed = rules.additional.and_then(Value::as_bool) == Some(false);
    let others = rules.additional.filter(|others| others.is_object()).or(rules.values);
    let names = rules.names.filter(|names| names.is_object());
    for (name, field) in fields {
        if found.is_full() {
            return;
        }
        let here = Place::Field(&place, name);
        if let Some(names) = names {
            check_at(names, &Value::from(name.as_str()), here, found);
        }
        match (property(name), others) {
            (Some(property), _) => check_at(property, field, here, found),
            (None, _) if closed => found.push(Violation {
                path: here.pointer(),
                rule: Rule::Unknown,
                code: None,
                got: name.clone(),
                limit: match rules.properties.into_iter().flat_map(Map::keys).cloned().collect::<Vec<_>>().join(", ") {
                    names if names.is_empty() => "no fields".to_owned(),
                    names => names,
                },
                wants_object: false,
            }),
            (None, Some(others)) => check_at(others, field, here, found),
            (None, None) => {}
        }
    }
}
