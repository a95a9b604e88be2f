//! The items of a wide run, from whatever people have them in.

mod directory;
mod lines;
mod table;

use std::path::{Path, PathBuf};

use anyhow::bail;
use parallel_agents_engine::json::strict::{self, REQUEST_BOUNDS};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::args::ItemArguments;
use crate::fault::Fault;
use crate::input;
use crate::outcome::Failure;

/// Reads the items that the options name. None: the template has them.
pub fn read(arguments: &ItemArguments) -> Result<Option<Vec<Value>>, Failure> {
    let Some(path) = &arguments.items else { return Ok(None) };
    let items = of_path(path, arguments)?;
    if items.is_empty() {
        let fault = Fault::new(path.display(), format!("{} has no items", path.display()));
        return Err(Failure::file(path, fault.limit("1..=10000 items").into()));
    }
    Ok(Some(items))
}

fn of_path(path: &Path, arguments: &ItemArguments) -> Result<Vec<Value>, Failure> {
    let kind = match path.extension() {
        _ if path.is_dir() => {
            return match arguments.delimiter {
                None => directory::read(path, &arguments.pattern),
                Some(delimiter) => Err(no_table(path, delimiter)),
            };
        }
        Some(extension) => extension.to_string_lossy().to_lowercase(),
        None => String::new(),
    };
    if let Some(pattern) = arguments.pattern.first() {
        let fault =
            Fault::new("--pattern", "a pattern is for the files of a directory, and --items is none").got(pattern);
        return Err(Failure::Bad { code: "E_USAGE", error: fault.hint("leave it out").into() });
    }
    if let Some(delimiter) = arguments.delimiter.filter(|_| ["json", "jsonl", "ndjson"].contains(&kind.as_str())) {
        return Err(no_table(path, delimiter));
    }
    let text = input::items(path)?;
    let bad = |error: anyhow::Error| Failure::file(path, error.context(format!("cannot use {}", path.display())));
    match kind.as_str() {
        "csv" | "tsv" | "tab" => {
            let tabs = (kind != "csv").then_some('\t');
            table::read(&text, arguments.delimiter.or(tabs)).map_err(bad)
        }
        "json" => list(&text).map_err(bad),
        "jsonl" | "ndjson" => lines::read(&text).map_err(bad),
        // Standard input, or a name that says nothing; a delimiter says that it is a table.
        _ if arguments.delimiter.is_some() => table::read(&text, arguments.delimiter).map_err(bad),
        _ => unnamed(&text, path.as_os_str() == "-").map_err(bad),
    }
}

/// The files that items were read from.
pub fn files(arguments: &ItemArguments, items: &[Value]) -> Vec<PathBuf> {
    match &arguments.items {
        Some(path) if path.is_dir() => {
            items.iter().filter_map(|item| item.get("path")?.as_str()).map(|below| path.join(below)).collect()
        }
        path => path.iter().cloned().collect(),
    }
}

/// Items whose form no name says: JSON Lines, or one JSON list. A list over several lines has a first line that is no JSON; of a file
/// with a single line that is a list the entries are meant, but not of standard input, which is for JSON Lines.
fn unnamed(text: &str, is_standard_input: bool) -> anyhow::Result<Vec<Value>> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let begins_lines = lines.next().is_some_and(is_json) && (is_standard_input || lines.next().is_some());
    match text.trim_start().starts_with('[') && !begins_lines {
        true => list(text),
        false => lines::read(text),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn no_table(path: &Path, delimiter: char) -> Failure {
    let fault = Fault::new("--delimiter", format!("a delimiter is for a table, and {} is none", path.display()));
    Failure::Bad { code: "E_USAGE", error: fault.got(delimiter).hint("leave it out").into() }
}

/// The entries of a JSON list.
fn list(text: &str) -> anyhow::Result<Vec<Value>> {
    match strict::parse(text, REQUEST_BOUNDS) {
        Ok(Value::Array(items)) => Ok(items),
        Ok(other) => {
            let fault = Fault::new("", "it is no list").got(kind_of(&other)).limit("a JSON list of items");
            bail!(fault.hint("JSON Lines have names that end in .jsonl"))
        }
        Err(error) => bail!(Fault::new("", format!("it is not acceptable JSON: {error}"))),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_that_are_lists_are_items_and_one_list_over_several_lines_has_entries() {
        let items = |text: &str, is_standard_input| unnamed(text, is_standard_input).ok().map(Value::from);
        for is_standard_input in [true, false] {
            let items = |text: &str| items(text, is_standard_input);
            assert_eq!(items("[\"a\",1]\n\n[\"b\",2]\n"), Some(json!([["a", 1], ["b", 2]])));
            assert_eq!(items("[\n  \"a\",\n  \"b\"\n]\n"), Some(json!(["a", "b"])));
            assert_eq!(items("[[1],\n[2]]"), Some(json!([[1], [2]])));
            assert_eq!(items("\"a\"\n"), Some(json!(["a"])));
            assert_eq!(items("[1]\n[2\n"), None);
        }
        assert_eq!(items("[\"a\",\"b\"]\n", true), Some(json!([["a", "b"]])), "one line, one item");
        assert_eq!(items("[\"a\",\"b\"]\n", false), Some(json!(["a", "b"])));
        let told = unnamed("[1]\n[2\n", true).expect_err("no JSON").to_string();
        assert!(told.starts_with("line 2: "), "{told}");
    }
}
