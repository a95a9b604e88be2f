//! The tables of arguments: one for each function, and one for each part that several functions share.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents::documents::Function;
use serde_json::{Map, Value};

use crate::codes::{self, Codes};
use crate::{cells, files};

/// Fields of an object from which on it is not shown a second time.
const WORTH_A_LINK: usize = 3;

/// The file of agent definitions. It has no codes of its own, and null is never taken.
const DEFINITION: &str = "agent";

const HEAD: [&str; 5] = ["Field", "Type", "Default", "Meaning", "Refused with"];

/// A part that several requests share, with a section of its own.
#[derive(Clone, Copy)]
pub struct Shared {
    /// The file, below `schemas/`.
    file: &'static str,
    heading: &'static str,
    about: &'static str,
}

impl Shared {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 6] = [
        Self { file: "shared/task", heading: "Task", about: "One piece of work for one agent." },
        Self {
            file: "shared/session_rules",
            heading: "Session rules",
            about: "How sessions run, and which answers count.",
        },
        Self {
            file: "shared/run_rules",
            heading: "Run rules",
            about: "When a run has enough, and how its tasks depend on each other.",
        },
        Self { file: "shared/improvement", heading: "Improvement rules", about: "How drafts are judged and improved." },
        Self { file: "shared/team", heading: "Team rules", about: "What all teams take." },
        Self {
            file: DEFINITION,
            heading: "Agent definition",
            about: "An agent type of your own, as an object. The text of a definition file says the same: the prompt below a head of these fields. All problems of a definition are `E_AGENT_DEFINITION`.",
        },
    ];

    fn link(self) -> String {
        format!("[{}](#{})", self.heading.to_lowercase(), self.heading.to_lowercase().replace(' ', "-"))
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.file.trim_start_matches("shared/") == name)
    }
}

/// Makes the tables, and keeps in mind what it has shown.
pub struct Arguments<'a> {
    codes: &'a Codes,
    shown: BTreeMap<String, String>,
    /// All codes that the tables name.
    pub named: BTreeSet<String>,
}

impl<'a> Arguments<'a> {
    pub fn new(codes: &'a Codes) -> Self {
        Self { codes, shown: BTreeMap::new(), named: BTreeSet::new() }
    }

    /// The section of a shared part.
    pub fn shared(&mut self, part: Shared) -> String {
        let schema = files::read(part.file);
        let properties = schema.get("properties").unwrap_or(&schema);
        let mut rows = Vec::new();
        self.rows(part.file, "", properties, &schema["required"], &mut rows);
        let columns = if part.file == DEFINITION { HEAD.len() - 1 } else { HEAD.len() };
        rows.iter_mut().for_each(|row| row.truncate(columns));
        format!("\n### {}\n\n{}\n\n{}", part.heading, part.about, cells::table(&HEAD[..columns], &rows))
    }

