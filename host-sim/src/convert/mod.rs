//! WIT values to the engine's types and back, exhaustively and without judgement.
//!
//! The only text that is parsed here is JSON that the contract calls JSON; everything else is moved as it is.

mod command;
mod document;
mod event;
mod report;
mod request;
mod rules;
mod workflow_request;
mod workflow_result;

pub(crate) use command::{history_query, list_filter, progress, spawn_options};
pub(crate) use document::{document_function, document_reply};
pub(crate) use event::event;
pub(crate) use report::{call_error, run_report};
pub(crate) use request::run_request;
pub(crate) use workflow_request::{creation_request, goal_request, limits, refinement_request, team_brief};
pub(crate) use workflow_result::{creation, orchestration, refinement};

use parallel_agents_engine::task;

use crate::bindings::parallel_agents::skill::types as wit;

fn usage(usage: wit::Usage) -> task::Usage {
    task::Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}

fn wit_usage(usage: task::Usage) -> wit::Usage {
    wit::Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}

fn task_status(status: wit::TaskStatus) -> task::TaskStatus {
    match status {
        wit::TaskStatus::Pending => task::TaskStatus::Pending,
        wit::TaskStatus::Running => task::TaskStatus::Running,
        wit::TaskStatus::Completed => task::TaskStatus::Completed,
        wit::TaskStatus::Failed => task::TaskStatus::Failed,
        wit::TaskStatus::Timeout => task::TaskStatus::Timeout,
        wit::TaskStatus::Cancelled => task::TaskStatus::Cancelled,
        wit::TaskStatus::Skipped => task::TaskStatus::Skipped,
    }
}
