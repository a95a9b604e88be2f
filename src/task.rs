//! The words that people meet: tasks, statuses, results. One type each, shared by every stage.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{SessionKey, TaskId};

/// The form in which an agent has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// One JSON value, checked against the output schema.
    Json,
    /// Markdown, kept as it came.
    Markdown,
    /// Source code, without its surrounding fence.
    Code,
    /// Plain text, kept as it came.
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
    /// It stays.
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
    pub output_schema: Option<Value>,
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
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for dependencies or a slot.
    Pending,
    /// Has a session, or is being given one.
    Running,
    /// Answered, and the answer passed its checks.
    Completed,
    /// Ended without a good answer.
    Failed,
    /// Ran out of its own time.
    Timeout,
    /// Stopped by the caller, the deadline or the host.
    Cancelled,
    /// Never started, because a dependency was not completed.
    Skipped,
}

impl TaskStatus {
    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The name that results use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// How a run ended as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Every task is completed.
    Completed,
    /// Some are, some are not.
    Partial,
    /// None is.
    Failed,
    /// The caller stopped it.
    Cancelled,
    /// The deadline stopped it.
    Deadline,
}

/// Tokens, as the host counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Read by the model.
    pub input_tokens: u64,
    /// Written by the model.
    pub output_tokens: u64,
}

impl Usage {
    /// The sum; saturates, since a host may report anything.
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

/// Why a task is not completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskError {
    /// Stable.
    pub code: String,
    /// For people.
    pub message: String,
    /// Whether the same task could succeed unchanged.
    pub retryable: bool,
}

/// What is known about how a result came about. Documented in `wit/types.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "wit/types.wit documents every field once")]
pub struct ResultMetadata {
    pub label: String,
    pub attempts: u32,
    pub model_requested: Option<String>,
    pub model_applied: Option<String>,
    pub model_mismatch: bool,
    pub usage: Option<Usage>,
    pub queued_ms: u64,
    pub output_bytes: u64,
    pub truncated: bool,
    pub redacted: bool,
    pub unwrapped: bool,
    pub deleted: bool,
}

/// The one record that every task ends with. Documented in `wit/types.wit`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "wit/types.wit documents every field once")]
pub struct TaskResult {
    pub task_id: TaskId,
    pub agent_type: String,
    pub status: TaskStatus,
    pub output: Option<Value>,
    pub execution_ms: u64,
    pub error: Option<TaskError>,
    pub session_key: Option<SessionKey>,
    pub metadata: ResultMetadata,
}

/// How many tasks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Census {
    pub tasks: u32,
    pub completed: u32,
    pub failed: u32,
    pub timeout: u32,
    pub cancelled: u32,
    pub skipped: u32,
}

/// What a run gives back, whatever happened. Documented in `wit/types.wit`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "wit/types.wit documents every field once")]
pub struct RunReport {
    pub status: RunStatus,
    pub results: Vec<TaskResult>,
    pub census: Census,
    pub elapsed_ms: u64,
    pub spawn_calls: u32,
    pub peak_in_flight: u32,
    pub usage: Option<Usage>,
    pub usage_complete: bool,
    pub ignored_events: u32,
    pub leaked: Vec<SessionKey>,
}
