//! The text form of a definition: a head of `key: value` lines, the prompt, and up to three sections.
//!
//! Reading and writing stand side by side, because what is written has to be read as the same definition.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::fault::Fault;
use crate::json::strict::{self, ANSWER_BOUNDS};

const HEAD: [&str; 10] = [
    "name",
    "title",
    "description",
    "category",
    "tier",
    "tools",
    "timeout_seconds",
    "max_output_tokens",
    "min_tool_calls",
    "output_format",
];
const SECTIONS: [(&str, &str); 3] =
    [("# Input", "input"), ("# Output schema", "output_schema"), ("# Example input", "example_input")];

/// A file as the object that it stands for.
pub fn read(text: &str, problems: &mut Vec<Fault>) -> Result<Map<String, Value>, Fault> {
    let text = plain_lines(text);
    let rest = text.strip_prefix("---\n").ok_or(Fault::new("", "the first line has to be `---`"))?;
    let (head, body) = rest.split_once("\n---\n").ok_or(Fault::new("", "the head has to end with a line `---`"))?;
    let mut fields = Map::new();
    for line in head.lines() {
        let Some((key, value)) = line.split_once(':') else {
            problems.push(Fault::new("", format!("{} is not `key: value`", crate::text::quoted(line))));
            continue;
        };
        let value = value.trim();
        let value = match key {
            "name" => Value::from(value.replace('-', "_")),
            "timeout_seconds" | "max_output_tokens" | "min_tool_calls" => {
                value.parse::<u64>().map_or_else(|_| Value::from(value), Value::from)
            }
            _ => Value::from(value),
        };
        if fields.insert(key.to_owned(), value).is_some() {
            problems.push(Fault::new(crate::text::escaped(key), "stands twice"));
        }
    }
    let mut field = "prompt";
    let mut rest = body;
    for (heading, next_field) in SECTIONS {
        if let Some((before, after)) = rest.split_once(&format!("\n{heading}\n")) {
            put_section(&mut fields, field, before.trim(), problems);
            (field, rest) = (next_field, after);
        }
    }
    put_section(&mut fields, field, rest.trim(), problems);
    Ok(fields)
}

/// The text without a mark for the byte order, and with line ends of one kind: neither says anything.
fn plain_lines(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

fn put_section(fields: &mut Map<String, Value>, field: &str, text: &str, problems: &mut Vec<Fault>) {
    let stray = SECTIONS.iter().find(|(heading, _)| text.lines().any(|line| line == *heading));
    if let Some((heading, _)) = stray {
        problems.push(Fault::new("", format!("the section `{heading}` is out of order")));
    }
    let value = match field {
        "prompt" | "input" => Value::from(text),
        _ => {
            let content = text.strip_prefix("```json\n").and_then(|rest| rest.strip_suffix("\n```"));
            match content.map(|content| strict::parse(content, ANSWER_BOUNDS)) {
                Some(Ok(value)) => value,
                Some(Err(error)) => return problems.push(Fault::new(field, error.to_string())),
                None => return problems.push(Fault::new(field, "need one ```json fence and nothing else")),
            }
        }
    };
    if fields.insert(field.to_owned(), value).is_some() {
        problems.push(Fault::new(field, "stands both in the head and in the text"));
    }
}

/// The text form of a definition without faults, and the definition as it is read from there: blanks around its texts are
/// left out. An error if a field does not come back as it is.
pub fn write(definition: &Map<String, Value>) -> Result<(Map<String, Value>, String), Vec<Fault>> {
    let mut text = String::from("---\n");
    for key in HEAD {
        if let Some(value) = definition.get(key) {
            text.push_str(&format!("{key}: {}\n", plain(value)));
        }
    }
    text.push_str("---\n\n");
    text.push_str(&definition.get("prompt").map(plain).unwrap_or_default());
    text.push('\n');
    for (heading, field) in SECTIONS {
        match definition.get(field) {
            Some(Value::String(words)) => text.push_str(&format!("\n{heading}\n\n{}\n", words.trim())),
            Some(value) => text.push_str(&format!("\n{heading}\n\n```json\n{value:#}\n```\n")),
            None => {}
        }
    }
    let mut problems = Vec::new();
    let again = read(&text, &mut problems).map_err(|problem| vec![problem])?;
    for (field, value) in definition {
        let value = value.as_str().map_or_else(|| value.clone(), |words| Value::from(words.trim()));
        if again.get(field) != Some(&value) {
            let why = "it holds a line break in the head, or a line that begins a section";
            problems.push(Fault::new(field, format!("has no text form: {why}")));
        }
    }
    if problems.is_empty() { Ok((again, text)) } else { Err(problems) }
}

/// Texts as they are without the blanks around them, everything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |words| words.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(definition: &Value) -> Result<(Map<String, Value>, String), Vec<Fault>> {
        write(definition.as_object().expect("an object"))
    }

    fn full() -> Value {
        json!({"name": "x_1", "description": "Does it: well.", "category": "c", "tier": "economy", "tools": "none",
            "timeout_seconds": 5, "min_tool_calls": 0, "output_format": "json", "prompt": "Do it.\n\n## How\n\n---\n\n```json\n{}\n```",
            "input": "- `a`: one", "output_schema": {"type": "object", "const": {"b": 1.5, "a": "```\n# Input\n"}},
            "example_input": {"text": "---\n"}})
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let small = json!({"name": "x", "description": "y", "prompt": "z"});
        let mut no_input = full();
        no_input.as_object_mut().expect("an object").remove("input");
        let mut empty_input = full();
        empty_input["input"] = json!("");
        for definition in [full(), small, no_input, empty_input] {
            let (again, text) = written(&definition).expect("it has a text form");
            assert_eq!(Value::Object(again.clone()), definition);
            // And that once more is the same to the byte.
            assert_eq!(write(&again), Ok((again, text)));
        }
    }

    #[test]
    fn blanks_around_texts_are_left_out() {
        let mut padded = full();
        padded["prompt"] = json!("\n Do it. \n\n");
        padded["description"] = json!(" Does it. ");
        let (again, _) = written(&padded).expect("it has a text form");
        assert_eq!((&again["prompt"], &again["description"]), (&json!("Do it."), &json!("Does it.")));
    }

    #[test]
    fn what_would_come_back_as_something_else_is_refused() {
        for (field, value) in [
            ("description", json!("One line.\ntools: inherit")),
            ("description", json!("One line.\n---\nAnd a prompt.")),
            ("prompt", json!("Do it.\n\n# Input\n\n- `b`: two")),
            ("prompt", json!("Do it.\n\n# Example input\n\n```json\n{}\n```")),
            ("input", json!("- `a`\n\n# Output schema\n\n```json\n{}\n```")),
            ("category", json!("c\n")),
        ] {
            let mut bad = full();
            bad[field] = value;
            let told = written(&bad);
            // Blanks at the end of a line of the head are no content.
            assert!(if field == "category" { told.is_ok() } else { told.is_err() }, "{bad:#}: {told:?}");
        }
    }
}
