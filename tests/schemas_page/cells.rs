//! The cells of a table: what a schema says, in words.

use std::collections::BTreeSet;

use serde_json::Value;

/// Codes, one after the other.
pub fn codes<'a>(codes: impl IntoIterator<Item = &'a &'a str>) -> String {
    codes.into_iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
}

/// A text as it can stand in a table.
pub fn plain(text: &str) -> String {
    let escaped = |text: &str| text.replace('<', "\\<").replace("[a-z]", "\\[a-z]").replace('*', "\\*");
    // Between backticks only the end of a cell has to be told from its text.
    let parts = text.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { escaped(part) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`").replace('|', "\\|")
}

/// The types and limits of a field. `of` is what a list's items are, where they have a name.
pub fn kind(schema: &Value, of: Option<&str>) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        let choices = choices.iter().filter_map(Value::as_str).map(|choice| format!("`{choice}`"));
        return choices.collect::<Vec<_>>().join(", ");
    }
    let types: Vec<String> = types(schema).into_iter().map(|kind| one(kind, schema, of)).collect();
    if types.is_empty() { "any".to_owned() } else { types.join(" or ") }
}

/// The types of a field, without null.
fn types(schema: &Value) -> Vec<&str> {
    let listed = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect::<Vec<_>>(),
    };
    listed.into_iter().filter(|kind| *kind != "null").collect()
}

/// Whether a field may be null.
pub fn takes_null(schema: &Value) -> bool {
    schema["type"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "null"))
}

fn one(kind: &str, schema: &Value, of: Option<&str>) -> String {
    match kind {
        "integer" | "number" => format!("{kind}{}", range(schema, "minimum", "maximum", "")),
        "string" if schema["maxLength"].is_null() && schema["minLength"] == 1 => "string, not empty".to_owned(),
        "string" => format!("string{}", range(schema, "minLength", "maxLength", " characters")),
        "array" => {
            let items = of.map(str::to_owned).or_else(|| schema.get("items").map(|items| self::kind(items, None)));
            let items = items.filter(|items| !items.is_empty() && items != "any");
            let size = range(schema, "minItems", "maxItems", "");
            format!("list{size}{}", items.map(|items| format!(": {items}")).unwrap_or_default())
        }
        other => other.to_owned(),
    }
}

fn range(schema: &Value, least: &str, most: &str, unit: &str) -> String {
    let [least, most] = [least, most].map(|name| schema[name].as_i64().map(grouped));
    match (least, most) {
        (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
        (None, Some(most)) => format!(", at most {most}{unit}"),
        (Some(least), None) => format!(", {least} or more{unit}"),
        (None, None) => String::new(),
    }
}

/// A number with commas between thousands.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

/// What a description says about the default, and the description without it.
pub fn default(schema: &Value) -> (String, String) {
    let text = schema["description"].as_str().unwrap_or_default();
    if let Some((before, _)) = text.split_once("(the default)") {
        let named = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let last = named.filter_map(|name| before.rfind(name).map(|at| (at, name))).max();
        return (last.map(|(_, name)| format!("`{name}`")).expect("a name"), text.replace(" (the default)", ""));
    }
    let Some(at) = text.find(" by default") else { return (String::new(), text.to_owned()) };
    let begin = clause(&text[..at]);
    let end = text[at..].find(". ").map_or(text.len(), |end| at + end);
    let said = text[begin..end].replacen(" by default", "", 1);
    let said = if end == text.len() { said.strip_suffix('.').unwrap_or(&said) } else { &said };
    let said = said.trim().trim_end_matches(',');
    let before = text[..begin].trim_end().trim_end_matches([';', '.']);
    let rest = [before, text[end..].trim_start_matches(['.', ' '])].map(str::to_owned);
    let rest = match rest {
        [before, rest] if before.is_empty() => rest,
        [before, rest] if rest.is_empty() => before + ".",
        [before, rest] => before + ". " + &rest,
    };
    (said.parse().map_or_else(|_| said.to_owned(), grouped), rest)
}

/// Where the clause begins that a text ends with.
fn clause(text: &str) -> usize {
    let behind = |mark: &str| text.rfind(mark).map(|at| at + mark.len());
    // The dots of "and so on" end no sentence.
    let sentence = text.match_indices(". ").filter(|(at, _)| !text[..*at].ends_with('.')).last();
    [behind("; "), sentence.map(|(at, mark)| at + mark.len())].into_iter().flatten().max().unwrap_or(0)
}

/// A table of these columns; nothing if it has no rows.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}|{}\n{rows}\n", line(&head), "---|".repeat(head.len()))
}

/// The sorted codes as a cell.
pub fn sorted(found: &BTreeSet<String>) -> String {
    found.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(" ")
}

#[test]
fn defaults_are_told_apart_from_what_a_field_means() {
    let told = |text: &str| default(&serde_json::json!({ "description": text }));
    for (text, said, rest) in [
        ("Sessions; 5 by default.", "5", "Sessions."),
        ("Distance; 0 by default. Grows by itself.", "0", "Distance. Grows by itself."),
        ("No limit by default.", "No limit", ""),
        ("A name; task-1, task-2, ... by default.", "task-1, task-2, ...", "A name."),
        ("How long; 0, not at all, by default.", "0, not at all", "How long."),
        ("Of all; a tenth by default, but 2 at least.", "a tenth, but 2 at least", "Of all."),
        ("What to do.", "", "What to do."),
    ] {
        assert_eq!(told(text), (said.to_owned(), rest.to_owned()), "{text}");
    }
}