    /// What a function takes.
    pub fn function(&mut self, function: Function) -> String {
        let schema = files::request(function);
        let properties = &schema["properties"];
        let name = function.name();
        let mut text = match self.shown.get(&key(properties)) {
            Some(place) => format!("Takes the fields of {place}.\n\n"),
            None => {
                self.keep(properties, format!("[`{name}`](#{name})"));
                let mut rows = Vec::new();
                self.rows(name, "", properties, &schema["required"], &mut rows);
                if rows.is_empty() { "Takes `{}`.\n\n".to_owned() } else { cells::table(&HEAD, &rows) }
            }
        };
        let parts = schema["x-include"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let parts: Vec<String> = parts.filter_map(Shared::named).map(Shared::link).collect();
        if let Some((last, others)) = parts.split_last() {
            let others = others.join(", ");
            text += &format!("It also takes the {others}{}{last}.\n", if others.is_empty() { "" } else { " and " });
        }
        let whole = self.codes.of(&(name.to_owned(), String::new()));
        if !whole.is_empty() {
            text += &format!("A request as a whole can be refused with {}.\n", cells::sorted(&whole));
            self.named.extend(whole);
        }
        if text.ends_with("\n\n") { text } else { text + "\n" }
    }

    /// What a field may be refused with: what its schema says, and what was found.
    fn codes(&self, file: &str, field: &str, property: &Value) -> BTreeSet<String> {
        let place = match property["x-ref"].as_str() {
            Some(part) if files::shared(part)["properties"].is_object() => (format!("shared/{part}"), String::new()),
            Some(part) => (format!("shared/{part}"), field.to_owned()),
            None => (file.to_owned(), field.to_owned()),
        };
        let mut codes = self.codes.of(&place);
        let property = whole(property);
        if let Some(part) = property["items"]["x-ref"].as_str() {
            codes.extend(self.codes.of(&codes::list_of(part)));
            codes.extend(self.codes.of(&(format!("shared/{part}"), String::new())));
        }
        let own = [&property, &whole(&property["items"])].map(|schema| schema["x-code"].as_str().map(str::to_owned));
        codes.extend(own.into_iter().flatten());
        codes
    }

    fn keep(&mut self, properties: &Value, place: String) {
        if properties.as_object().is_some_and(|properties| properties.len() >= WORTH_A_LINK) {
            self.shown.entry(key(properties)).or_insert(place);
        }
    }

    /// The rows of an object's properties, and of the objects in these.
    fn rows(&mut self, file: &str, prefix: &str, properties: &Value, required: &Value, rows: &mut Vec<Vec<String>>) {
        let none = Map::new();
        for (name, property) in properties.as_object().unwrap_or(&none) {
            let field = format!("{prefix}{name}");
            let property = in_place(property);
            let items = property.get("items").unwrap_or(&Value::Null);
            let is_required = required.as_array().is_some_and(|names| names.iter().any(|known| known == name));
            let (default, meaning) = cells::default(&whole(&property));
            let inner = inner(&property);
            let known = inner.as_ref().and_then(|(_, inner)| self.shown.get(&key(&inner["properties"])).cloned());
            let of = named_part(items).or_else(|| known.clone().map(|place| format!("the fields of {place}")));
            let mut kind = named_part(&property).unwrap_or_else(|| cells::kind(&property, of.as_deref()));
            if !is_required && is_never_null(&property) && file != DEFINITION {
                kind += ", *not null*";
            }
            let codes = self.codes(file, &field, &properties[name]);
            rows.push(vec![
                format!("`{field}`"),
                kind,
                if is_required { "**required**".to_owned() } else { cells::plain(&default) },
                cells::plain(&meaning),
                cells::sorted(&codes),
            ]);
            self.named.extend(codes);
            if let Some((step, inner)) = inner.filter(|_| known.is_none()) {
                self.keep(&inner["properties"], format!("`{field}` of [`{file}`](#{file})"));
                self.rows(file, &format!("{field}{step}."), &inner["properties"], &inner["required"], rows);
            }
        }
    }
}

/// Objects that say the same have the same key.
fn key(properties: &Value) -> String {
    properties.to_string()
}

/// A property, with what it refers to in its place.
fn whole(property: &Value) -> Value {
    property["x-ref"].as_str().map_or_else(|| property.clone(), files::shared)
}

/// A shared part that is no object of its own stands where it is referred to.
fn in_place(property: &Value) -> Value {
    let part = whole(property);
    if part["properties"].is_object() && property["x-ref"].is_string() { property.clone() } else { part }
}

/// Lists never are; that is said once.
fn is_never_null(property: &Value) -> bool {
    !cells::takes_null(property) && !property["type"].is_null() && property["type"] != "array"
}

/// The link to a part that has a section.
fn named_part(schema: &Value) -> Option<String> {
    // What an agent type may be stands in a file that is no part of the schemas of requests.
    let definition = (schema["x-code"] == "E_AGENT_DEFINITION").then_some(DEFINITION);
    schema["x-ref"].as_str().or(definition).and_then(Shared::named).map(Shared::link)
}

/// The object whose fields belong to a field, and what stands between the names of the two.
fn inner(property: &Value) -> Option<(&'static str, Value)> {
    let items = property.get("items").map(|items| ("[]", items));
    let values = property.get("x-values").map(|values| (".*", values));
    let (step, inner) = items.or(values).unwrap_or(("", property));
    inner["properties"].is_object().then(|| (step, inner.clone()))
}
