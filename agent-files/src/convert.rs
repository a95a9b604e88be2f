//! The fields of a head and the text after it as a definition of the component.

use parallel_agents_engine::agents::{AgentDefinition, MAX_DESCRIPTION_CHARS};
use parallel_agents_engine::order;
use parallel_agents_engine::task::AgentSource;
use serde_json::{Map, Value};

use super::head::Head;
use super::models::{self, Wanted};
use super::{FileProblem, Warning, naming, tools};

/// Keys that only the component's own form has. Whoever writes one means it, so a wrong value is an error.
const OWN_KEYS: [&str; 5] = ["tier", "timeout_seconds", "max_output_tokens", "min_tool_calls", "output_format"];

/// Keys of other formats for the text itself, where no text follows the head.
const PROMPT_KEYS: [&str; 5] = ["prompt", "instructions", "system_prompt", "developer_instructions", "system"];

/// Keys of other formats for what an agent is for.
const DESCRIPTION_KEYS: [&str; 4] = ["description", "when_to_use", "whentouse", "summary"];

/// Keys of other formats for its name, the best first.
const NAME_KEYS: [&str; 3] = ["name", "slug", "id"];

/// Keys that `tools` reads.
const TOOL_KEYS: [&str; 7] =
    ["tools", "allowed_tools", "allowedtools", "disallowedtools", "disallowed_tools", "permission", "permissions"];

/// Most characters of a title and of a category, as the component has them.
const MAX_TITLE: usize = 200;
const MAX_CATEGORY: usize = 64;

/// A description that is taken from a text has no more characters.
const MAX_BORROWED: usize = 200;

/// A definition as an object, and what was said about it on the way.
#[derive(Debug, Default)]
pub struct Converted {
    /// In the form of `schemas/agent.json`; not checked yet.
    pub definition: Map<String, Value>,
    /// What was not used, or not as it stands.
    pub warnings: Vec<Warning>,
    /// What keeps the file from being used.
    pub problems: Vec<FileProblem>,
}

/// Turns a file into a definition. `stem` is the name of the file, for those that have no other.
pub fn convert(head: &Head, body: &str, stem: &str) -> Converted {
    let mut made = Converted::default();
    let mut used: Vec<&str> = Vec::new();
    made.name(head, stem, &mut used);
    made.tier(head, &mut used);
    if let Some(tools) = tools::read(&head.fields, &mut made.warnings) {
        made.put("tools", tools);
    }
    made.own_fields(head, &mut used);
    made.text(head, body, &mut used);
    made.description(head, body, &mut used);
    let unused = head.fields.iter().filter(|(key, value)| {
        !value.is_null() && !used.contains(&key.as_str()) && !TOOL_KEYS.contains(&plain(key).as_str())
    });
    let unused: Vec<&str> = order::sorted(unused.map(|(key, _)| key.as_str()).collect());
    if !unused.is_empty() {
        made.warnings.push(Warning::whole(format!("not used: {}", unused.join(", "))));
    }
    made
}

/// Whether a head has a key that only the component's own form has.
pub fn is_own(head: &Head) -> bool {
    OWN_KEYS.iter().any(|key| head.fields.contains_key(*key))
}

/// A key as it is compared: formats differ in case and hyphens.
fn plain(key: &str) -> String {
    key.to_lowercase().replace('-', "_")
}

/// The first field under one of the names that says something.
fn field<'a>(head: &'a Head, names: &[&str]) -> Option<(&'a str, &'a Value)> {
    let says = |value: &Value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
    names.iter().find_map(|name| {
        let mut fields = head.fields.iter();
        fields.find(|(key, value)| plain(key) == *name && says(value)).map(|(key, value)| (key.as_str(), value))
    })
}

