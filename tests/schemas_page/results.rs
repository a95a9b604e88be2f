//! The tables of results. A result that only one function gives back stands with that function.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{cells, files};

const HEAD: [&str; 3] = ["Field", "Type", "Meaning"];

/// What a function gives back.
pub fn returned(names: &[&str]) -> String {
    match names {
        [request, report] => {
            let [request, report] = [request, report].map(|name| link(name));
            format!("Returns a {request}; with `run: true` the {report} of its run.\n\n")
        }
        [name] if is_shared(name) => format!("Returns a {}.\n\n", link(name)),
        [name] => format!("Returns:\n\n{}", table(name)),
        _ => panic!("a function returns one thing: {names:?}"),
    }
}

/// The sections of results that several functions give back, or that are parts of others.
pub fn shared(returned: impl Iterator<Item = &'static [&'static str]>) -> String {
    let mut used: BTreeMap<String, ()> = BTreeMap::new();
    for name in returned.flatten() {
        collect(&files::result(name), &mut used);
        if is_shared(name) {
            used.insert((*name).to_owned(), ());
        }
    }
    let missing: Vec<_> = SHARED.iter().filter(|name| !used.contains_key(**name)).collect();
    assert!(missing.is_empty() && used.len() == SHARED.len(), "not the shared ones: {used:?}");
    SHARED.iter().map(|name| format!("\n### {}\n\n{}", title(name), table(name))).collect()
}

/// In the order of the page.
const SHARED: [&str; 10] = [
    "report",
    "task_result",
    "task_error",
    "usage",
    "spending",
    "forecast",
    "request",
    "draft_result",
    "registered_agent",
    "agent_summary",
];

fn is_shared(name: &str) -> bool {
    SHARED.contains(&name)
}

/// All files that a schema refers to.
fn collect(schema: &Value, used: &mut BTreeMap<String, ()>) {
    match schema {
        Value::Object(fields) => {
            if let Some(name) = referred(schema)
                && used.insert(name.to_owned(), ()).is_none()
            {
                collect(&files::result(name), used);
            }
            fields.values().for_each(|field| collect(field, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, used)),
        _ => {}
    }
}

fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().map(|file| file.trim_end_matches(".json"))
}

fn title(name: &str) -> String {
    let mut words = name.replace('_', " ");
    words[..1].make_ascii_uppercase();
    words
}

fn link(name: &str) -> String {
    format!("[{}](#{})", name.replace('_', " "), name.replace('_', "-"))
}

fn table(name: &str) -> String {
    let schema = files::result(name);
    let mut text = String::new();
    if let Some(base) = referred(&schema) {
        let more = format!("All fields of {}, and these. {}", link(base), meaning(&schema));
        text += &format!("{}\n\n", more.trim_end());
    }
    let mut rows = Vec::new();
    self::rows("", &schema, &mut rows);
    text + &cells::table(&HEAD, &rows)
}

fn meaning(schema: &Value) -> String {
    let said = ["description", "$comment"].map(|name| schema[name].as_str().unwrap_or_default());
    cells::plain(said.join(" ").trim())
}

fn rows(prefix: &str, schema: &Value, rows: &mut Vec<Vec<String>>) {
    let none = Map::new();
    for (name, property) in schema["properties"].as_object().unwrap_or(&none) {
        let field = format!("{prefix}{name}");
        let items = &property["items"];
        let of = referred(items).map(link);
        let kind = referred(property).map(link).unwrap_or_else(|| cells::kind(property, of.as_deref()));
        let kind = if cells::takes_null(property) { format!("{kind} or null") } else { kind };
        rows.push(vec![format!("`{field}`"), kind, meaning(property)]);
        self::rows(&format!("{field}."), property, rows);
        self::rows(&format!("{field}[]."), items, rows);
    }
}
