//! The head of a file: YAML, and where it is not, what its lines most likely mean.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use serde_saphyr::options::DuplicateKeyPolicy;

use super::{Warning, lines};

/// What aliases may repeat, in events of the parser. Heads hardly have any; a bomb is made of them.
const MAX_ALIASED: usize = 1000;

/// The fields of a head.
#[derive(Debug, Default, PartialEq)]
pub struct Head {
    /// By key, as they are written.
    pub fields: Map<String, Value>,
    /// The line of the file on which each key stands.
    pub lines: BTreeMap<String, usize>,
    /// How it was read if it is not YAML.
    pub warnings: Vec<Warning>,
}

/// Whether a text is a YAML mapping.
pub fn is_yaml(text: &str) -> bool {
    yaml(text, DuplicateKeyPolicy::LastWins).is_ok()
}

/// Reads a head whose first line is the given one of its file.
pub fn read(text: &str, first_line: usize) -> Head {
    let mut warnings = Vec::new();
    let fields = match yaml(text, DuplicateKeyPolicy::Error) {
        Ok(fields) => fields,
        Err(error) => match yaml(text, DuplicateKeyPolicy::LastWins) {
            Ok(fields) => {
                warnings.push(Warning::whole("a key stands twice in the head; the last one counts"));
                fields
            }
            Err(_) => {
                let line =
                    error.location().map(|place| first_line + usize::try_from(place.line()).unwrap_or(1).max(1) - 1);
                let message = "the head is not YAML from here on; it is read line by line".to_owned();
                warnings.push(Warning { line, field: String::new(), message });
                lines::read(text)
            }
        },
    };
    let mut places = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(key) = lines::key_of(line).filter(|key| fields.contains_key(*key)) {
            places.entry(key.to_owned()).or_insert(first_line + at);
        }
    }
    Head { fields, lines: places, warnings }
}

/// A mapping, or nothing at all.
fn yaml(text: &str, duplicates: DuplicateKeyPolicy) -> Result<Map<String, Value>, serde_saphyr::Error> {
    let aliases = serde_saphyr::alias_limits! { max_total_replayed_events: MAX_ALIASED };
    let options = serde_saphyr::options! { duplicate_keys: duplicates, with_snippet: false, alias_limits: aliases };
    serde_saphyr::from_str_with_options::<Option<Map<String, Value>>>(text, options).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_read_as_yaml() {
        let head =
            read("name: a\n\ndescription: >-\n  Two\n  lines.\ntools: [Read, \"Grep\"]\n# a comment\nmodel:\n", 2);
        let fields = json!({"name": "a", "description": "Two lines.", "tools": ["Read", "Grep"], "model": null});
        assert_eq!(Value::Object(head.fields), fields);
        assert_eq!(head.lines.get("tools"), Some(&7));
        assert_eq!(head.warnings, []);
    }

    #[test]
    fn the_last_of_two_equal_keys_counts_and_is_told() {
        let head = read("name: a\nname: b\n", 2);
        assert_eq!((head.fields.get("name"), head.warnings.len()), (Some(&json!("b")), 1));
    }

    #[test]
    fn a_head_that_is_not_yaml_is_read_by_lines_and_told_with_its_place() {
        let head = read("name: a\ndescription: Use it: when in doubt: ask.\nmodel: b", 2);
        assert_eq!(head.fields.get("description"), Some(&json!("Use it: when in doubt: ask.")));
        assert_eq!(head.fields.get("model"), Some(&json!("b")));
        assert_eq!(head.warnings.first().map(|warning| warning.line), Some(Some(3)));
    }

    #[test]
    fn an_alias_bomb_is_no_yaml_and_costs_nothing() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(", ")));
        }
        assert!(!is_yaml(&text));
    }
}
