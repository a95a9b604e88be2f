//! What a caller asks for: tasks, and the rules of a run.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{OnDependencyFailure, RuleSpec, Tier};

/// Sessions alive at once when the request names no number: the specification's.
pub const DEFAULT_MAX_CONCURRENT: u32 = 5;

/// Tasks of a run.
pub const MAX_TASKS: usize = 10_000;

/// Sessions alive at once, at the most.
pub const MAX_CONCURRENT: u32 = 2_000;

/// Seconds for a whole run when the request names none.
pub const DEFAULT_DEADLINE_SECONDS: u32 = 1_800;

/// The form in which an agent has to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cleanup {
    /// It stays in the host's list.
    #[default]
    Keep,
    /// It is deleted.
    Delete,
}

/// One piece of work for one agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["agent_type", "task_description"], "x-code" = "E_TASK_TYPE"))]
pub struct TaskSpec {
    /// The agent type that does it; list_agents names all.
    #[schemars(length(min = 1), extend("x-code" = "E_AGENT_TYPE"))]
    pub agent_type: String,
    /// What to do, in words. At most 64 KiB.
    #[schemars(length(min = 1), extend("x-code" = "E_TASK_EMPTY"))]
    pub task_description: String,
    /// The input that the agent type describes. At most 128 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = ["object", "null"], "x-code" = "E_INPUT_TYPE"))]
    pub input_data: Option<Value>,
    /// Fields of the input that the outputs of other tasks fill; each of those has to be among the dependencies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-code" = "E_REF"))]
    pub input_from: Vec<InputSource>,
    /// A name of your own, `[a-z][a-z0-9_-]{0,63}`; task-1, task-2, ... by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_ID_FORMAT"))]
    pub task_id: Option<String>,
    /// How long the session may run; the run's task_timeout_seconds by default, else the agent type's own, mostly
    /// 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_TIMEOUT_RANGE"))]
    pub timeout_seconds: Option<u32>,
    /// The form of the answer; the agent type's own by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_ENUM"))]
    pub output_format: Option<OutputFormat>,
    /// A JSON Schema for a json answer, in place of the agent type's own. At most 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("type" = ["object", "null"], "x-code" = "E_SCHEMA"))]
    pub output_schema: Option<Arc<Value>>,
    /// Tokens that the answer may have, on hosts that can limit them; the agent type's own by default,
    /// else the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-code" = "E_OUTPUT_TOKENS"))]
    pub max_output_tokens: Option<u32>,
    /// Characters that the answer may have; the agent is told. A longer one is kept but not completed. No limit by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-code" = "E_OUTPUT_CHARS"))]
    pub max_output_chars: Option<u32>,
    /// Ready tasks with a higher number start first; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1_000_000, max = 1_000_000), extend("x-code" = "E_PRIORITY_RANGE"))]
    pub priority: Option<i32>,
    /// Ids of tasks that have to be completed before this one starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-code" = "E_DEP_LIMIT", "items" = {"type": "string", "x-code": "E_DEP_UNKNOWN"}))]
    pub dependencies: Vec<String>,
    /// The model to ask the host for; the host's own choice by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-code" = "E_MODEL_FORMAT"))]
    pub model: Option<String>,
    /// The thinking level to ask the host for, for example low or high.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), extend("x-code" = "E_THINKING_FORMAT"))]
    pub thinking: Option<String>,
    /// A configured agent of the host to run under; the caller's own by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-code" = "E_AGENT_FORMAT"))]
    pub agent_id: Option<String>,
    /// The tier that it starts with; the agent type's own by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_ENUM"))]
    pub tier: Option<Tier>,
    /// Retries of this task; the run's by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5), extend("x-code" = "E_RETRY_RANGE"))]
    pub retries: Option<u32>,
    /// As for the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_TIMEOUT_RANGE"))]
    pub start_timeout_seconds: Option<u32>,
    /// As for the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_ENUM"))]
    pub on_dependency_failure: Option<OnDependencyFailure>,
    /// It may run twice without harm, so it may be hedged, and is tried again after a restart of the host; false by
    /// default. A session without tools is tried again all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub idempotent: Option<bool>,
    /// The run is not completed without it; true by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub required: Option<bool>,
    /// What has to be there before it counts as completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_PROOF"))]
    pub proof: Option<Proof>,
    /// Whether a text, Markdown or code answer that was cut is a success; as for the run by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub accept_truncated: Option<bool>,
}

/// What has to be there before "completed" is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Proof {
    /// Tool calls that its session has to have made.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 1_000), extend("x-code" = "E_PROOF"))]
    pub min_tool_calls: u32,
    /// JSON pointers into the answer where something has to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-code" = "E_PROOF", "items" = {"type": "string", "maxLength": 512, "x-code": "E_PROOF"}))]
    pub fields: Vec<String>,
    /// JSON pointers to names in the answer that a tool of the session has to have mentioned, for example
    /// a file that it wrote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-code" = "E_PROOF", "items" = {"type": "string", "maxLength": 512, "x-code": "E_PROOF"}))]
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

/// A field of a task's input that another task's output fills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["field", "task"], "x-code" = "E_REF"))]
pub struct InputSource {
    /// The field of input_data to fill.
    #[schemars(length(min = 1, max = 64), extend("x-code" = "E_REF"))]
    pub field: String,
    /// The task_id of a dependency.
    #[schemars(length(min = 1), extend("x-code" = "E_REF"))]
    pub task: String,
    /// JSON pointer into its output, for example /summary; all of it by default.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512), extend("x-code" = "E_REF"))]
    pub pointer: String,
}

/// An agent type that comes with a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("type" = ["string", "object"], "x-code" = "E_AGENT_DEFINITION"))]
pub enum AgentSource {
    /// The text of a definition file.
    File(String),
    /// The same as a JSON object.
    Definition(Value),
}

/// A run, as the caller wrote it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["tasks"], "x-code" = "E_REQUEST_TYPE"))]
pub struct RunSpec {
    /// The tasks; results come back in this order. The host's operator may allow fewer.
    #[schemars(length(min = 1, max = MAX_TASKS), extend("x-code" = "E_TASK_COUNT", "items" = {"x-ref": "task"}))]
    pub tasks: Vec<TaskSpec>,
    /// Agent types of your own for this call: texts of definition files, or the same as objects. They extend the catalogue or
    /// replace a type of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-code" = "E_AGENT_COUNT"))]
    pub agents: Vec<AgentSource>,
    /// Sessions alive at once; 5 by default. The host and its operator may allow fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_CONCURRENT), extend("x-code" = "E_CONCURRENCY"))]
    pub max_concurrent: Option<u32>,
    /// Whatever still runs after this long is cancelled; 1800 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_DEADLINE_RANGE"))]
    pub deadline_seconds: Option<u32>,
    /// What happens to a session once its answer has been read; keep by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_ENUM"))]
    pub cleanup: Option<Cleanup>,
    /// The model for tasks that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-code" = "E_MODEL_FORMAT"))]
    pub model: Option<String>,
    /// The thinking level for tasks that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), extend("x-code" = "E_THINKING_FORMAT"))]
    pub thinking: Option<String>,
    /// The rules of the run; they stand beside the other fields.
    #[serde(flatten)]
    pub rules: RuleSpec,
}
