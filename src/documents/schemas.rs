//! The request schemas: one file for each function, and parts that several of them share.
//!
//! Two annotations put them together: `x-ref` puts a shared part in place, `x-include` adds the properties of shared parts.
//! They are gone before anything is checked or shown.

use serde_json::{Map, Value};

use parallel_agents_engine::json::schema;

/// What the build script left of one file.
#[derive(Clone, Copy)]
pub struct Texts {
    /// All of it.
    pub whole: &'static str,
    /// All that is checked: everything but the words, which are most of it.
    pub checks: &'static str,
}

/// Both forms of a file below `schemas/`.
macro_rules! texts {
    ($path:expr) => {
        $crate::documents::schemas::Texts {
            whole: include_str!(concat!(env!("OUT_DIR"), "/schemas/", $path, ".json")),
            checks: include_str!(concat!(env!("OUT_DIR"), "/schemas/", $path, ".checks.json")),
        }
    };
}
pub(super) use texts;

macro_rules! shared {
    ($($name:literal),*) => {
        &[$(($name, texts!(concat!("shared/", $name)))),*]
    };
}

/// Shared parts by name.
const SHARED: &[(&str, Texts)] = shared!["session_rules", "run_rules", "task", "agents", "improvement", "team"];

/// Nesting that is looked through; the files are far flatter.
const MAX_DEPTH: usize = 16;

/// Which form of the files is read.
type Form = fn(Texts) -> &'static str;

/// The schema of a function's arguments for checking them.
pub fn for_checks(texts: Texts) -> Value {
    read(texts, |texts| texts.checks)
}

/// The same for showing, with its words and without this crate's own annotations.
pub fn for_callers(texts: Texts) -> Value {
    schema::published(&read(texts, |texts| texts.whole))
}

fn read(texts: Texts, form: Form) -> Value {
    // The files are this crate's own and a test reads each of them.
    let mut schema: Value = serde_json::from_str(form(texts)).unwrap_or_default();
    resolve(&mut schema, form, 0);
    schema
}

fn shared(name: &str, form: Form) -> Value {
    let text = SHARED.iter().find(|(known, _)| *known == name).map_or("{}", |(_, texts)| form(*texts));
    serde_json::from_str(text).unwrap_or_default()
}

fn resolve(schema: &mut Value, form: Form, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(name) = schema.get("x-ref").and_then(Value::as_str) {
        *schema = shared(name, form);
    }
    let names = schema.get("x-include").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let included: Vec<Value> = names.map(|name| shared(name, form)).collect();
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                included.into_iter().for_each(|more| add(properties, more));
            }
            fields.values_mut().for_each(|field| resolve(field, form, depth + 1));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, form, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A function's own property stands before a shared one of the same name.
fn add(properties: &mut Map<String, Value>, more: Value) {
    let Value::Object(more) = more else { return };
    for (name, property) in more {
        properties.entry(name).or_insert(property);
    }
}
