//! Requests to improve drafts, to make agents and to reach a goal.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use parallel_agents_engine::task::{AgentSource, Cleanup, RuleSpec};

use crate::agent_spec::AgentSpec;

/// The request of `run_iterative_refinement`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["drafts"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["improvement", "session_rules"]))]
pub struct RefinementSpec {
    /// The drafts; results come back in this order.
    #[schemars(length(min = 1, max = 20), extend("x-code" = "E_DRAFT_COUNT"))]
    pub drafts: Vec<DraftSpec>,
    /// What all workflows that improve drafts have in common.
    #[serde(flatten)]
    #[schemars(skip)]
    pub common: ImprovementSpec,
}

/// The request of `create_agents`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["new_agents"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["improvement", "session_rules"]))]
pub struct CreationSpec {
    /// The agent types to make; results come back in this order.
    #[schemars(length(min = 1, max = 20), extend("x-code" = "E_AGENT_COUNT"))]
    pub new_agents: Vec<AgentSpec>,
    /// What an earlier call returned as its registry; a better version in it is never replaced.
    #[schemars(length(max = 100), extend("x-code" = "E_REGISTRY", "items" = {"type": "object", "x-code": "E_REGISTRY"}))]
    pub registry: Vec<Value>,
    /// Tasks to run with them once all are made, as run_tasks takes them. An agent_type may be one of new_agents or of the
    /// registry; a task whose agent was not good enough is not run.
    #[schemars(length(min = 1, max = 200), extend("x-code" = "E_TASK_COUNT", "items" = {"x-ref": "task"}))]
    pub tasks: Option<Vec<Value>>,
    /// What all workflows that improve drafts have in common.
    #[serde(flatten)]
    #[schemars(skip)]
    pub common: ImprovementSpec,
}

/// The request of `orchestrate`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["goal"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["improvement", "session_rules"]))]
pub struct OrchestrationSpec {
    /// What is to be reached, with the material for it. At most 24 KiB.
    #[schemars(length(min = 1), extend("x-code" = "E_GOAL"))]
    pub goal: String,
    /// Tasks of one plan; 20 by default.
    #[schemars(range(min = 1, max = 50), extend("x-code" = "E_PLAN_LIMIT"))]
    pub max_tasks: Option<u32>,
    /// How often tasks that failed may be replaced by others; 1 by default.
    #[schemars(range(min = 0, max = 3), extend("x-code" = "E_PLAN_LIMIT"))]
    pub max_replans: Option<u32>,
    /// Agent types that the plan may have made; 10 by default.
    #[schemars(range(min = 0, max = 20), extend("x-code" = "E_PLAN_LIMIT"))]
    pub max_new_agents: Option<u32>,
    /// What an earlier call returned as its registry. Its agent types can be used, and a better
    /// version in it is never replaced.
    #[schemars(length(max = 100), extend("x-code" = "E_REGISTRY", "items" = {"type": "object", "x-code": "E_REGISTRY"}))]
    pub registry: Vec<Value>,
    /// What all workflows that improve drafts have in common.
    #[serde(flatten)]
    #[schemars(skip)]
    pub common: ImprovementSpec,
}

/// How drafts are judged and improved, and the rules of all sessions.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ImprovementSpec {
    /// Good enough, 0 to 10; 8.5 by default. Judges are not told. In an orchestration a plan may
    /// ask for more, and not for less.
    #[schemars(extend("type" = ["number", "null"], "minimum" = 0, "maximum" = 10, "x-code" = "E_THRESHOLD"))]
    pub target_score: Option<Value>,
    /// Versions of a draft that are judged at the most; 3 by default.
    #[schemars(range(min = 1, max = 10), extend("x-code" = "E_ROUNDS"))]
    pub max_rounds: Option<u32>,
    /// Judges for each version, each in a session of its own; 1 by default. The median counts.
    #[schemars(range(min = 1, max = 7), extend("x-code" = "E_REVIEWERS"))]
    pub judges: Option<u32>,
    /// The agent type that judges; agent_design_reviewer by default.
    #[schemars(length(min = 1), extend("x-code" = "E_AGENT_TYPE"))]
    pub judge_agent: Option<String>,
    /// The agent type that improves; agent_refiner by default.
    #[schemars(length(min = 1), extend("x-code" = "E_AGENT_TYPE"))]
    pub refiner_agent: Option<String>,
    /// Agent types of the caller's own, as in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
    /// As in a request for `run_tasks`.
    #[schemars(skip)]
    pub max_concurrent: Option<u32>,
    /// As in a request for `run_tasks`.
    #[schemars(skip)]
    pub deadline_seconds: Option<u32>,
    /// As in a request for `run_tasks`.
    #[schemars(skip)]
    pub cleanup: Option<Cleanup>,
    /// As in a request for `run_tasks`.
    #[schemars(skip)]
    pub model: Option<String>,
    /// As in a request for `run_tasks`.
    #[schemars(skip)]
    pub thinking: Option<String>,
    /// The rules of a run that hold for every session.
    #[serde(flatten)]
    #[schemars(skip)]
    pub rules: RuleSpec,
}

/// A draft that is to be judged and improved.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["name", "draft"], "x-code" = "E_DRAFT_TYPE"))]
pub struct DraftSpec {
    /// `[a-z][a-z0-9_-]{0,39}`, unique in the request; it begins the ids of its tasks.
    #[schemars(length(min = 1, max = 40), extend("x-code" = "E_ID_FORMAT"))]
    pub name: String,
    /// The first version: a text or a JSON value. At most 64 KiB.
    #[schemars(extend("type" = ["string", "object", "array"], "x-code" = "E_DRAFT_EMPTY"))]
    pub draft: Value,
    /// What it is; `agent definition` by default, which has to be a usable one.
    #[schemars(length(min = 1, max = 200), extend("x-code" = "E_DRAFT_KIND"))]
    pub kind: Option<String>,
    /// What it is for.
    #[schemars(length(min = 1, max = 4000), extend("x-code" = "E_DRAFT_PURPOSE"))]
    pub purpose: Option<String>,
    /// What counts when it is judged.
    #[schemars(length(min = 1, max = 8000), extend("x-code" = "E_DRAFT_RUBRIC"))]
    pub rubric: Option<String>,
}
