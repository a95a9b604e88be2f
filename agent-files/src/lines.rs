//! A head that is no YAML, read line by line: descriptions with colons, examples in tags, tabs, quotes that do not close.

use serde_json::{Map, Value};

/// Keys at which a description ends, in whatever format of agents. Others may be words of the description itself.
const KNOWN: [&str; 62] = [
    "agent",
    "agents",
    "allowed-tools",
    "allowed_tools",
    "alwaysApply",
    "applyTo",
    "argument-hint",
    "author",
    "background",
    "capabilities",
    "category",
    "color",
    "colour",
    "dependencies",
    "description",
    "disallowedTools",
    "disallowed-tools",
    "effort",
    "emoji",
    "globs",
    "handoffs",
    "hidden",
    "hooks",
    "icon",
    "id",
    "instructions",
    "isolation",
    "kind",
    "license",
    "max_output_tokens",
    "max_turns",
    "maxTurns",
    "maxSteps",
    "mcp-servers",
    "mcpServers",
    "memory",
    "metadata",
    "min_tool_calls",
    "mode",
    "model",
    "name",
    "output_format",
    "permission",
    "permissionMode",
    "permissions",
    "priority",
    "prompt",
    "skills",
    "slug",
    "steps",
    "system_prompt",
    "tags",
    "temperature",
    "thinking",
    "tier",
    "timeout_mins",
    "timeout_seconds",
    "title",
    "tools",
    "top_p",
    "vibe",
    "version",
];

/// The key with which a line begins at its very beginning.
pub fn key_of(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_end();
    let fits = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (fits && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(key)
}

/// Whether a key belongs to some format of agents.
pub fn is_known(key: &str) -> bool {
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// Whether the value of a key is prose, which may hold anything.
pub fn is_text(key: &str) -> bool {
    ["description", "prompt"].iter().any(|text| text.eq_ignore_ascii_case(key))
}

struct Entry<'a> {
    key: &'a str,
    first: &'a str,
    rest: Vec<&'a str>,
}

/// The fields that the lines stand for. Of two equal keys the first counts, since the second may be part of a text.
pub fn read(text: &str) -> Map<String, Value> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut open_example = false;
    for (at, line) in lines.iter().enumerate() {
        let new = key_of(line).filter(|key| !open_example && begins_entry(key, &entries));
        match (new, entries.last_mut()) {
            (Some(key), _) => {
                let first = line.split_once(':').map_or("", |(_, value)| value.trim());
                entries.push(Entry { key, first, rest: Vec::new() });
            }
            (None, Some(entry)) => entry.rest.push(line),
            (None, None) => {}
        }
        open_example =
            leaves_open(line, open_example) && lines.iter().skip(at + 1).any(|line| line.contains("</example>"));
    }
    let mut fields = Map::new();
    for entry in entries {
        let value = value(&entry);
        fields.entry(entry.key).or_insert(value);
    }
    fields
}

/// Whether a key is one here: it is known, or what stands before it is not a text that may hold any words.
fn begins_entry(key: &str, entries: &[Entry<'_>]) -> bool {
    if entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(key)) {
        return false;
    }
    is_known(key) || !entries.last().is_some_and(|entry| is_text(entry.key))
}

/// Whether an example is open after a line.
fn leaves_open(line: &str, open: bool) -> bool {
    match (line.rfind("<example>"), line.rfind("</example>")) {
        (Some(begins), Some(ends)) => begins > ends,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => open,
    }
}

fn value(entry: &Entry<'_>) -> Value {
    let is_text = is_text(entry.key);
    let first = without_comment(entry.first).trim_end();
    if first.starts_with(['|', '>']) && first.len() <= 3 {
        // Indented, a `#` is part of a block.
        let block = entry.rest.iter().filter(|line| is_text || !line.starts_with('#')).map(|line| line.trim());
        return Value::from(block.collect::<Vec<_>>().join("\n").trim());
    }
    let (first, lines): (&str, Vec<&str>) = if is_text {
        (entry.first, entry.rest.clone())
    } else {
        let told = entry.rest.iter().filter(|line| !line.trim_start().starts_with('#'));
        (first, told.map(|line| without_comment(line)).collect())
    };
    let rest: Vec<&str> = lines.iter().copied().filter(|line| !line.trim().is_empty()).collect();
    if first.is_empty() && rest.is_empty() {
        return Value::Null;
    }
    if first.is_empty() {
        let items: Option<Vec<Value>> = rest.iter().map(|line| item(line)).collect();
        if let Some(items) = items {
            return Value::Array(items);
        }
        if let Some(map) = mapping(&rest) {
            return Value::Object(map);
        }
    }
    let lines = std::iter::once(first).chain(lines.iter().map(|line| line.trim_end()));
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.trim();
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(items) => {
            let items = items.split([',', '\n']).map(unquoted).filter(|item| !item.is_empty());
            Value::Array(items.map(Value::from).collect())
        }
        None => Value::from(unquoted(text)),
    }
}

/// A line up to its comment, as YAML has it: up to a `#` at its beginning or after a blank, outside of quotes.
fn without_comment(line: &str) -> &str {
    let mut quote: Option<char> = None;
    // The first that a quote hides: one that nothing closes is an apostrophe, and hides none.
    let mut hidden: Option<usize> = None;
    let mut before = ' ';
    for (at, sign) in line.char_indices() {
        let is_comment = sign == '#' && matches!(before, ' ' | '\t');
        // Two quotes in a row are one that stands inside.
        let begins_value = before == sign || matches!(before, ' ' | '\t' | '[' | '{' | ',' | ':');
        match quote {
            None if is_comment => return line.get(..at).unwrap_or(line),
            None if matches!(sign, '"' | '\'') && begins_value => quote = Some(sign),
            Some(open) if sign == open && (open == '\'' || before != '\\') => (quote, hidden) = (None, None),
            Some(_) if is_comment => hidden = hidden.or(Some(at)),
            _ => {}
        }
        before = sign;
    }
    hidden.and_then(|at| line.get(..at)).unwrap_or(line)
}

