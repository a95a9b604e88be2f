//! One agent type: a file with a few `key: value` lines, a prompt, and what goes in and comes out; or the same as JSON.
//!
//! The form follows the `.claude/agents/*.md` convention: only `name`, `description` and the text are needed. The head is
//! flat on purpose, every line one key and one plain value, so that no YAML reader is needed in the component.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::file;
use crate::ids::AgentType;
use crate::json::output_schema::OutputSchema;
use crate::json::schema::{self, Rule, Violation};
use crate::task::{AgentSource, OutputFormat, Tier};

/// One agent type.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentDefinition {
    /// The id by which tasks name it.
    pub name: AgentType,
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
    /// Calls of tools without which its answers are not believed; for tasks that name no number.
    pub min_tool_calls: u32,
    /// For tasks that name none.
    pub output_format: OutputFormat,
    /// Its role, as it is told.
    pub prompt: String,
    /// The input that it expects, in words.
    pub input: String,
    /// What its answer has to fit; `{}` fits everything.
    pub output_schema: OutputSchema,
    /// A sample of its input.
    pub example_input: Value,
}

/// The fields of a definition as they are written; `schemas/agent.json` documents and bounds them.
#[derive(Deserialize)]
struct Written {
    name: String,
    description: String,
    #[serde(default = "custom")]
    category: String,
    #[serde(default)]
    tier: Tier,
    #[serde(default)]
    tools: Tools,
    #[serde(default = "two_minutes")]
    timeout_seconds: u32,
    #[serde(default)]
    min_tool_calls: u32,
    output_format: Option<OutputFormat>,
    prompt: String,
    #[serde(default)]
    input: String,
    output_schema: Option<Value>,
    example_input: Option<Value>,
}

#[derive(Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tools {
    None,
    #[default]
    Inherit,
}

fn custom() -> String {
    "custom".to_owned()
}

fn two_minutes() -> u32 {
    120
}

/// Longest prompt, in bytes; the limit for instructions in the bad-input table.
const MAX_PROMPT_BYTES: usize = 32 * 1024;

const FORM: &str = include_str!("../../schemas/agent.json");

/// A definition in both forms, each read as the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Forms {
    /// The object; without blanks around its texts.
    pub definition: Value,
    /// The text of a file.
    pub file: String,
}

impl AgentDefinition {
    /// Reads a definition in either form, or lists everything that is wrong with it.
    pub fn read(source: &AgentSource) -> Result<Self, Vec<String>> {
        match source {
            AgentSource::File(text) => Self::parse(text),
            AgentSource::Definition(value) => Self::check(value, Vec::new()),
        }
    }

