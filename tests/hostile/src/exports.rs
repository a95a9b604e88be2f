//! The WIT exports. Only the JSON door leads anywhere; a host has to find the others all the same.

use super::bindings::exports::parallel_agents::skill::{
    about, agents, documents, journals, orchestration, reports, teams, workflows,
};
use super::bindings::parallel_agents::skill::results::{CallError, Forecast, Problem, RunReport, TaskResult};
use super::bindings::parallel_agents::skill::rules::TierModels;
use super::bindings::parallel_agents::skill::types::{AgentSource, OutputFormat, RunRequest, Task};
use super::deeds;

/// The component.
pub struct Hostile;

const CLOSED: &str = "only the JSON door leads anywhere";

fn closed<T>() -> Result<T, CallError> {
    Err(CallError::HostProtocol(CLOSED.to_owned()))
}

impl documents::Guest for Hostile {
    fn list_functions() -> Vec<documents::DocumentFunction> {
        Vec::new()
    }

    async fn call(function: String, arguments: String) -> documents::DocumentReply {
        deeds::commit(&function, arguments.parse().unwrap_or(0)).await
    }
}

impl about::Guest for Hostile {
    fn versions() -> about::VersionInfo {
        about::VersionInfo { component: "0.0.0".to_owned(), contract: "0.1.0".to_owned() }
    }
}

impl journals::Guest for Hostile {
    async fn resume(_: String) -> documents::DocumentReply {
        documents::DocumentReply::Refused(CLOSED.to_owned())
    }

    async fn replay(_: String) -> documents::DocumentReply {
        documents::DocumentReply::Refused(CLOSED.to_owned())
    }
}

impl orchestration::Guest for Hostile {
    async fn run_tasks(_: RunRequest) -> Result<RunReport, CallError> {
        closed()
    }

    fn forecast_run(_: RunRequest) -> Result<Forecast, CallError> {
        closed()
    }

    async fn spawn_with_retry(_: Task, _: Option<u32>) -> Result<TaskResult, CallError> {
        closed()
    }

    async fn spawn_with_model_hierarchy(_: Task, _: Option<TierModels>) -> Result<TaskResult, CallError> {
        closed()
    }

    async fn spawn_parallel_with_retry(_: Vec<Task>, _: Option<u32>, _: Option<u32>) -> Result<RunReport, CallError> {
        closed()
    }

    async fn collect_results(
        _: Vec<String>,
        _: u32,
        _: Option<OutputFormat>,
    ) -> Result<Vec<orchestration::Collected>, CallError> {
        closed()
    }
}

impl reports::Guest for Hostile {
    fn digest(_: String, _: Option<u32>) -> Result<String, CallError> {
        closed()
    }

    fn page(_: String, _: String, _: u64, _: Option<u32>) -> Result<String, CallError> {
        closed()
    }

    fn explain(_: String, _: String) -> Result<String, CallError> {
        closed()
    }
}

impl agents::Guest for Hostile {
    fn list_agents(_: Option<String>) -> Result<Vec<agents::AgentSummary>, Problem> {
        Ok(Vec::new())
    }

    fn describe_agent(agent_type: String) -> Result<agents::AgentDescription, Problem> {
        Err(Problem {
            code: agent_type,
            message: CLOSED.to_owned(),
            path: String::new(),
            got: None,
            limit: None,
            hint: None,
        })
    }

    fn render_prompt(_: Task, _: Vec<AgentSource>) -> Result<String, CallError> {
        closed()
    }
}

impl teams::Guest for Hostile {
    fn content_team(_: String, _: String) -> Result<Vec<Task>, CallError> {
        closed()
    }

    fn development_team(_: String, _: Vec<String>) -> Result<Vec<Task>, CallError> {
        closed()
    }

    fn review_team(_: String, _: Option<String>) -> Result<Vec<Task>, CallError> {
        closed()
    }

    fn custom_agent(_: teams::AgentWish) -> Result<Vec<Task>, CallError> {
        closed()
    }

    fn meta_workflow(_: Vec<teams::AgentWish>) -> Result<Vec<Task>, CallError> {
        closed()
    }

    async fn run_team(_: teams::TeamBrief, _: teams::RunLimits) -> Result<RunReport, CallError> {
        closed()
    }
}

impl workflows::Guest for Hostile {
    async fn run_iterative_refinement(_: workflows::RefinementRequest) -> Result<workflows::Refinement, CallError> {
        closed()
    }

    async fn create_agents(_: workflows::CreationRequest) -> Result<workflows::Creation, CallError> {
        closed()
    }

    async fn orchestrate(_: workflows::GoalRequest) -> Result<workflows::Orchestration, CallError> {
        closed()
    }
}
