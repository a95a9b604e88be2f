//! The rules of a run as a caller writes them: when it is enough, what may be spent, what is tried again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How capable a model an agent needs. Requests map tiers to models; no model is named in code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tier {
    Economy,
    #[default]
    Standard,
    Premium,
}

impl Tier {
    /// From the cheapest to the dearest.
    pub const ALL: [Self; 3] = [Self::Economy, Self::Standard, Self::Premium];

    /// The name that definitions use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::Standard => "standard",
            Self::Premium => "premium",
        }
    }
}

/// What a task does whose dependency did not complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDependencyFailure {
    /// It is skipped.
    #[default]
    Skip,
    /// It runs all the same; a field that the dependency should have filled is null.
    Run,
    /// The whole run is stopped.
    FailFast,
}

/// When a run is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitMode {
    /// When every task has ended.
    #[default]
    All,
    /// When one task is completed.
    Any,
    /// When `count` tasks are completed.
    First,
    /// When `count` completed tasks agree.
    Quorum,
    /// When `seconds` are over; what is completed then counts.
    Until,
}

impl WaitMode {
    /// The name that requests use.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::First => "first",
            Self::Quorum => "quorum",
            Self::Until => "until",
        }
    }
}

/// The wait rule of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["mode"]))]
pub struct WaitSpec {
    /// all: every task has ended (the default); any: one is completed; first: count are; quorum: count completed
    /// tasks have equal values at pointer; until: seconds are over.
    #[schemars(extend("x-code" = "E_WAIT"))]
    pub mode: WaitMode,
    /// How many completed tasks are enough; for first and quorum.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000), extend("x-code" = "E_WAIT"))]
    pub count: Option<u32>,
    /// JSON pointer to the value that tasks have to agree on; for quorum.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512), extend("x-code" = "E_WAIT"))]
    pub pointer: Option<String>,
    /// How long to wait; for until.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_WAIT"))]
    pub seconds: Option<u32>,
}

/// How long a retry waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct BackoffSpec {
    /// The first pause is drawn from 0 to this, and the bound doubles; 1000 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 300_000), extend("x-code" = "E_RETRY_RANGE"))]
    pub base_ms: Option<u64>,
    /// No pause is drawn from more than this; 60000 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 300_000), extend("x-code" = "E_RETRY_RANGE"))]
    pub max_ms: Option<u64>,
}

/// Which model each tier means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct TierModels {
    /// The model of the economy tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-code" = "E_MODEL_FORMAT"))]
    pub economy: Option<String>,
    /// The model of the standard tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-code" = "E_MODEL_FORMAT"))]
    pub standard: Option<String>,
    /// The model of the premium tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-code" = "E_MODEL_FORMAT"))]
    pub premium: Option<String>,
}

impl TierModels {
    /// The model of a tier, if it has one.
    pub fn model(&self, tier: Tier) -> Option<&String> {
        match tier {
            Tier::Economy => self.economy.as_ref(),
            Tier::Standard => self.standard.as_ref(),
            Tier::Premium => self.premium.as_ref(),
        }
    }
}

/// Who judges answers, and what is good enough.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["threshold"]))]
pub struct JudgeSpec {
    /// The agent type that judges; it has to be one without tools that gives an overall_score. agent_design_reviewer
    /// by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-code" = "E_AGENT_TYPE"))]
    pub agent: Option<String>,
    /// The score that an answer has to reach.
    #[schemars(extend("type" = "number", "minimum" = 0, "maximum" = 10, "x-code" = "E_THRESHOLD"))]
    pub threshold: Value,
}

/// What a run may spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct BudgetSpec {
    /// Tokens read and written by all sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_992_u64), extend("x-code" = "E_BUDGET_RANGE"))]
    pub tokens: Option<u64>,
    /// Cost of all sessions in micro-dollars; needs prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_992_u64), extend("x-code" = "E_BUDGET_RANGE"))]
    pub micro_usd: Option<u64>,
    /// Sessions that may be asked for, of all tasks together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000), extend("x-code" = "E_BUDGET_RANGE"))]
    pub spawns: Option<u32>,
    /// Nothing new is started after this long; what runs may end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_BUDGET_RANGE"))]
    pub seconds: Option<u32>,
    /// Tokens reserved for one session beyond its prompt; 16000 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 10_000_000), extend("x-code" = "E_BUDGET_RANGE"))]
    pub session_tokens: Option<u64>,
}