/// A value as one line of text.
fn line(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.replace("\\n", " "),
        Value::Array(items) => items.iter().map(line).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Converted {
    fn put(&mut self, field: &str, value: impl Into<Value>) {
        self.definition.insert(field.to_owned(), value.into());
    }

    fn name<'a>(&mut self, head: &'a Head, stem: &str, used: &mut Vec<&'a str>) {
        let title = field(head, &["title"]);
        used.extend(title.map(|(key, _)| key));
        let named = field(head, &NAME_KEYS);
        used.extend(named.map(|(key, _)| key));
        let name = named.map_or_else(|| stem.to_owned(), |(_, value)| line(value));
        let id = naming::id_of(&name).or_else(|| naming::id_of(stem));
        let Some(id) = id else {
            self.problems
                .push(FileProblem::of("name", "neither the head nor the file has a name with a letter or digit"));
            return;
        };
        if named.is_none() {
            self.warnings.push(Warning::of("name", format!("is missing; {id} is taken from the name of the file")));
        } else if !naming::says_all(&id, &name) {
            self.warnings.push(Warning::of("name", format!("{name:?} is called {id} here")));
        }
        let shown = title.map(|(_, value)| line(value)).unwrap_or(name);
        if !naming::says_all(&id, &shown) && !shown.is_empty() {
            self.put("title", shown.chars().take(MAX_TITLE).collect::<String>());
        }
        self.put("name", id);
    }

    fn tier<'a>(&mut self, head: &'a Head, used: &mut Vec<&'a str>) {
        let Some((key, value)) = field(head, &["model"]) else { return };
        used.push(key);
        let names: Vec<String> = match value {
            Value::Array(items) => items.iter().map(line).collect(),
            other => vec![line(other)],
        };
        if head.fields.get("tier").is_some_and(|tier| !tier.is_null()) {
            self.warnings.push(Warning::of(key, "not used: the head has a tier"));
            return;
        }
        let known = names.iter().map(|name| models::tier_of(name)).find(|wanted| *wanted != Wanted::Unknown);
        match known {
            Some(Wanted::Tier(tier)) => self.put("tier", tier.name()),
            Some(Wanted::Inherit) => {}
            Some(Wanted::Unknown) | None => {
                let message = format!("{} stands for no tier; the agent is of the standard one", names.join(", "));
                self.warnings.push(Warning::of(key, message));
            }
        }
    }

    fn own_fields<'a>(&mut self, head: &'a Head, used: &mut Vec<&'a str>) {
        for (key, value) in &head.fields {
            if !OWN_KEYS.contains(&key.as_str()) || value.is_null() {
                continue;
            }
            used.push(key);
            // Read line by line, a number is a text.
            let number = value.as_str().and_then(|text| text.trim().parse::<u64>().ok());
            let is_number = matches!(key.as_str(), "timeout_seconds" | "max_output_tokens" | "min_tool_calls");
            self.put(key, number.filter(|_| is_number).map_or_else(|| value.clone(), Value::from));
        }
        if let Some((key, value)) = field(head, &["timeout_mins"]) {
            used.push(key);
            let seconds = value.as_u64().or_else(|| line(value).parse().ok()).map(|minutes| minutes.saturating_mul(60));
            match seconds.filter(|seconds| (1..=86400).contains(seconds)) {
                Some(seconds) if head.fields.get("timeout_seconds").is_none_or(Value::is_null) => {
                    self.put("timeout_seconds", seconds)
                }
                _ => self.warnings.push(Warning::of(key, "not used")),
            }
        }
        if let Some((key, value)) = field(head, &["category"]) {
            let category = line(value);
            if value.is_string() && category.chars().count() <= MAX_CATEGORY {
                used.push(key);
                self.put("category", category);
            }
        }
    }

    fn text<'a>(&mut self, head: &'a Head, body: &str, used: &mut Vec<&'a str>) {
        let in_head = field(head, &PROMPT_KEYS).filter(|(_, value)| value.is_string());
        if !body.is_empty() {
            self.sections(head, body);
            return;
        }
        match in_head {
            Some((key, value)) => {
                used.push(key);
                self.put("prompt", value.as_str().unwrap_or_default().trim());
            }
            None => {
                let problem = FileProblem::of("prompt", "no text follows the head");
                self.problems.push(problem.hint("write what the agent is told below the closing `---`"));
            }
        }
    }

    /// The text with the sections of the component's own form, if these are what it has.
    fn sections(&mut self, head: &Head, body: &str) {
        let has = |heading: &str| body.lines().any(|line| line == heading);
        let (schema, example, input) = (has("# Output schema"), has("# Example input"), has("# Input"));
        if !(schema || example || input && is_own(head)) {
            self.put("prompt", body);
            return;
        }
        let file = format!("---\nname: x\ndescription: x\n---\n\n{body}\n");
        match AgentDefinition::forms(&AgentSource::File(file)) {
            Ok(forms) => {
                let fields = forms.definition.as_object().cloned().unwrap_or_default();
                let sections =
                    fields.into_iter().filter(|(field, _)| !matches!(field.as_str(), "name" | "description"));
                self.definition.extend(sections);
            }
            Err(faults) if is_own(head) => self.problems.extend(faults.into_iter().map(|fault| {
                let problem = FileProblem::of(&fault.field, fault.message);
                FileProblem { got: fault.got, allowed: fault.allowed, ..problem }
            })),
            Err(faults) => {
                let why = faults.first().map(ToString::to_string).unwrap_or_default();
                self.warnings.push(Warning::whole(format!("its sections are read as a part of the prompt: {why}")));
                self.put("prompt", body);
            }
        }
    }

    fn description<'a>(&mut self, head: &'a Head, body: &str, used: &mut Vec<&'a str>) {
        let written = field(head, &DESCRIPTION_KEYS);
        used.extend(written.map(|(key, _)| key));
        let text = written.map(|(_, value)| line(value)).filter(|text| !text.is_empty());
        let Some(text) = text else {
            let borrowed = first_sentence(body).or_else(|| self.definition.get("name").map(line)).unwrap_or_default();
            self.warnings.push(Warning::of("description", "is missing; the first sentence of the text is taken"));
            self.put("description", borrowed);
            return;
        };
        let length = text.chars().count();
        if length <= MAX_DESCRIPTION_CHARS {
            self.put("description", text);
            return;
        }
        let cut = cut(&text, MAX_DESCRIPTION_CHARS);
        let kept = cut.chars().count();
        let message =
            format!("cut from {length} to {kept} characters; it is for choosing an agent, which is not told it");
        self.warnings.push(Warning::of("description", message));
        self.put("description", cut);
    }
}

