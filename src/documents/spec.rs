//! What callers write to the functions that run no workflow. The schemas of these requests are generated from the types here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use parallel_agents_engine::task::{AgentSource, ApprovalSpec, BudgetSpec, OutputFormat, Price, TaskSpec};

/// The request of `spawn_with_retry` and of `spawn_with_model_hierarchy`, beside the rules of a run. Like the next one it
/// becomes a request for `run_tasks` as it stands, and is not read by itself.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["task"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["session_rules", "run_rules"]))]
pub struct OneTaskSpec {
    /// As in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "task"))]
    pub task: TaskSpec,
    /// As in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
    /// Retries for reasons that pass; 2 by default.
    #[schemars(range(min = 0, max = 5), extend("x-code" = "E_RETRY_RANGE"))]
    pub max_retries: Option<u32>,
}

/// The request of `spawn_parallel_with_retry`, beside the rules of a run.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["tasks"], "x-code" = "E_REQUEST_TYPE", "x-include" = ["session_rules", "run_rules"]))]
pub struct ManyTasksSpec {
    /// The tasks; results come back in this order.
    #[schemars(length(min = 1, max = 10_000), extend("x-code" = "E_TASK_COUNT", "items" = {"x-ref": "task"}))]
    pub tasks: Vec<TaskSpec>,
    /// As in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
    /// Retries for reasons that pass; 2 by default.
    #[schemars(range(min = 0, max = 5), extend("x-code" = "E_RETRY_RANGE"))]
    pub max_retries: Option<u32>,
}

/// The request of `collect_results`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["sessions"], "x-code" = "E_REQUEST_TYPE"))]
pub struct CollectSpec {
    /// Keys of sessions that this caller may read.
    #[schemars(length(min = 1, max = 200), extend("x-code" = "E_SESSIONS", "items" = {"type": "string", "minLength": 1, "maxLength": 512, "x-code": "E_SESSIONS"}))]
    pub sessions: Vec<String>,
    /// How long to wait for those that still run; 0, not at all, by default.
    #[schemars(range(min = 0, max = 86_400), extend("x-code" = "E_DEADLINE_RANGE"))]
    pub wait_seconds: Option<u32>,
    /// How to read the answers; text by default.
    #[schemars(extend("x-code" = "E_ENUM"))]
    pub output_format: Option<OutputFormat>,
}

/// The request of `check_approval`. What it calls for is read by itself, with places of its own.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["function"], "x-code" = "E_REQUEST_TYPE"))]
pub struct CheckApprovalSpec {
    /// The function that is to be called.
    #[schemars(length(min = 1), extend("x-code" = "E_FUNCTION_UNKNOWN"))]
    pub function: String,
    /// What it is to be called with. Its approval holds beside the operator's.
    #[schemars(extend("type" = ["object", "null"], "x-code" = "E_REQUEST_TYPE"))]
    pub arguments: Option<Value>,
    /// What the host's operator wants.
    #[schemars(extend("x-code" = "E_OPERATOR"))]
    pub operator: Option<OperatorSpec>,
}

/// What the host's operator wants. A field that is not known may be a limit that was to hold, so it is an error.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OperatorSpec {
    /// As approval of a request.
    #[schemars(with = "Value", extend("type" = "object", "x-code" = "E_OPERATOR"))]
    pub approval: ApprovalSpec,
    /// As budget of a request; the smaller of two caps counts.
    #[schemars(with = "Value", extend("type" = "object", "x-code" = "E_OPERATOR"))]
    pub budget: BudgetSpec,
    /// As prices of a request, which do not count beside these.
    #[schemars(with = "Value", extend("type" = "object", "x-code" = "E_OPERATOR"))]
    pub prices: BTreeMap<String, Price>,
    /// Tasks of one request at the most. A call with more is refused here as it would be when it is made.
    #[schemars(with = "u32", range(min = 1, max = 10_000), extend("x-code" = "E_OPERATOR"))]
    pub tasks: Option<u32>,
}

/// The request of `fill_request`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["saved"], "x-code" = "E_REQUEST_TYPE"))]
pub struct FillSpec {
    /// The saved request.
    pub saved: SavedSpec,
    /// Values by parameter. Without them the request is only checked and described.
    #[schemars(with = "Value", extend("type" = ["object", "null"], "x-code" = "E_PARAMETER"))]
    pub values: Option<Map<String, Value>>,
}

/// A request as it is kept.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["function", "arguments"], "x-code" = "E_SAVED"))]
pub struct SavedSpec {
    /// What it is for.
    #[schemars(length(max = 1024), extend("x-code" = "E_SAVED"))]
    pub description: Option<String>,
    /// The function that it calls.
    #[schemars(length(min = 1), extend("x-code" = "E_FUNCTION_UNKNOWN"))]
    pub function: String,
    /// Its parameters by name. Without them every placeholder is a required one.
    #[schemars(extend("x-code" = "E_PARAMETER"))]
    pub parameters: Option<BTreeMap<String, Option<ParameterSpec>>>,
    /// What the function is called with. {{name}} in any of its strings is a placeholder; a string that is nothing else
    /// becomes the value itself, of any type. \{{ is two braces that mean nothing.
    #[schemars(extend("type" = "object", "x-code" = "E_SAVED"))]
    pub arguments: Value,
}

