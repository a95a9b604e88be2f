//! The WIT exports, each a few lines: convert, call, convert.

use serde_json::{Value, json};

use super::bindings::exports::parallel_agents::skill::agents::{AgentDescription, AgentSummary};
use super::bindings::exports::parallel_agents::skill::documents::{DocumentFunction, DocumentReply};
use super::bindings::exports::parallel_agents::skill::{
    about, agents, documents, journals, orchestration, reports, teams, workflows,
};
use super::bindings::parallel_agents::skill::results::{CallError, Forecast, Problem, RunReport, TaskResult};
use super::bindings::parallel_agents::skill::rules::TierModels;
use super::bindings::parallel_agents::skill::types::{AgentSource, OutputFormat, RunRequest, Task};
use super::convert;
use super::host::Imports;
use parallel_agents_engine::{COMPONENT_VERSION, CONTRACT_VERSION};

/// The component.
pub struct Component;

impl orchestration::Guest for Component {
    async fn run_tasks(request: RunRequest) -> Result<RunReport, CallError> {
        let spec = convert::run_spec(request).map_err(convert::call_error)?;
        crate::run_tasks(spec, &mut Imports).await.map(convert::run_report).map_err(convert::call_error)
    }

    fn forecast_run(request: RunRequest) -> Result<Forecast, CallError> {
        let spec = convert::run_spec(request).map_err(convert::call_error)?;
        crate::forecast(spec).map(convert::forecast).map_err(convert::call_error)
    }

    async fn spawn_with_retry(task: Task, max_retries: Option<u32>) -> Result<TaskResult, CallError> {
        let task = convert::one_task(task, Vec::new()).map_err(convert::call_error)?.0;
        let request = json!({ "task": task, "max_retries": max_retries });
        one("spawn_with_retry", request).await
    }

    async fn spawn_with_model_hierarchy(task: Task, models: Option<TierModels>) -> Result<TaskResult, CallError> {
        let task = convert::one_task(task, Vec::new()).map_err(convert::call_error)?.0;
        let request = json!({ "task": task, "models": models.map(convert::tier_models) });
        one("spawn_with_model_hierarchy", request).await
    }

    async fn spawn_parallel_with_retry(
        tasks: Vec<Task>,
        max_concurrent: Option<u32>,
        max_retries: Option<u32>,
    ) -> Result<RunReport, CallError> {
        let tasks = convert::task_specs(tasks).map_err(convert::call_error)?;
        let request = json!({ "tasks": tasks, "max_concurrent": max_concurrent, "max_retries": max_retries });
        crate::spawn("spawn_parallel_with_retry", request, &mut Imports)
            .await
            .map(convert::run_report)
            .map_err(convert::call_error)
    }

    async fn collect_results(
        sessions: Vec<String>,
        wait_seconds: u32,
        format: Option<OutputFormat>,
    ) -> Result<Vec<orchestration::Collected>, CallError> {
        let format = format.map(convert::output_format_in);
        let request = json!({ "sessions": sessions, "wait_seconds": wait_seconds, "output_format": format });
        let collected = crate::documents::collect(request, &mut Imports).await.map_err(convert::call_error)?;
        Ok(collected.into_iter().map(convert::collected).collect())
    }
}

/// Runs a helper that gives one result.
async fn one(function: &str, request: Value) -> Result<TaskResult, CallError> {
    let report = crate::spawn(function, request, &mut Imports).await.map_err(convert::call_error)?;
    let first = report.results.into_iter().next().map(convert::task_result);
    // A plan of one task gives one result; the alternative is a defect, and no reason to panic.
    first.ok_or_else(|| CallError::HostProtocol("the run gave no result".to_owned()))
}

impl reports::Guest for Component {
    fn digest(report: String, max_chars: Option<u32>) -> Result<String, CallError> {
        read_report("result_digest", &report, json!({ "max_chars": max_chars })).map(|digest| digest.to_string())
    }

    fn page(report: String, task: String, offset: u64, max_chars: Option<u32>) -> Result<String, CallError> {
        let more = json!({ "task_id": task, "offset": offset, "max_chars": max_chars });
        read_report("result_page", &report, more).map(|page| page.to_string())
    }

