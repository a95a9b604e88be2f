//! The WIT exports. Only `run-tasks` leads anywhere; a host has to find the others all the same.

use super::bindings::exports::parallel_agents::skill::{about, functions, journals};
use super::bindings::parallel_agents::skill::types::DocumentReply;
use super::deeds;

/// The component.
pub struct Hostile;

fn closed() -> DocumentReply {
    DocumentReply::Refused("only run-tasks leads anywhere".to_owned())
}

macro_rules! functions {
    ($($closed:ident),* $(,)?) => {
        impl functions::Guest for Hostile {
            fn list_functions() -> Vec<functions::FunctionInfo> {
                Vec::new()
            }

            fn refuse_name(_: String) -> DocumentReply {
                closed()
            }

            async fn run_tasks(request: String) -> DocumentReply {
                let (deed, children) = request.split_once(' ').unwrap_or((&request, ""));
                deeds::commit(deed, children.parse().unwrap_or(0)).await
            }

            $(async fn $closed(_: String) -> DocumentReply {
                closed()
            })*
        }
    };
}

functions! {
    map_tasks,
    run_iterative_refinement,
    create_agents,
    orchestrate,
    spawn_with_retry,
    spawn_with_model_hierarchy,
    spawn_parallel_with_retry,
    collect_results,
    forecast_run,
    check_approval,
    fill_request,
    result_digest,
    result_page,
    explain_task,
    list_agents,
    describe_agent,
    render_prompt,
    definition_file,
    content_team,
    development_team,
    review_team,
    custom_agent,
    meta_workflow,
    describe_function,
    versions,
}

impl about::Guest for Hostile {
    fn versions() -> about::VersionInfo {
        about::VersionInfo { component: "0.0.0".to_owned(), contract: "0.1.0".to_owned() }
    }
}

impl journals::Guest for Hostile {
    async fn resume(_: String) -> DocumentReply {
        closed()
    }

    async fn replay(_: String) -> DocumentReply {
        closed()
    }
}