    /// Reads a definition file.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let fields = file::read(text, &mut problems).map_err(|problem| vec![problem])?;
        Self::check(&Value::Object(fields), problems)
    }

    /// Reads what the build script left of a definition file that is in order: its fields as JSON, checked already.
    pub fn built_in(fields: &str) -> Result<Self, String> {
        serde_json::from_str::<Written>(fields).map(Self::from).map_err(|error| error.to_string())
    }

    /// Both forms of a definition, or everything that is wrong with it.
    pub fn forms(source: &AgentSource) -> Result<Forms, Vec<String>> {
        let mut problems = Vec::new();
        let fields = match source {
            AgentSource::File(text) => file::read(text, &mut problems).map_err(|problem| vec![problem])?,
            AgentSource::Definition(value) => value.as_object().cloned().unwrap_or_default(),
        };
        Self::check(&Value::Object(fields.clone()), problems)?;
        let (fields, file) = file::write(&fields)?;
        Ok(Forms { definition: Value::Object(fields), file })
    }

    fn check(value: &Value, mut problems: Vec<String>) -> Result<Self, Vec<String>> {
        let form: Value = serde_json::from_str(FORM).unwrap_or_default();
        problems.extend(schema::check(&form, value).iter().map(tell));
        if let Some(faulty) = value.get("output_schema").filter(|schema| schema.is_object()) {
            problems
                .extend(schema::faults(faulty).iter().map(|(path, reason)| format!("output_schema{path}: {reason}")));
            if faulty.to_string().len() > schema::MAX_SCHEMA_BYTES {
                problems.push(format!("output_schema: need at most {} bytes", schema::MAX_SCHEMA_BYTES));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let written = Written::deserialize(value).map_err(|error| vec![error.to_string()])?;
        if !is_identifier(&written.name) {
            problems.push(format!("name: got {}, need [a-z][a-z0-9_]{{0,63}}", crate::text::quoted(&written.name)));
        }
        if written.prompt.len() > MAX_PROMPT_BYTES {
            problems.push(format!("prompt: got {} bytes, need 1..={MAX_PROMPT_BYTES}", written.prompt.len()));
        }
        if written.prompt.contains('\0') || crate::marker::holds_marker(&written.prompt) {
            problems.push("prompt: holds U+0000 or a line that looks like a marker of the prompt".to_owned());
        }
        if written.min_tool_calls > 0 && written.tools == Tools::None {
            problems.push("min_tool_calls: an agent without tools calls none".to_owned());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self::from(written))
    }
}

impl From<Written> for AgentDefinition {
    fn from(written: Written) -> Self {
        let by_schema = if written.output_schema.is_some() { OutputFormat::Json } else { OutputFormat::Markdown };
        Self {
            name: AgentType::new(written.name),
            description: written.description,
            category: written.category,
            tier: written.tier,
            tool_free: written.tools == Tools::None,
            timeout_seconds: written.timeout_seconds,
            min_tool_calls: written.min_tool_calls,
            output_format: written.output_format.unwrap_or(by_schema),
            prompt: written.prompt,
            input: written.input,
            output_schema: written.output_schema.map(OutputSchema::new).unwrap_or_default(),
            example_input: written.example_input.unwrap_or_else(|| Value::Object(Map::new())),
        }
    }
}

fn tell(violation: &Violation) -> String {
    let place = violation.path.trim_start_matches('/');
    match violation.rule {
        Rule::Unknown => format!("{}: is not a known key; known are {}", crate::text::escaped(place), violation.limit),
        Rule::Missing => format!("{place}: is missing"),
        Rule::Type | Rule::Enum | Rule::Range | Rule::AnyOf => {
            format!("{place}: got {}, need {}", violation.got, violation.limit)
        }
    }
}

/// `[a-z][a-z0-9_]{0,63}`
fn is_identifier(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: &str = "---\nname: x\ndescription: Does it: well.\ncategory: c\ntier: economy\ntools: none\ntimeout_seconds: 5\n\
        output_format: json\n---\n\nDo it.\n\n# Input\n\nNothing.\n\n# Output schema\n\n```json\n{\"type\":\"object\"}\n```\n\n\
        # Example input\n\n```json\n{}\n```\n";

    #[test]
    fn reads_a_definition_in_both_forms() {
        let agent = AgentDefinition::parse(GOOD).expect("good");
        assert_eq!((agent.name.as_str(), agent.tool_free, agent.prompt.as_str()), ("x", true, "Do it."));
        let object = json!({"name": "x", "description": "Does it: well.", "category": "c", "tier": "economy",
            "tools": "none", "timeout_seconds": 5, "output_format": "json", "prompt": "Do it.", "input": "Nothing.",
            "output_schema": {"type": "object"}, "example_input": {}});
        assert_eq!(AgentDefinition::read(&AgentSource::Definition(object)), Ok(agent));
    }

    #[test]
    fn a_name_a_description_and_a_text_are_enough() {
        let agent = AgentDefinition::parse("---\nname: tone-checker\ndescription: Checks tone.\n---\nCheck it.\n")
            .expect("good");
        assert_eq!(
            (agent.name.as_str(), agent.category.as_str(), agent.timeout_seconds),
            ("tone_checker", "custom", 120)
        );
        assert_eq!((agent.output_format, agent.tool_free, agent.tier), (OutputFormat::Markdown, false, Tier::Standard));
    }

    #[test]
    fn lists_everything_that_is_wrong() {
        let bad = GOOD
            .replace("tier: economy", "tier: free\ncolour: red")
            .replace("timeout_seconds: 5", "timeout_seconds: 0")
            .replace("{\"type\":\"object\"}", "{\"pattern\":\".*\"}");
        let problems = AgentDefinition::parse(&bad).expect_err("bad").join("\n");
        for part in
            ["colour: is not a known key", "tier: got \"free\"", "timeout_seconds", "`pattern` is not a supported"]
        {
            assert!(problems.contains(part), "{part} in {problems}");
        }
        let swapped = GOOD.replace("# Input", "# Other").replace("# Example input", "# Input");
        for bad in ["", "---\nname: x", "---\nname: x\n---\n", &swapped, &GOOD.replace("name: x", "name: X y")] {
            assert!(AgentDefinition::parse(bad).is_err(), "{bad}");
        }
        let long = GOOD.replace("Do it.", &"x".repeat(MAX_PROMPT_BYTES + 1));
        assert!(AgentDefinition::parse(&long).expect_err("long")[0].starts_with("prompt: got 32769 bytes"));
    }
}
