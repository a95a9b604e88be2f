//! Whether an agent may use tools. The component knows no lists of tools: an agent has those of its host, or none.

use serde_json::{Map, Value};

use super::Warning;

/// Tool names that a warning lists.
const MAX_LISTED: usize = 8;

/// What a value of a key about tools means.
enum Meaning {
    /// Nothing is said.
    Unsaid,
    /// The agent is to have none.
    None,
    /// All of the host's.
    All,
    /// Some, by name.
    Some(Vec<String>),
}

/// The component's `tools` of the fields of a head: `none`, `inherit`, or nothing where nothing is said.
pub fn read(fields: &Map<String, Value>, warnings: &mut Vec<Warning>) -> Option<&'static str> {
    let mut answer = None;
    for (key, value) in fields {
        let plain = key.to_lowercase().replace('_', "-");
        let tools = match plain.as_str() {
            "tools" | "allowed-tools" | "allowedtools" => match allowed(value) {
                Meaning::Unsaid => continue,
                Meaning::None => "none",
                Meaning::All => "inherit",
                Meaning::Some(names) => {
                    let all = "not limited to these here: the agent may use all tools of the host";
                    warnings.push(Warning::of(key, format!("{}: {all}", listed(&names))));
                    "inherit"
                }
            },
            "disallowedtools" | "disallowed-tools" | "permission" | "permissions" => match denied(value) {
                Meaning::Unsaid => continue,
                Meaning::All => "none",
                Meaning::None | Meaning::Some(_) => {
                    warnings.push(Warning::of(key, "not enforced here: an agent has all tools of the host, or none"));
                    continue;
                }
            },
            _ => continue,
        };
        // Whoever is denied all tools has none, whatever else is said.
        if answer != Some("none") {
            answer = Some(tools);
        }
    }
    answer
}

fn allowed(value: &Value) -> Meaning {
    match value {
        Value::Null => Meaning::Unsaid,
        Value::Bool(true) => Meaning::All,
        Value::Bool(false) => Meaning::None,
        Value::Object(map) => {
            let on: Vec<String> = map.iter().filter(|(_, value)| is_on(value)).map(|(name, _)| name.clone()).collect();
            match (map.is_empty(), on.is_empty()) {
                (true, _) => Meaning::Unsaid,
                // Switching some off leaves the rest on, unless that is switched off as well.
                (false, true) if map.contains_key("*") => Meaning::None,
                (false, true) => Meaning::Some(map.keys().map(|name| format!("without {name}")).collect()),
                (false, false) => Meaning::Some(on),
            }
        }
        Value::Array(items) if items.is_empty() => Meaning::None,
        _ => words(&names(value)),
    }
}

fn words(names: &[String]) -> Meaning {
    let only =
        |words: &[&str]| !names.is_empty() && names.iter().all(|name| words.contains(&name.to_lowercase().as_str()));
    match names {
        [] => Meaning::Unsaid,
        _ if only(&["none", "[]"]) => Meaning::None,
        _ if names.iter().any(|name| ["*", "all", "inherit"].contains(&name.to_lowercase().as_str())) => Meaning::All,
        _ => Meaning::Some(names.to_vec()),
    }
}

fn denied(value: &Value) -> Meaning {
    match value {
        Value::Null => Meaning::Unsaid,
        Value::String(word) if word.trim().eq_ignore_ascii_case("deny") => Meaning::All,
        Value::Object(map) => {
            let all_denied = map.values().all(|value| value.as_str() == Some("deny"));
            if map.contains_key("*") && all_denied { Meaning::All } else { Meaning::Some(Vec::new()) }
        }
        Value::Array(items) if items.is_empty() => Meaning::Unsaid,
        _ => words(&names(value)),
    }
}

fn is_on(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(word) => !["false", "deny", "off", "no"].contains(&word.to_lowercase().as_str()),
        Value::Null => false,
        Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    }
}

/// Names in a list, or in a text with commas. Commas in brackets belong to a name: `Bash(git add, git commit)`.
fn names(value: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let items = match value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        other => vec![text_of(other)],
    };
    for item in items {
        let (mut depth, mut name) = (0_usize, String::new());
        for character in item.chars() {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if matches!(character, ',' | '\n') && depth == 0 {
                names.push(std::mem::take(&mut name));
            } else {
                name.push(character);
            }
        }
        names.push(name);
    }
    names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_LISTED);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What comes out, and how many warnings.
    fn of(fields: Value) -> (Option<&'static str>, usize) {
        let mut warnings = Vec::new();
        let tools = read(fields.as_object().expect("an object"), &mut warnings);
        (tools, warnings.len())
    }

    #[test]
    fn lists_of_tools_mean_all_tools_and_a_warning() {
        for tools in
            [json!("Read, Grep"), json!(["Read", "Grep"]), json!("Bash(git add, git commit)"), json!({"read": true})]
        {
            assert_eq!(of(json!({ "tools": tools })), (Some("inherit"), 1), "{tools}");
        }
        assert_eq!(of(json!({"allowed-tools": "Read"})), (Some("inherit"), 1));
        assert_eq!(of(json!({"tools": {"write": false}})), (Some("inherit"), 1));
    }

    #[test]
    fn none_and_all_are_said_in_several_ways() {
        for tools in [json!([]), json!("none"), json!(["none"]), json!(false), json!({"*": false})] {
            assert_eq!(of(json!({ "tools": tools })), (Some("none"), 0), "{tools}");
        }
        for tools in [json!("*"), json!(["*"]), json!("All"), json!("inherit"), json!(true)] {
            assert_eq!(of(json!({ "tools": tools })), (Some("inherit"), 0), "{tools}");
        }
        for tools in [json!(null), json!(""), json!({})] {
            assert_eq!(of(json!({ "tools": tools })), (None, 0), "{tools}");
        }
    }

    #[test]
    fn what_is_denied_is_denied_only_as_a_whole() {
        assert_eq!(of(json!({"permission": {"edit": "deny"}})), (None, 1));
        assert_eq!(of(json!({"permission": {"*": "deny"}})), (Some("none"), 0));
        assert_eq!(of(json!({"disallowedTools": "Write, Edit"})), (None, 1));
        assert_eq!(of(json!({"disallowedTools": ["*"], "tools": "Read"})), (Some("none"), 1));
        assert_eq!(of(json!({"model": "x"})), (None, 0));
    }

    #[test]
    fn a_long_list_is_shortened() {
        let names: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
        let mut warnings = Vec::new();
        read(json!({ "tools": names }).as_object().expect("an object"), &mut warnings);
        assert!(warnings[0].message.starts_with("t0, t1, t2, t3, t4, t5, t6, t7 and 4 more: "), "{warnings:?}");
    }
}