/// The first sentence of a text that is no heading, list or code.
fn first_sentence(body: &str) -> Option<String> {
    let is_prose = |line: &&str| {
        let start = line.chars().next();
        start.is_some_and(|c| !matches!(c, '#' | '-' | '|' | '`' | '<' | '>' | '=')) && !line.starts_with("* ")
    };
    let line = body.lines().map(str::trim).find(is_prose)?.replace(['*', '`'], "");
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    Some(cut(line.get(..end).unwrap_or(&line), MAX_BORROWED))
}

/// A text of at most so many characters, cut after a sentence or, where none ends in its second half, after a word.
fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let head: String = text.chars().take(max_chars - 1).collect();
    // An example that is cut off says less than none.
    let head = match head.find("<example>") {
        Some(at) if at > 0 => head.get(..at).unwrap_or(&head),
        _ => &head,
    };
    let half = head.len() / 2;
    if head.trim_end().ends_with('.') {
        return head.trim_end().to_owned();
    }
    if let Some(at) = head.rfind(". ").filter(|at| *at > half) {
        return head.get(..=at).unwrap_or(head).to_owned();
    }
    let word = head.rfind(' ').filter(|at| *at > half).and_then(|at| head.get(..at)).unwrap_or(head);
    format!("{}…", word.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_after_a_sentence_or_a_word() {
        assert_eq!(cut("One. Two.", 20), "One. Two.");
        assert_eq!(cut("One here. Two there. Three", 24), "One here. Two there.");
        assert_eq!(cut("One word after another one", 12), "One word…");
        assert_eq!(cut(&"x".repeat(30), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(cut("Use it. <example>a. b c d e f g</example>", 30), "Use it.");
        assert_eq!(cut("ééé ééé ééé", 9), "ééé ééé…");
    }

    #[test]
    fn the_first_sentence_is_prose() {
        let text = "# Title\n\n- a list\n\n**You** weigh things. Then more.";
        assert_eq!(first_sentence(text).as_deref(), Some("You weigh things."));
        assert_eq!(first_sentence("# Title\n\n```\ncode"), Some("code".to_owned()));
        assert_eq!(first_sentence("## Only\n"), None);
    }
}