    fn explain(report: String, task: String) -> Result<String, CallError> {
        let told = read_report("explain_task", &report, json!({ "task_id": task }))?;
        Ok(told.get("story").and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}

fn read_report(function: &str, report: &str, more: Value) -> Result<Value, CallError> {
    crate::documents::reports::of_text(function, report, &more).map_err(convert::call_error)
}

impl agents::Guest for Component {
    fn list_agents(category: Option<String>) -> Result<Vec<AgentSummary>, Problem> {
        let found = crate::catalogue::built_in().list(category.as_deref()).map_err(convert::problem)?;
        Ok(found.iter().map(|agent| convert::agent_summary(agent)).collect())
    }

    fn describe_agent(agent_type: String) -> Result<AgentDescription, Problem> {
        let found = crate::catalogue::built_in().find(&agent_type, "/agent_type").map_err(convert::problem)?;
        Ok(convert::agent_description(&found))
    }

    fn render_prompt(task: Task, agents: Vec<AgentSource>) -> Result<String, CallError> {
        let (task, agents) = convert::one_task(task, agents).map_err(convert::call_error)?;
        crate::documents::render_prompt(task, agents).map_err(convert::call_error)
    }
}

impl teams::Guest for Component {
    fn content_team(topic: String, platform: String) -> Result<Vec<Task>, CallError> {
        parallel_agents_workflows::teams::content_team(&topic, &platform)
            .map(convert::tasks)
            .map_err(convert::call_error)
    }

    fn development_team(app_name: String, features: Vec<String>) -> Result<Vec<Task>, CallError> {
        parallel_agents_workflows::teams::development_team(&app_name, &features)
            .map(convert::tasks)
            .map_err(convert::call_error)
    }

    fn review_team(code: String, file: Option<String>) -> Result<Vec<Task>, CallError> {
        parallel_agents_workflows::teams::review_team(&code, file.as_deref())
            .map(convert::tasks)
            .map_err(convert::call_error)
    }

    fn custom_agent(wish: teams::AgentWish) -> Result<Vec<Task>, CallError> {
        let made = crate::documents::workflows::custom_agent(&convert::wish(wish));
        made.map(convert::tasks).map_err(convert::call_error)
    }

    fn meta_workflow(purposes: Vec<teams::AgentWish>) -> Result<Vec<Task>, CallError> {
        let made = crate::documents::workflows::meta_workflow(convert::wishes(purposes));
        made.map(convert::tasks).map_err(convert::call_error)
    }

    async fn run_team(team: teams::TeamBrief, limits: teams::RunLimits) -> Result<RunReport, CallError> {
        let (brief, limits) = (convert::brief(team), convert::limits(limits));
        let report = crate::run_team(&brief, &limits, &mut Imports).await;
        report.map(convert::run_report).map_err(convert::call_error)
    }
}

impl workflows::Guest for Component {
    async fn run_iterative_refinement(
        request: workflows::RefinementRequest,
    ) -> Result<workflows::Refinement, CallError> {
        let spec = convert::refinement_spec(request).map_err(convert::call_error)?;
        let done = crate::run_iterative_refinement(spec, &mut Imports).await;
        done.map(convert::refinement).map_err(convert::call_error)
    }

    async fn create_agents(request: workflows::CreationRequest) -> Result<workflows::Creation, CallError> {
        let spec = convert::creation_spec(request).map_err(convert::call_error)?;
        let done = crate::create_agents(spec, &mut Imports).await;
        done.map(convert::creation).map_err(convert::call_error)
    }

    async fn orchestrate(request: workflows::GoalRequest) -> Result<workflows::Orchestration, CallError> {
        let spec = convert::goal_spec(request).map_err(convert::call_error)?;
        let done = crate::orchestrate(spec, &mut Imports).await;
        done.map(convert::orchestration).map_err(convert::call_error)
    }
}

impl documents::Guest for Component {
    fn list_functions() -> Vec<DocumentFunction> {
        crate::documents::functions()
            .into_iter()
            .map(|function| DocumentFunction {
                name: function.name,
                description: function.description,
                parameters: function.parameters,
            })
            .collect()
    }

    async fn call(function: String, arguments: String) -> DocumentReply {
        convert::document_reply(crate::documents::call(&function, &arguments, &mut Imports).await)
    }
}

impl journals::Guest for Component {
    async fn resume(journal: String) -> DocumentReply {
        convert::document_reply(crate::documents::journals::resume(&journal, &mut Imports).await)
    }

    async fn replay(journal: String) -> DocumentReply {
        convert::document_reply(crate::documents::journals::replay(&journal, &mut Imports).await)
    }
}

impl about::Guest for Component {
    fn versions() -> about::VersionInfo {
        about::VersionInfo { component: COMPONENT_VERSION.to_owned(), contract: CONTRACT_VERSION.to_owned() }
    }
}
