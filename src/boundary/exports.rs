//! The WIT exports, each of them one call.

use super::bindings::exports::parallel_agents::skill::{about, functions, journals};
use super::bindings::parallel_agents::skill::types::DocumentReply;
use super::convert;
use super::host::Imports;
use crate::documents::{self, Function};
use parallel_agents_engine::{COMPONENT_VERSION, CONTRACT_VERSION};

/// What the generated bindings call.
pub struct Component;

macro_rules! functions {
    ($($export:ident: $function:ident),* $(,)?) => {
        impl functions::Guest for Component {
            fn list_functions() -> Vec<functions::FunctionInfo> {
                documents::functions()
                    .into_iter()
                    .map(|function| functions::FunctionInfo {
                        name: function.name,
                        description: function.description,
                        parameters: function.parameters,
                    })
                    .collect()
            }

            fn refuse_name(name: String) -> DocumentReply {
                convert::document_reply(documents::refuse_name(&name))
            }

            $(async fn $export(request: String) -> DocumentReply {
                convert::document_reply(documents::call(Function::$function, request, &mut Imports).await)
            })*
        }
    };
}

functions! {
    run_tasks: RunTasks,
    map_tasks: MapTasks,
    run_iterative_refinement: RunIterativeRefinement,
    create_agents: CreateAgents,
    orchestrate: Orchestrate,
    spawn_with_retry: SpawnWithRetry,
    spawn_with_model_hierarchy: SpawnWithModelHierarchy,
    spawn_parallel_with_retry: SpawnParallelWithRetry,
    collect_results: CollectResults,
    forecast_run: ForecastRun,
    check_approval: CheckApproval,
    fill_request: FillRequest,
    result_digest: ResultDigest,
    result_page: ResultPage,
    explain_task: ExplainTask,
    list_agents: ListAgents,
    describe_agent: DescribeAgent,
    render_prompt: RenderPrompt,
    definition_file: DefinitionFile,
    content_team: ContentTeam,
    development_team: DevelopmentTeam,
    review_team: ReviewTeam,
    custom_agent: CustomAgent,
    meta_workflow: MetaWorkflow,
    describe_function: DescribeFunction,
    versions: Versions,
}

impl journals::Guest for Component {
    async fn resume(journal: String) -> DocumentReply {
        convert::document_reply(documents::journals::resume(journal, &mut Imports).await)
    }

    async fn replay(journal: String) -> DocumentReply {
        convert::document_reply(documents::journals::replay(&journal, &mut Imports).await)
    }
}

impl about::Guest for Component {
    fn versions() -> about::VersionInfo {
        about::VersionInfo { component: COMPONENT_VERSION.to_owned(), contract: CONTRACT_VERSION.to_owned() }
    }
}
