//! One agent type: a file with a few `key: value` lines, a prompt, and what goes in and comes out.
//!
//! The form follows the `.claude/agents/*.md` convention. The head is flat on purpose: every line is one key and one plain
//! value, so that no YAML reader is needed in the component.

use serde_json::Value;

use crate::json::schema;
use crate::json::strict::{self, ANSWER_BOUNDS};
use crate::task::OutputFormat;

/// How capable a model an agent needs. Hosts map tiers to models; no model is named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tier {
    Economy,
    Standard,
    Premium,
}

impl Tier {
    /// The name that definitions use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::Standard => "standard",
            Self::Premium => "premium",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Economy, Self::Standard, Self::Premium].into_iter().find(|tier| tier.name() == name)
    }
}

/// One agent type.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentDefinition {
    /// The id by which tasks name it.
    pub name: String,
    /// What it is for, in one line.
    pub description: String,
    /// Its group.
    pub category: String,
    /// The cheapest tier that can be expected to do it.
    pub tier: Tier,
    /// It only reads what it is given.
    pub tool_free: bool,
    /// For tasks that name none.
    pub timeout_seconds: u32,
    /// For tasks that name none.
    pub output_format: OutputFormat,
    /// Its role, as it is told.
    pub prompt: String,
    /// The input that it expects, in words.
    pub input: String,
    /// What its answer has to fit.
    pub output_schema: Value,
    /// A sample of its input.
    pub example_input: Value,
}

/// Longest prompt, in bytes; the limit for instructions in the bad-input table.
const MAX_PROMPT_BYTES: usize = 32 * 1024;

const KEYS: [&str; 7] = ["name", "description", "category", "tier", "tools", "timeout_seconds", "output_format"];
const SECTIONS: [&str; 3] = ["# Input", "# Output schema", "# Example input"];

impl AgentDefinition {
    /// Reads a definition, or lists everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (head, body) = split_head(text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let values = read_head(head, &mut problems);
        let [prompt, input, schema_text, example_text] = split_sections(body).map_err(|problem| vec![problem])?;
        let output_schema = read_json("Output schema", schema_text, &mut problems);
        let example_input = read_json("Example input", example_text, &mut problems);
        for (path, reason) in schema::faults(&output_schema) {
            problems.push(format!("Output schema{path}: {reason}"));
        }
        if prompt.is_empty() || prompt.len() > MAX_PROMPT_BYTES {
            problems.push(format!("the prompt has {} bytes; 1..={MAX_PROMPT_BYTES} are allowed", prompt.len()));
        }
        let mut choose = |key: &str, allowed: &[&str]| {
            let value = value_of(&values, key);
            if !allowed.contains(&value) {
                problems.push(format!("{key}: got {value:?}, need one of {}", allowed.join(", ")));
            }
        };
        choose("tier", &["economy", "standard", "premium"]);
        choose("tools", &["none", "inherit"]);
        choose("output_format", &["json", "markdown", "code", "text"]);
        let timeout =
            value_of(&values, "timeout_seconds").parse::<u32>().ok().filter(|seconds| (1..=86_400).contains(seconds));
        let name = value_of(&values, "name");
        if !is_identifier(name) {
            problems.push(format!("name: got {name:?}, need [a-z][a-z0-9_]{{0,63}}"));
        }
        let Some(timeout_seconds) = timeout else {
            problems.push("timeout_seconds: need a whole number, 1..=86400".to_owned());
            return Err(problems);
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            name: name.to_owned(),
            description: value_of(&values, "description").to_owned(),
            category: value_of(&values, "category").to_owned(),
            tier: Tier::from_name(value_of(&values, "tier")).unwrap_or(Tier::Standard),
            tool_free: value_of(&values, "tools") == "none",
            timeout_seconds,
            output_format: match value_of(&values, "output_format") {
                "markdown" => OutputFormat::Markdown,
                "code" => OutputFormat::Code,
                "text" => OutputFormat::Text,
                _ => OutputFormat::Json,
            },
            prompt: prompt.to_owned(),
            input: input.to_owned(),
            output_schema,
            example_input,
        })
    }
}

