//! One agent type: a file with a few `key: value` lines, a prompt, and what goes in and comes out; or the same as JSON.
//!
//! The form follows the `.claude/agents/*.md` convention: only `name`, `description` and the text are needed. The head is
//! flat on purpose, every line one key and one plain value, so that no YAML reader is needed in the component.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::file;
use crate::ids::AgentType;
use crate::json::output_schema::OutputSchema;
use crate::json::schema;
use crate::task::{AgentSource, OutputFormat, Tier};

/// One agent type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentDefinition {
    /// The id by which tasks name it.
    pub name: AgentType,
    /// What people call it, where that is not the id.
    pub title: Option<String>,
    /// What it is for, in one line.
    pub description: String,
    /// The group under which catalogues list it.
    pub category: String,
    /// The cheapest tier that can be expected to do it.
    pub tier: Tier,
    /// It only reads what it is given.
    pub tool_free: bool,
    /// For tasks that name none.
    pub timeout_seconds: u32,
    /// Tokens that an answer may have, for tasks that name no number. None: the host's limit.
    pub max_output_tokens: Option<u32>,
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
    title: Option<String>,
    description: String,
    #[serde(default = "custom")]
    category: String,
    #[serde(default)]
    tier: Tier,
    #[serde(default)]
    tools: Tools,
    #[serde(default = "two_minutes")]
    timeout_seconds: u32,
    max_output_tokens: Option<u32>,
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

/// Longest prompt, in bytes. The longest in use have about 80 KB. A prompt is never cut, since what is missing would change
/// what the agent does; eight of this length still fit into one request.
pub const MAX_PROMPT_BYTES: usize = 128 * 1024;

/// Longest description, in characters: what formats of skills and tools allow. Whoever plans with agents reads those of all
/// types, so it is for choosing only, and a longer one may be cut.
pub const MAX_DESCRIPTION_CHARS: usize = 1024;

