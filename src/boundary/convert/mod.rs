//! WIT on one side, the engine's types on the other. Matches are exhaustive: a case that is added on one side has to be
//! thought about here.

mod report;
mod request;
mod rules;
mod sessions;
mod teams;
mod workflow_requests;
mod workflow_results;

pub use report::{agent_description, agent_summary, call_error, collected, forecast, problem, run_report, task_result};
pub use request::{one_task, run_spec, task_specs, tasks};
pub use rules::tier_models;
pub use sessions::{event, history_query, list_filter, progress, spawn_options};
pub use teams::{brief, limits, wish, wishes};
pub use workflow_requests::{creation_spec, goal_spec, refinement_spec};
pub use workflow_results::{creation, orchestration, refinement};

use super::bindings::exports::parallel_agents::skill::documents as wd;
use super::bindings::parallel_agents::skill::types as wt;
use crate::documents;
use parallel_agents_engine::task::{OutputFormat, TaskStatus, Usage};

/// What a call of the JSON door gives back.
pub fn document_reply(reply: documents::DocumentReply) -> wd::DocumentReply {
    match reply {
        documents::DocumentReply::Answer(text) => wd::DocumentReply::Answer(text),
        documents::DocumentReply::Refused(text) => wd::DocumentReply::Refused(text),
    }
}

fn output_format(format: OutputFormat) -> wt::OutputFormat {
    match format {
        OutputFormat::Json => wt::OutputFormat::Json,
        OutputFormat::Markdown => wt::OutputFormat::Markdown,
        OutputFormat::Code => wt::OutputFormat::Code,
        OutputFormat::Text => wt::OutputFormat::Text,
    }
}

/// The form of an answer.
pub fn output_format_in(format: wt::OutputFormat) -> OutputFormat {
    match format {
        wt::OutputFormat::Json => OutputFormat::Json,
        wt::OutputFormat::Markdown => OutputFormat::Markdown,
        wt::OutputFormat::Code => OutputFormat::Code,
        wt::OutputFormat::Text => OutputFormat::Text,
    }
}

fn task_status(status: TaskStatus) -> wt::TaskStatus {
    match status {
        TaskStatus::Pending => wt::TaskStatus::Pending,
        TaskStatus::Running => wt::TaskStatus::Running,
        TaskStatus::Completed => wt::TaskStatus::Completed,
        TaskStatus::Failed => wt::TaskStatus::Failed,
        TaskStatus::Timeout => wt::TaskStatus::Timeout,
        TaskStatus::Cancelled => wt::TaskStatus::Cancelled,
        TaskStatus::Skipped => wt::TaskStatus::Skipped,
    }
}

fn usage(usage: Usage) -> wt::Usage {
    wt::Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}

fn usage_in(usage: wt::Usage) -> Usage {
    Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}