/// The value of a line `- value`.
fn item(line: &str) -> Option<Value> {
    let rest = line.trim_start().strip_prefix('-')?;
    rest.starts_with([' ', '\t']).then(|| Value::from(unquoted(rest)))
}

/// Indented lines `key: value` of one level.
fn mapping(lines: &[&str]) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    for line in lines {
        let (key, value) = line.starts_with([' ', '\t']).then(|| line.split_once(':'))??;
        let value = match unquoted(value).as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            other => Value::from(other),
        };
        fields.insert(unquoted(key), value);
    }
    Some(fields)
}

/// A value without its quotes, if it has them on both sides.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        let inside = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside {
            return if quote == '"' { inside.replace("\\\"", "\"") } else { inside.replace("''", "'") };
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expect(text: &str, fields: Value) {
        assert_eq!(Value::Object(read(text)), fields, "{text}");
    }

    #[test]
    fn colons_and_quotes_are_part_of_a_text() {
        expect(
            "name: a\ndescription: Use it: \"now\" or: later\nmodel: b",
            json!({"name": "a", "description": "Use it: \"now\" or: later", "model": "b"}),
        );
        expect("description: \"It said: \"no\" and left\"", json!({"description": "It said: \"no\" and left"}));
        expect("description: 'don't: ever'", json!({"description": "don't: ever"}));
    }

    #[test]
    fn examples_with_keys_of_their_own_belong_to_the_description() {
        let text = "name: a\ndescription: Use it when.\n\n<example>\nContext: a shop\nuser: \"Help: now\"\nname: no\n</example>\nassistant: \"Yes\"\n\ntools: A, B";
        let fields = read(text);
        let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
        assert!(description.contains("name: no") && description.ends_with("assistant: \"Yes\""), "{description}");
        assert_eq!(fields.get("tools"), Some(&json!("A, B")));
        assert_eq!(fields.get("name"), Some(&json!("a")));
        // One that never closes does not swallow what follows.
        expect("description: x <example> y: z\nmodel: b", json!({"description": "x <example> y: z", "model": "b"}));
    }

    #[test]
    fn lists_and_maps_and_blocks_keep_their_form() {
        expect("x: @a\ntools:\n\t- A\n\t- \"B\"\n", json!({"x": "@a", "tools": ["A", "B"]}));
        expect("x: a: b\ntools: [A, 'B',\n  C]", json!({"x": "a: b", "tools": ["A", "B", "C"]}));
        expect(
            "x: a: b\npermission:\n  edit: deny\n  bash: false",
            json!({"x": "a: b", "permission": {"edit": "deny", "bash": false}}),
        );
        expect(
            "x: a: b\ndescription: |\n\tOne.\n\tTwo.\nmodel:",
            json!({"x": "a: b", "description": "One.\nTwo.", "model": null}),
        );
        expect("tools: *\nname: a", json!({"tools": "*", "name": "a"}));
    }

    #[test]
    fn comments_are_no_part_of_what_is_no_text() {
        for empty in ["tools: []   # never: any", "tools: [] # don't", "tools: # none\n[ # of them\n]"] {
            expect(&format!("x: a: b\n{empty}"), json!({"x": "a: b", "tools": []}));
        }
        for none in ["none # x", "none\n# x: y", "none\n  # x\n\n# y", "'none' # 'x'", ">- # x\n  none\n# y"] {
            expect(&format!("x: a: b\ntools: {none}"), json!({"x": "a: b", "tools": "none"}));
        }
        expect("x: a: b\ntools: # x\n  # y\n  - A # z\n  - 'B # b'\n", json!({"x": "a: b", "tools": ["A", "B # b"]}));
        expect(
            "x: a: b\npermission: # x\n  \"*\": deny # y\n  # z: allow\n",
            json!({"x": "a: b", "permission": {"*": "deny"}}),
        );
        expect("x: a: b # c\ncolor: # c", json!({"x": "a: b", "color": null}));
    }

    #[test]
    fn a_sign_inside_of_a_word_or_quotes_is_no_comment() {
        for (written, read) in [
            ("c#", "c#"),
            ("'a # b'\t# c", "a # b"),
            ("'it''s # b' # c", "it's # b"),
            ("\"a \\\" # b\" # c", "a \" # b"),
            ("the 'quote # b", "the 'quote"),
            ("it's # it's", "it's"),
            ("|\n  # a\n  b # c", "# a\nb # c"),
        ] {
            expect(&format!("x: a: b\nname: {written}"), json!({"x": "a: b", "name": read}));
        }
        expect("x: a: b\ntools: ['a # b', c] # d", json!({"x": "a: b", "tools": ["a # b", "c"]}));
        expect("description: Sort: #1 first # really\n# all", json!({"description": "Sort: #1 first # really\n# all"}));
        expect("description: |\n  # a\n# b # c", json!({"description": "# a\n# b # c"}));
    }

    #[test]
    fn only_keys_at_the_beginning_of_a_line_are_keys() {
        assert_eq!(key_of("max-turns: 3"), Some("max-turns"));
        for line in [" name: a", "http://x", "Do this: now and", "- a: b", ": a", "ключ: a", "a:b"] {
            let key = key_of(line).filter(|key| !key.contains(' '));
            assert_eq!(key, None, "{line}");
        }
    }
}
