//! Requests for workflows as records. `wit/workflows.wit` documents every field; the schemas that hold for documents hold
//! for them too.

use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

use super::registry::Entry;
use super::wish::Wish;
use parallel_agents_engine::task::{AgentSource, Cleanup, RuleSpec, TaskSpec};

/// What holds for every session of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "wit/teams.wit documents every field once")]
pub struct Limits {
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

/// Who judges and improves, and when it is enough.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "wit/workflows.wit documents every field once")]
pub struct Judging {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub target_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rounds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judges: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refiner_agent: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentSource>,
}

/// One draft to judge and improve.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "wit/workflows.wit documents every field once")]
pub struct DraftSpec {
    pub name: String,
    pub draft: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rubric: Option<String>,
}

/// Drafts to judge and improve.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "wit/workflows.wit documents every field once")]
pub struct RefinementSpec {
    pub drafts: Vec<DraftSpec>,
    #[serde(flatten)]
    pub judging: Judging,
    #[serde(flatten)]
    pub limits: Limits,
}

/// Agent types to make, and tasks for them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "wit/workflows.wit documents every field once")]
pub struct CreationSpec {
    pub new_agents: Vec<Wish>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registry: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskSpec>,
    #[serde(flatten)]
    pub judging: Judging,
    #[serde(flatten)]
    pub limits: Limits,
}

/// A goal to reach.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "wit/workflows.wit documents every field once")]
pub struct GoalSpec {
    pub goal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_replans: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_new_agents: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registry: Vec<Entry>,
    #[serde(flatten)]
    pub judging: Judging,
    #[serde(flatten)]
    pub limits: Limits,
}

/// JSON has no word for some numbers, and "nothing" would mean the default.
fn number<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(finite).serialize(serializer)
}

/// A number as JSON, or as a text that fits no schema for numbers.
pub fn finite(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
}
