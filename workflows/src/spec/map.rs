//! Requests over many items, and for a forecast of any run.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use parallel_agents_engine::task::{AgentSource, TaskSpec};

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
