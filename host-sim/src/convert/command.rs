//! What the component asks for.

use parallel_agents_engine::host;
use parallel_agents_engine::ids::{AgentType, SessionKey, TaskId};
use parallel_agents_engine::task::Cleanup;

use super::task_status;
use crate::bindings::parallel_agents::skill::{events, sessions, types};

/// The options of a spawn call.
pub(crate) fn spawn_options(options: sessions::SpawnOptions) -> host::SpawnOptions {
    host::SpawnOptions {
        task: options.task,
        label: options.label,
        task_name: options.task_name,
        agent_id: options.agent_id,
        model: options.model,
        thinking: options.thinking,
        run_timeout_seconds: options.run_timeout_seconds,
        cleanup: match options.cleanup {
            types::Cleanup::Keep => Cleanup::Keep,
            types::Cleanup::Delete => Cleanup::Delete,
        },
        tool_free: options.tool_free,
        form: match options.form {
            sessions::AnswerForm::Text => host::AnswerForm::Text,
            sessions::AnswerForm::Json(schema) => host::AnswerForm::Json(schema.map(Into::into)),
        },
        max_output_tokens: options.max_output_tokens,
        idempotency_key: options.idempotency_key,
    }
}

/// Which sessions to list.
pub(crate) fn list_filter(filter: sessions::ListFilter) -> host::ListFilter {
    host::ListFilter {
        search: filter.search,
        spawned_by: filter.spawned_by.map(SessionKey::new),
        offset: filter.offset,
        limit: filter.limit,
    }
}

/// Which messages to read.
pub(crate) fn history_query(query: sessions::HistoryQuery) -> host::HistoryQuery {
    host::HistoryQuery {
        session_key: SessionKey::new(query.session_key),
        offset: query.offset,
        limit: query.limit,
        include_tools: query.include_tools,
    }
}

/// How far a run is.
pub(crate) fn progress(progress: events::Progress) -> host::Progress {
    host::Progress {
        seq: progress.seq,
        at_ms: progress.at_ms,
        task: TaskId::new(progress.task),
        agent_type: AgentType::new(progress.agent_type),
        status: task_status(progress.status),
        ended: progress.ended,
        running: progress.running,
        total: progress.total,
    }
}
