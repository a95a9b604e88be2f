//! Which codes a request may be refused with, and at which field: what the table of refused requests shows, whose cases are
//! called by another test.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents::documents::Function;
use serde_json::Value;

use crate::{files, table};

/// What any request may be refused with.
pub const GENERAL: [&str; 7] = [
    "E_REQUEST_JSON",
    "E_DUPLICATE_KEY",
    "E_REQUEST_DEPTH",
    "E_REQUEST_TOO_LARGE",
    "E_REQUEST_TYPE",
    "E_UNKNOWN_FIELD",
    "E_FUNCTION_UNKNOWN",
];

/// A field of a file below `schemas/`, for example `shared/task` and `proof.fields`. Without a field it is the whole request.
pub type Place = (String, String);

/// The codes of each field.
pub struct Codes(BTreeMap<Place, BTreeSet<String>>);

impl Codes {
    /// What is found in the table.
    pub fn of_refused_requests() -> Self {
        let mut found: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
        for case in table::cases() {
            let Some(function) = Function::named(&case.function) else { continue };
            for (code, path) in case.problems.iter().filter(|(code, _)| !GENERAL.contains(&code.as_str())) {
                found.entry(place(function, path)).or_default().insert(code.clone());
            }
        }
        assert!(found.len() > 80, "{} fields", found.len());
        Self(found)
    }

    /// Those of a field.
    pub fn of(&self, place: &Place) -> BTreeSet<String> {
        self.0.get(place).cloned().unwrap_or_default()
    }
}

/// The place of what concerns any list of a shared part.
pub fn list_of(part: &str) -> Place {
    (format!("shared/{part}"), "[]".to_owned())
}

/// The field that a path of a request leads to: the last on the way that a table shows.
fn place(function: Function, path: &str) -> Place {
    let mut schema = files::request(function);
    let mut file = function.name().to_owned();
    let mut field = String::new();
    let mut last = (file.clone(), String::new());
    for segment in path.split('/').skip(1) {
        let (next, step) = if let Some(items) = schema.get("items").filter(|_| segment.parse::<usize>().is_ok()) {
            (items.clone(), "[]".to_owned())
        } else if let Some((part, property)) = property(&schema, segment) {
            file = part.unwrap_or(file);
            (property, if field.is_empty() { segment.to_owned() } else { format!(".{segment}") })
        } else if let Some(values) = schema.get("x-values") {
            (values.clone(), ".*".to_owned())
        } else {
            break;
        };
        field += &step;
        schema = next;
        if let Some(name) = schema["x-ref"].as_str().map(str::to_owned) {
            schema = files::shared(&name);
            file = format!("shared/{name}");
            // A part that is one more object has a table of its own; any other is a field like any.
            field = if schema["properties"].is_object() { String::new() } else { segment.to_owned() };
        }
        last = match schema["items"]["x-ref"].as_str() {
            Some(of) => list_of(of),
            None => (file.clone(), field.trim_end_matches("[]").trim_end_matches(".*").to_owned()),
        };
    }
    last
}

/// A property of a request, its own or that of a shared part.
fn property(schema: &Value, name: &str) -> Option<(Option<String>, Value)> {
    if let Some(own) = schema["properties"].get(name) {
        return Some((None, own.clone()));
    }
    let parts = schema["x-include"].as_array().into_iter().flatten().filter_map(Value::as_str);
    parts.into_iter().find_map(|part| {
        let found = files::shared(part).get(name).cloned();
        found.map(|found| (Some(format!("shared/{part}")), found))
    })
}
