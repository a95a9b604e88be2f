//! Whole scripts: loaded, refused, and played for every agent type.

mod bundled;
mod engine;
mod files;
mod play;

use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::task::OutputFormat;
use serde_json::{Map, Value};

use super::ScriptedOutcome;

/// The parts of `prompts/` that a prompt is made of.
const FRAME: &str = include_str!("../../../../prompts/task.md");
const INPUT: &str = include_str!("../../../../prompts/input.md");
const ANSWER_JSON: &str = include_str!("../../../../prompts/answer/json.md");
const ANSWER_TEXT: &str = include_str!("../../../../prompts/answer/text.md");

/// The prompt of a task, filled as the component fills it.
struct Asked<'a> {
    agent_type: &'a str,
    task_id: &'a str,
    format: OutputFormat,
    description: &'a str,
    input: Value,
    schema: Option<Value>,
}

impl Default for Asked<'_> {
    fn default() -> Self {
        Self {
            agent_type: "tester",
            task_id: "task-1",
            format: OutputFormat::Json,
            description: "Say what the input holds.",
            input: Value::Object(Map::new()),
            schema: None,
        }
    }
}

impl Asked<'_> {
    fn prompt(&self) -> String {
        const NONCE: &str = "0123456789abcdef";
        let shown = |value: &Value| value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned);
        let fields = self.input.as_object().into_iter().flatten();
        let fields: Vec<String> =
            fields.map(|(name, value)| format!("<<<FIELD {name} {NONCE}>>>\n{}", shown(value))).collect();
        let input = if fields.is_empty() { "" } else { INPUT };
        let answer = match &self.schema {
            Some(schema) => ANSWER_JSON.replace("{schema}", &format!("{schema:#}")),
            None => ANSWER_TEXT.to_owned(),
        };
        // The input comes last: it may hold what looks like a placeholder.
        FRAME
            .replace("{agent_type}", self.agent_type)
            .replace("{task_id}", self.task_id)
            .replace("{output_format}", self.format.name())
            .replace("{role}", "You test things.")
            .replace("{answer}", answer.trim_end())
            .replace("{task_description}", self.description)
            + &input.replace("{nonce}", NONCE).replace("{input}", &fields.join("\n"))
    }

    fn of_agent(agent: &AgentDefinition) -> Asked<'_> {
        Asked {
            agent_type: agent.name.as_str(),
            format: agent.output_format,
            input: agent.example_input.clone(),
            schema: Some(agent.output_schema.value().clone()),
            ..Asked::default()
        }
    }
}

fn answer(outcome: ScriptedOutcome) -> String {
    match outcome {
        ScriptedOutcome::Answer(text) => text,
        other => panic!("no answer: {other:?}"),
    }
}
