//! What a run gives back: statuses, results, the report.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decision, TaskError, Tier, WaitMode};
use crate::ids::{AgentType, SessionKey, TaskId};

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
    /// Stopped by the caller, the deadline, the host or the run's own rules, or never started for lack of budget.
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
    /// Every required task is completed, or what was waited for is reached.
    Completed,
    /// Some are, some are not.
    Partial,
    /// No task is completed, but for steps on the way to another task's answer.
    Failed,
    /// The caller stopped it.
    Cancelled,
    /// The deadline stopped it.
    Deadline,
    /// The budget was used up before everything could be started.
    Budget,
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
    /// Read and written together.
    pub fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// The sum; saturates, since a host may report anything.
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

/// Why a session was started. Documented in `schemas/results/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptKind {
    /// The task's first.
    #[default]
    First,
    /// The one before failed for reasons that pass.
    Retry,
    /// The answer before did not have the right form.
    Correction,
    /// The answer before was not good enough for its tier.
    Climb,
    /// The one before takes unusually long; it goes on.
    Hedge,
    /// It judges the answer before.
    Judge,
}

impl AttemptKind {
    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Retry => "retry",
            Self::Correction => "correction",
            Self::Climb => "climb",
            Self::Hedge => "hedge",
            Self::Judge => "judge",
        }
    }
}

/// One session that was asked for, and what became of it. Documented in `schemas/results/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct AttemptRecord {
    pub number: u32,
    pub kind: AttemptKind,
    pub tier: Option<Tier>,
    pub model_requested: Option<String>,
    pub model_applied: Option<String>,
    pub status: TaskStatus,
    pub error: Option<TaskError>,
    pub usage: Option<Usage>,
    pub cost_micro_usd: Option<u64>,
    pub started_ms: u64,
    pub ended_ms: u64,
    pub session_key: Option<SessionKey>,
}

/// What is known about how a result came about. Documented in `schemas/results/`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct ResultMetadata {
    pub label: String,
    pub dependencies: Vec<TaskId>,
    pub attempts: u32,
    pub tier: Option<Tier>,
    pub model_requested: Option<String>,
    pub model_applied: Option<String>,
    pub model_mismatch: bool,
    pub usage: Option<Usage>,
    pub cost_micro_usd: Option<u64>,
    pub queued_ms: u64,
    pub output_bytes: u64,
    pub truncated: bool,
    pub redacted: bool,
    pub unwrapped: bool,
    pub repaired: bool,
    pub doubtful: bool,
    pub corrected: bool,
    pub deleted: bool,
    pub attempt_log: Vec<AttemptRecord>,
    pub decisions: Vec<Decision>,
}

/// The one record that every task ends with. Documented in `schemas/results/`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct TaskResult {
    pub task_id: TaskId,
    pub agent_type: AgentType,
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

/// What a run may cost, told before its first spawn. Documented in `schemas/results/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Forecast {
    pub sessions_expected: u32,
    pub sessions_worst: u32,
    pub tokens_expected: u64,
    pub tokens_worst: u64,
    pub micro_usd_expected: Option<u64>,
    pub micro_usd_worst: Option<u64>,
}

/// One dimension of a budget at the end of a run. Documented in `schemas/results/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Spending {
    pub cap: Option<u64>,
    pub spent: u64,
    pub overshoot: u64,
}

/// What a run spent. Documented in `schemas/results/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct BudgetReport {
    pub tokens: Spending,
    pub micro_usd: Spending,
    pub spawns: Spending,
}

/// What a run cost, beside the dearest way to do the same. Documented in `schemas/results/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct CostReport {
    pub micro_usd: Option<u64>,
    pub complete: bool,
    pub all_premium_micro_usd: Option<u64>,
    pub saved_micro_usd: Option<i64>,
}

/// Whether it was enough. Documented in `schemas/results/`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct WaitReport {
    pub mode: WaitMode,
    pub satisfied: bool,
    pub value: Option<Value>,
}

/// What a run gives back, whatever happened. Documented in `schemas/results/`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct RunReport {
    pub status: RunStatus,
    pub results: Vec<TaskResult>,
    pub census: Census,
    pub wait: WaitReport,
    pub elapsed_ms: u64,
    pub spawn_calls: u32,
    pub peak_in_flight: u32,
    pub usage: Option<Usage>,
    pub usage_complete: bool,
    pub cost: CostReport,
    pub budget: BudgetReport,
    pub forecast: Forecast,
    pub ignored_events: u32,
    pub leaked: Vec<SessionKey>,
}
