//! The rules of a run as a caller writes them: when it is enough, what may be spent, what is tried again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How capable a model an agent needs. Requests map tiers to models; no model is named in code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What a task does whose dependency did not complete. Documented in `wit/rules.wit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// When a run is over. Documented in `wit/rules.wit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// The wait rule of a request. Documented in `wit/rules.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct WaitSpec {
    pub mode: WaitMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// How long a retry waits. Documented in `wit/rules.wit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct BackoffSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<u64>,
}

/// Which model each tier means. Documented in `wit/rules.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct TierModels {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub economy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// Who judges answers, and what is good enough. Documented in `wit/rules.wit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct JudgeSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    pub threshold: Value,
}

/// What a run may spend. Documented in `wit/rules.wit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct BudgetSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawns: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_tokens: Option<u64>,
}

/// What a model costs, in micro-dollars per 1,000 tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// Of tokens read.
    pub input: u64,
    /// Of tokens written.
    pub output: u64,
}

/// The rules of a run. Documented in `wit/rules.wit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "wit/rules.wit documents every field once")]
pub struct RuleSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<BackoffSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_budget: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<TierModels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_model: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetSpec>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_interval_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_dependency_failure: Option<OnDependencyFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_error_text: Option<bool>,
}