fn split_head(text: &str) -> Result<(&str, &str), String> {
    let rest = text.strip_prefix("---\n").ok_or("the first line has to be `---`")?;
    rest.split_once("\n---\n").ok_or_else(|| "the head has to end with a line `---`".to_owned())
}

fn read_head<'a>(head: &'a str, problems: &mut Vec<String>) -> Vec<(&'a str, &'a str)> {
    let mut values: Vec<(&str, &str)> = Vec::new();
    for line in head.lines() {
        match line.split_once(": ") {
            Some((key, _)) if !KEYS.contains(&key) => problems.push(format!("{key}: not a known key")),
            Some((key, _)) if values.iter().any(|(known, _)| *known == key) => {
                problems.push(format!("{key}: stands twice"))
            }
            Some((key, value)) => values.push((key, value.trim())),
            None => problems.push(format!("{line:?} is not `key: value`")),
        }
    }
    for key in KEYS {
        if value_of(&values, key).is_empty() {
            problems.push(format!("{key}: is missing"));
        }
    }
    values
}

fn value_of<'a>(values: &[(&str, &'a str)], key: &str) -> &'a str {
    values.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value)
}

/// The prompt and the three sections after it, in their fixed order.
fn split_sections(body: &str) -> Result<[&str; 4], String> {
    let mut rest = body;
    let mut parts = Vec::new();
    for heading in SECTIONS {
        let (before, after) = rest
            .split_once(&format!("\n{heading}\n"))
            .ok_or_else(|| format!("the section `{heading}` is missing or out of order"))?;
        parts.push(before.trim());
        rest = after;
    }
    parts.push(rest.trim());
    <[&str; 4]>::try_from(parts).map_err(|_| "a section is missing".to_owned())
}

fn read_json(section: &str, text: &str, problems: &mut Vec<String>) -> Value {
    let content = text.strip_prefix("```json\n").and_then(|rest| rest.strip_suffix("\n```"));
    let Some(content) = content else {
        problems.push(format!("{section}: need one ```json fence and nothing else"));
        return Value::Object(serde_json::Map::new());
    };
    strict::parse(content, ANSWER_BOUNDS).unwrap_or_else(|error| {
        problems.push(format!("{section}: {error}"));
        Value::Object(serde_json::Map::new())
    })
}

/// `[a-z][a-z0-9_]{0,63}`
fn is_identifier(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nname: x\ndescription: d\ncategory: c\ntier: economy\ntools: none\ntimeout_seconds: 5\n\
        output_format: json\n---\n\nDo it.\n\n# Input\n\nNothing.\n\n# Output schema\n\n```json\n{\"type\":\"object\"}\n```\n\n\
        # Example input\n\n```json\n{}\n```\n";

    #[test]
    fn reads_a_definition() {
        let agent = AgentDefinition::parse(GOOD).expect("good");
        assert_eq!((agent.name.as_str(), agent.tool_free, agent.prompt.as_str()), ("x", true, "Do it."));
    }

    #[test]
    fn lists_everything_that_is_wrong() {
        let bad = GOOD
            .replace("tier: economy", "tier: free\ncolour: red")
            .replace("timeout_seconds: 5", "timeout_seconds: 0")
            .replace("{\"type\":\"object\"}", "{\"pattern\":\".*\"}");
        let problems = AgentDefinition::parse(&bad).expect_err("bad").join("\n");
        for part in
            ["colour: not a known key", "tier: got \"free\"", "timeout_seconds", "`pattern` is not a supported keyword"]
        {
            assert!(problems.contains(part), "{part} in {problems}");
        }
        assert!(AgentDefinition::parse("").is_err());
    }
}
