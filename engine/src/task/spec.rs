//! What a caller asks for: tasks, and the rules of a run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{OnDependencyFailure, RuleSpec, Tier};

/// The form in which an agent has to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// One JSON value, checked against the output schema.
    Json,
    /// Markdown, kept as it came.
    Markdown,
    /// Source code, without its surrounding fence.
    Code,
    /// Plain text, kept as it came.
    #[default]
    Text,
}

impl OutputFormat {
    /// The name that requests and prompts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Code => "code",
            Self::Text => "text",
        }
    }
}

/// What happens to a sub-session once its answer has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cleanup {
    /// It stays in the host's list.
    #[default]
    Keep,
    /// It is deleted.
    Delete,
}

/// One piece of work for one agent, as the caller wrote it. Documented in `wit/types.wit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/types.wit documents every field once")]
pub struct TaskSpec {
    pub agent_type: String,
    pub task_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_data: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input_from: Vec<InputSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_format: Option<OutputFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Arc<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_dependency_failure: Option<OnDependencyFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_truncated: Option<bool>,
}

/// What has to be there before "completed" is believed. Documented in `wit/rules.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct Proof {
    #[serde(skip_serializing_if = "is_zero")]
    pub min_tool_calls: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artefacts: Vec<String>,
}

impl Proof {
    /// Whether the session's transcript has to be read with its tool messages.
    pub fn wants_tools(&self) -> bool {
        self.min_tool_calls > 0 || !self.artefacts.is_empty()
    }

    /// Whether there is anything to prove.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A field of a task's input that another task's output fills. Documented in `wit/types.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/types.wit documents every field once")]
pub struct InputSource {
    pub field: String,
    pub task: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pointer: String,
}

/// An agent type that comes with a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AgentSource {
    /// The text of a definition file.
    File(String),
    /// The same as a JSON object.
    Definition(Value),
}

/// A run, as the caller wrote it. Documented in `wit/types.wit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/types.wit documents every field once")]
pub struct RunSpec {
    pub tasks: Vec<TaskSpec>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Cleanup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    #[serde(flatten)]
    pub rules: RuleSpec,
}
