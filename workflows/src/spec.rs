//! What callers of the workflows and teams write. The schemas of these requests are generated from the types here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use parallel_agents_engine::task::{AgentSource, Cleanup, RuleSpec, TaskSpec};

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

/// An agent type that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["name", "purpose"], "x-code" = "E_AGENT_WISH"))]
pub struct AgentSpec {
    /// `[a-z][a-z0-9_]{0,39}`, unique in the request.
    #[schemars(length(min = 1, max = 40), extend("x-code" = "E_ID_FORMAT"))]
    pub name: String,
    /// What it is for.
    #[schemars(length(min = 1, max = 4000), extend("x-code" = "E_AGENT_PURPOSE"))]
    pub purpose: String,
    /// The field that it works in, for example law.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), extend("x-code" = "E_AGENT_WISH"))]
    pub domain: Option<String>,
    /// What it has to be able to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-code" = "E_AGENT_WISH", "items" = {"type": "string", "minLength": 1, "maxLength": 400, "x-code": "E_AGENT_WISH"}))]
    pub capabilities: Vec<String>,
    /// What it has to keep to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-code" = "E_AGENT_WISH", "items" = {"type": "string", "minLength": 1, "maxLength": 400, "x-code": "E_AGENT_WISH"}))]
    pub constraints: Vec<String>,
}

/// The request of `map_tasks`, beside the limits of the run.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["items", "steps"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["session_rules", "run_rules"]))]
pub struct MapSpec {
    /// What the steps are done with, once for each: an object with fields, or another value, which then is its field
    /// `item`. An item is final when all of its steps are, and is told then.
    #[schemars(length(min = 1, max = 10_000), extend("x-code" = "E_ITEM_COUNT", "items" = {"type": ["object", "string", "number", "boolean", "array"], "x-code": "E_ITEM"}))]
    pub items: Vec<Value>,
    /// What is done with each item: one task, or several that name each other as dependencies by their task_id. The last
    /// one has the item's answer. `{{field}}` in task_description and in the texts of input_data stands for that
    /// field of the item, `{{item}}` for all of it, `{{item_number}}` for its place from 1.
    #[schemars(length(min = 1, max = 10), extend("x-code" = "E_STEP_COUNT", "items" = {"x-ref": "task"}))]
    pub steps: Vec<TaskSpec>,
    /// One answer made of those of all items.
    #[schemars(extend("x-code" = "E_REDUCE"))]
    pub reduce: Option<ReduceSpec>,
    /// Agent types of the caller's own, as in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
}

/// The request of `forecast_run`: that of `run_tasks`, or of `map_tasks`.
#[derive(Default, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("x-code" = "E_REQUEST_TYPE", "x-include" = ["session_rules", "run_rules"]))]
pub struct ForecastSpec {
    /// For a forecast of run_tasks: its tasks.
    #[schemars(length(min = 1, max = 10_000), extend("x-code" = "E_TASK_COUNT", "items" = {"x-ref": "task"}))]
    pub tasks: Vec<TaskSpec>,
    /// For a forecast of map_tasks: its items.
    #[schemars(length(min = 1, max = 10_000), extend("x-code" = "E_ITEM_COUNT", "items" = {"type": ["object", "string", "number", "boolean", "array"], "x-code": "E_ITEM"}))]
    pub items: Vec<Value>,
    /// For a forecast of map_tasks: its steps.
    #[schemars(length(min = 1, max = 10), extend("x-code" = "E_STEP_COUNT", "items" = {"x-ref": "task"}))]
    pub steps: Vec<TaskSpec>,
    /// For a forecast of map_tasks: how one answer is made of all.
    #[schemars(extend("x-code" = "E_REDUCE"))]
    pub reduce: Option<ReduceSpec>,
    /// As in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
}

/// How the answers of items become one.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["task"], "x-code" = "E_REDUCE"))]
pub struct ReduceSpec {
    /// What is done with a group of answers. It gets them as the field results of its input, and no tools. If there is more
    /// than one group, the answers of all groups are grouped and given to it in the same way, until one is left.
    #[schemars(extend("x-ref" = "task"))]
    pub task: TaskSpec,
    /// Answers in a group, if they fit into one prompt; 20 by default.
    #[schemars(range(min = 2, max = 200), extend("x-code" = "E_REDUCE"))]
    pub group_size: Option<u32>,
}

/// The request of `content_team`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["topic", "platform"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["team", "session_rules", "run_rules"]))]
pub struct ContentTeamSpec {
    /// What to write about. At most 4 KiB.
    #[schemars(length(min = 1), extend("x-code" = "E_TOPIC"))]
    pub topic: String,
    /// Where it will be published, for example bluesky.
    #[schemars(length(min = 1), extend("x-code" = "E_PLATFORM"))]
    pub platform: String,
}

/// The request of `development_team`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["app_name", "features"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["team", "session_rules", "run_rules"]))]
pub struct DevelopmentTeamSpec {
    /// The application's name.
    #[schemars(length(min = 1), extend("x-code" = "E_APP_NAME"))]
    pub app_name: String,
    /// What it has to do, a few words each.
    #[schemars(length(min = 1, max = 50), extend("x-code" = "E_FEATURES", "items" = {"type": "string", "minLength": 1, "x-code": "E_FEATURES"}))]
    pub features: Vec<String>,
}

/// The request of `review_team`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["code"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["team", "session_rules", "run_rules"]))]
pub struct ReviewTeamSpec {
    /// The source text under review. At most 96 KiB.
    #[schemars(extend("x-code" = "E_CODE_EMPTY"))]
    pub code: String,
    /// Its name, so that findings can name it.
    #[schemars(length(min = 1, max = 512), extend("x-code" = "E_FILE_NAME"))]
    pub file: Option<String>,
}

/// The request of `meta_workflow`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["purposes"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["team", "session_rules", "run_rules"]))]
pub struct MetaWorkflowSpec {
    /// The agent types to design; two tasks each.
    #[schemars(length(min = 1, max = 20), extend("x-code" = "E_AGENT_COUNT"))]
    pub purposes: Vec<AgentSpec>,
}

/// What requests for a team have in common, beside the limits of the run.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TeamSpec {
    /// Run the tasks at once; without it the reply is a request for run_tasks, which may be edited.
    #[schemars(extend("x-code" = "E_TYPE"))]
    pub run: Option<bool>,
}