/// One parameter.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("x-code" = "E_PARAMETER"))]
pub struct ParameterSpec {
    /// What it means.
    #[schemars(length(max = 1024), extend("x-code" = "E_PARAMETER"))]
    pub description: Option<String>,
    /// Its value where a call gives none.
    #[schemars(with = "Value")]
    pub default: Option<Value>,
    /// Whether a call has to give it; by default one without a default is required. One that is neither given nor has a
    /// default is null.
    #[schemars(extend("x-code" = "E_PARAMETER"))]
    pub required: Option<bool>,
}

/// The request of `result_digest`.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["report"], "x-code" = "E_REQUEST_TYPE"))]
pub struct DigestSpec {
    /// The result of a run: the report of run_tasks, what a workflow returned, or the result of one task.
    #[schemars(extend("type" = "object", "x-code" = "E_REPORT"))]
    pub report: Value,
    /// Characters that the answer may have; 15000 by default.
    #[schemars(range(min = 1_000, max = 200_000), extend("x-code" = "E_PAGE"))]
    pub max_chars: Option<usize>,
    /// true: also attempts, usage, cost and budget. Otherwise statuses, errors, answers, and the marks that are set.
    pub detail: Option<bool>,
    /// markdown: {text}, a table for people with the first line of each answer. json by default.
    #[schemars(with = "Value", extend("type" = ["string", "null"], "enum" = ["json", "markdown", null], "x-code" = "E_ENUM"))]
    pub format: Option<OutputFormat>,
}

/// The request of `result_page`.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["report", "task_id"], "x-code" = "E_REQUEST_TYPE"))]
pub struct PageSpec {
    /// The report of a run, as run_tasks gave it; of a workflow, its part `run`.
    #[schemars(extend("type" = "object", "x-code" = "E_REPORT"))]
    pub report: Value,
    /// The task whose output is read.
    #[schemars(length(min = 1), extend("x-code" = "E_ID_FORMAT"))]
    pub task_id: String,
    /// Characters of the output to skip; 0 by default.
    #[schemars(range(min = 0, max = 1_099_511_627_776_u64), extend("x-code" = "E_PAGE"))]
    pub offset: Option<u64>,
    /// Characters that the answer may have; 15000 by default.
    #[schemars(range(min = 1_000, max = 200_000), extend("x-code" = "E_PAGE"))]
    pub max_chars: Option<usize>,
}

/// The request of `explain_task`, read as one of `result_page` that asks for the beginning.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["report", "task_id"], "x-code" = "E_REQUEST_TYPE"))]
pub struct ExplainSpec {
    /// The report of a run, as run_tasks gave it; of a workflow, its part `run`.
    #[schemars(extend("type" = "object", "x-code" = "E_REPORT"))]
    pub report: Value,
    /// The task.
    #[schemars(length(min = 1), extend("x-code" = "E_ID_FORMAT"))]
    pub task_id: String,
}

/// The request of `list_agents`.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = [], "x-code" = "E_REQUEST_TYPE"))]
pub struct ListAgentsSpec {
    /// Only this category, for example qa.
    #[schemars(extend("x-code" = "E_CATEGORY_UNKNOWN"))]
    pub category: Option<String>,
    /// As in a request for `run_tasks`.
    #[serde(default)]
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
}

/// The request of `describe_agent`.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["agent_type"], "x-code" = "E_REQUEST_TYPE"))]
pub struct DescribeAgentSpec {
    /// The agent type's name.
    #[schemars(length(min = 1), extend("x-code" = "E_AGENT_TYPE"))]
    pub agent_type: String,
    /// As in a request for `run_tasks`.
    #[serde(default)]
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
}

/// The request of `render_prompt`.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["task"], "x-code" = "E_REQUEST_TYPE"))]
pub struct RenderPromptSpec {
    /// As in a request for `run_tasks`.
    #[schemars(extend("x-ref" = "task"))]
    pub task: TaskSpec,
    /// As in a request for `run_tasks`.
    #[serde(default)]
    #[schemars(extend("x-ref" = "agents"))]
    pub agents: Vec<AgentSource>,
}

/// The request of `definition_file`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["definition"], "x-code" = "E_REQUEST_TYPE"))]
pub struct DefinitionFileSpec {
    /// An agent type: the text of a definition file, or the same as an object, for example of a registry.
    #[schemars(with = "Value", extend("type" = ["string", "object"], "x-code" = "E_AGENT_DEFINITION"))]
    pub definition: AgentSource,
}

/// The request of `describe_function`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["function"], "x-code" = "E_REQUEST_TYPE"))]
pub struct DescribeFunctionSpec {
    /// The function's name.
    #[schemars(length(min = 1), extend("x-code" = "E_FUNCTION_UNKNOWN"))]
    pub function: String,
}

/// The request of `versions`, which says nothing.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = [], "properties" = {}, "x-code" = "E_REQUEST_TYPE"))]
pub struct VersionsSpec {}
