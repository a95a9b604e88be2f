//! WIT values to the engine's types and back, exhaustively and without judgement.

mod command;
mod event;

pub(crate) use command::{history_query, list_filter, progress, spawn_options};
pub(crate) use event::{event, journal_error};

use parallel_agents::documents;
use parallel_agents_engine::task;

use crate::bindings::parallel_agents::skill::types as wit;

/// What a call gives back.
pub(crate) fn document_reply(reply: wit::DocumentReply) -> documents::DocumentReply {
    match reply {
        wit::DocumentReply::Answer(text) => documents::DocumentReply::Answer(text),
        wit::DocumentReply::Refused(text) => documents::DocumentReply::Refused(text),
    }
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