/// The schema of a definition, read once: whoever looks at many definitions would read it for each.
static FORM: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../schemas/agent.json")).unwrap_or_default());

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
    pub fn read(source: &AgentSource) -> Result<Self, Vec<Fault>> {
        match source {
            AgentSource::File(text) => Self::parse(text),
            AgentSource::Definition(value) => Self::check(value, Vec::new()),
        }
    }

    /// Reads a definition file.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut problems = Vec::new();
        let fields = file::read(text, &mut problems).map_err(|problem| vec![problem])?;
        Self::check(&Value::Object(fields), problems)
    }

    /// Reads what the build script left of a definition file that is in order: its fields as JSON, checked already, with a schema
    /// that needs no inlining.
    pub fn built_in(fields: &str) -> Result<Self, String> {
        serde_json::from_str::<Written>(fields).map(Self::from).map_err(|error| error.to_string())
    }

    /// Both forms of a definition, or everything that is wrong with it.
    pub fn forms(source: &AgentSource) -> Result<Forms, Vec<Fault>> {
        let mut problems = Vec::new();
        let fields = match source {
            AgentSource::File(text) => file::read(text, &mut problems).map_err(|problem| vec![problem])?,
            AgentSource::Definition(value) => value.as_object().cloned().unwrap_or_default(),
        };
        Self::check(&Value::Object(fields.clone()), problems)?;
        let (fields, file) = file::write(&fields)?;
        Ok(Forms { definition: Value::Object(fields), file })
    }

    fn check(value: &Value, mut problems: Vec<Fault>) -> Result<Self, Vec<Fault>> {
        problems.extend(schema::check(&FORM, value).iter().map(Fault::from));
        if let Some(faulty) = value.get("output_schema").filter(|schema| schema.is_object()) {
            let unsupported = schema::inlined(faulty).err().unwrap_or_default();
            problems.extend(unsupported.iter().map(|(path, why)| Fault::new(format!("output_schema{path}"), why)));
            if faulty.to_string().len() > schema::MAX_SCHEMA_BYTES {
                problems.push(Fault::new("output_schema", format!("need at most {} bytes", schema::MAX_SCHEMA_BYTES)));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut value = value.clone();
        schema::with_integers(&FORM, &mut value);
        let written = Written::deserialize(&value).map_err(|error| vec![Fault::new("", error.to_string())])?;
        if !is_identifier(&written.name) {
            problems.push(Fault::value("name", crate::text::quoted(&written.name), "[a-z][a-z0-9_]{0,63}"));
        }
        if written.prompt.len() > MAX_PROMPT_BYTES {
            let got = format!("{} bytes", written.prompt.len());
            problems.push(Fault::value("prompt", got, format_args!("1..={MAX_PROMPT_BYTES}")));
        }
        if written.prompt.contains('\0') || crate::delimiters::holds_delimiter(&written.prompt) {
            problems.push(Fault::new("prompt", "holds U+0000 or a line that looks like a marker of the prompt"));
        }
        if written.min_tool_calls > 0 && written.tools == Tools::None {
            problems.push(Fault::new("min_tool_calls", "an agent without tools calls none"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self::from(written.inlined()))
    }
}

impl Written {
    /// The same with its schema in the form that is checked.
    fn inlined(mut self) -> Self {
        // One that cannot be inlined was refused before.
        self.output_schema = self.output_schema.map(|own| schema::inlined(&own).unwrap_or(own));
        self
    }
}

impl From<Written> for AgentDefinition {
    fn from(written: Written) -> Self {
        let by_schema = if written.output_schema.is_some() { OutputFormat::Json } else { OutputFormat::Markdown };
        Self {
            name: AgentType::new(written.name),
            title: written.title,
            description: written.description,
            category: written.category,
            tier: written.tier,
            tool_free: written.tools == Tools::None,
            timeout_seconds: written.timeout_seconds,
            max_output_tokens: written.max_output_tokens,
            min_tool_calls: written.min_tool_calls,
            output_format: written.output_format.unwrap_or(by_schema),
            prompt: written.prompt,
            input: written.input,
            output_schema: written.output_schema.map(OutputSchema::new).unwrap_or_default(),
            example_input: written.example_input.unwrap_or_else(|| Value::Object(Map::new())),
        }
    }
}

/// `[a-z][a-z0-9_]{0,63}`, the form of a name in files and requests.
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
    fn line_ends_of_windows_and_a_byte_order_mark_are_no_content() {
        let agent = AgentDefinition::parse(GOOD);
        assert!(agent.is_ok());
        assert_eq!(AgentDefinition::parse(&GOOD.replace('\n', "\r\n")), agent);
        assert_eq!(AgentDefinition::parse(&format!("\u{feff}{GOOD}")), agent);
    }

    #[test]
    fn a_title_and_a_description_of_a_paragraph_are_kept() {
        let description = "It weighs. ".repeat(93);
        let text = format!("---\nname: x\ntitle: Prüfer 1\ndescription: {description}\n---\nDo it.\n");
        let agent = AgentDefinition::parse(&text).expect("good");
        assert_eq!((agent.title.as_deref(), agent.description.as_str()), (Some("Prüfer 1"), description.trim()));
        let long = text.replace("It weighs. ", "It weighs twice. ");
        assert_eq!(AgentDefinition::parse(&long).expect_err("long")[0].field, "description");
    }

    #[test]
    fn lists_everything_that_is_wrong() {
        let bad = GOOD
            .replace("tier: economy", "tier: free\ncolour: red")
            .replace("timeout_seconds: 5", "timeout_seconds: 0")
            .replace("{\"type\":\"object\"}", "{\"pattern\":\".*\"}");
        let problems = AgentDefinition::parse(&bad).expect_err("bad");
        let problems = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
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
        assert!(AgentDefinition::parse(&long).expect_err("long")[0].message.starts_with("got 131073 bytes"));
    }
}