/// From what on somebody has to agree before a run begins. What it could take at the most is what counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ApprovalSpec {
    /// Ask about a run that could cost more micro-dollars, or of which nobody knows what it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_992_u64), extend("x-code" = "E_APPROVAL_RANGE"))]
    pub above_micro_usd: Option<u64>,
    /// Ask about a run that could need more sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000), extend("x-code" = "E_APPROVAL_RANGE"))]
    pub above_sessions: Option<u32>,
    /// Ask about every run; false by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub always: Option<bool>,
}

/// What a model costs, in micro-dollars per 1,000 tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["input", "output"], "x-code" = "E_PRICE"))]
pub struct Price {
    /// Micro-dollars for 1,000 tokens read.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64), extend("x-code" = "E_PRICE"))]
    pub input: u64,
    /// Micro-dollars for 1,000 tokens written.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64), extend("x-code" = "E_PRICE"))]
    pub output: u64,
}

/// The rules of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RuleSpec {
    /// When it is enough. Whatever still runs then is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-part" = "run_rules", "x-code" = "E_WAIT"))]
    pub wait: Option<WaitSpec>,
    /// Retries of a task for reasons that pass, such as a provider's bad moment; 1 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5), extend("x-code" = "E_RETRY_RANGE"))]
    pub retries: Option<u32>,
    /// How long retries wait. A longer time that the host asks for counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_RETRY_RANGE"))]
    pub backoff: Option<BackoffSpec>,
    /// Retries of all tasks together; a tenth of the tasks by default, but 2 at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000), extend("x-code" = "E_RETRY_RANGE"))]
    pub retry_budget: Option<u32>,
    /// Sessions per task that only put the form of a JSON answer right; 1 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1), extend("x-code" = "E_RETRY_RANGE"))]
    pub corrections: Option<u32>,
    /// Models for tiers. Tasks that name no model start with their tier's and climb to a better one when an answer is
    /// not good enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_MODEL_FORMAT"))]
    pub models: Option<TierModels>,
    /// Whether tasks climb; true by default where models are named. true without models uses the built-in ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub escalate: Option<bool>,
    /// Fail a session for which the host applied another model than the one asked for; false by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub strict_model: Option<bool>,
    /// Have every answer judged; one below the threshold is not completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-part" = "run_rules", "x-code" = "E_THRESHOLD"))]
    pub judge: Option<JudgeSpec>,
    /// What may be spent. Reserved with each spawn and settled after; never exceeded while no session takes more than
    /// was reserved for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_BUDGET_RANGE"))]
    pub budget: Option<BudgetSpec>,
    /// When somebody has to agree before anything is spawned, in hosts that ask. The operator's own thresholds hold as well:
    /// the smaller one counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_APPROVAL_RANGE"))]
    pub approval: Option<ApprovalSpec>,
    /// What models cost, by name, or under * for every other: {"input", "output"} in micro-dollars per 1,000 tokens.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-code" = "E_PRICE"))]
    pub prices: BTreeMap<String, Price>,
    /// Tasks that go ahead; the rest starts when they have ended, unless all of them failed alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20), extend("x-part" = "run_rules", "x-code" = "E_CANARY"))]
    pub canary: Option<u32>,
    /// Stop starting sessions of an agent type under a model while they fail in numbers, or all alike; true by
    /// default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub breaker: Option<bool>,
    /// Give a late session of an idempotent task a twin, for at most 5 % of the tasks; false by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-part" = "run_rules", "x-code" = "E_TYPE"))]
    pub hedge: Option<bool>,
    /// Average distance between two starts; 0 by default. Grows by itself while the host is pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 60_000), extend("x-code" = "E_START"))]
    pub start_interval_ms: Option<u64>,
    /// How long a session may run whose task names no time; its agent type's own by default, mostly 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_TIMEOUT_RANGE"))]
    pub task_timeout_seconds: Option<u32>,
    /// How long an accepted session may wait while no other one starts, runs or ends; 120 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("x-code" = "E_TIMEOUT_RANGE"))]
    pub start_timeout_seconds: Option<u32>,
    /// What a task does when a dependency is not completed: skip it (the default), run without
    /// it, or stop the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-part" = "run_rules", "x-code" = "E_ENUM"))]
    pub on_dependency_failure: Option<OnDependencyFailure>,
    /// Whether a text, Markdown or code answer that was cut, at the model's token limit or by the host, is a success;
    /// false by default. JSON that was cut never is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub accept_truncated: Option<bool>,
    /// Whether an answer that reads like an error message, and may be a real one, is a success; true by default. It
    /// is marked doubtful either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub accept_error_text: Option<bool>,
}
