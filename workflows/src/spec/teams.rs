//! Requests for teams.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::agent_spec::AgentSpec;

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
