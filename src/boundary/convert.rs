//! WIT on one side, the engine's types on the other. Matches are exhaustive: a case that is added on one side has to be
//! thought about here.

use super::bindings::parallel_agents::skill::{events as we, journal as wj, sessions as ws, types as wt};
use crate::documents;
use parallel_agents_engine::host;
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};
use parallel_agents_engine::order;
use parallel_agents_engine::task::{Cleanup, Price, TaskStatus, Usage};

/// What a call gives back.
pub fn document_reply(reply: documents::DocumentReply) -> wt::DocumentReply {
    match reply {
        documents::DocumentReply::Answer(text) => wt::DocumentReply::Answer(text),
        documents::DocumentReply::Refused(text) => wt::DocumentReply::Refused(text),
    }
}

/// What a spawn is given.
pub fn spawn_options(options: &host::SpawnOptions) -> ws::SpawnOptions<'_> {
    ws::SpawnOptions {
        task: &options.task,
        label: &options.label,
        task_name: &options.task_name,
        agent_id: options.agent_id.as_deref(),
        model: options.model.as_deref(),
        thinking: options.thinking.as_deref(),
        run_timeout_seconds: options.run_timeout_seconds,
        cleanup: match options.cleanup {
            Cleanup::Keep => wt::Cleanup::Keep,
            Cleanup::Delete => wt::Cleanup::Delete,
        },
        tool_free: options.tool_free,
        form: match &options.form {
            host::AnswerForm::Text => ws::AnswerForm::Text,
            host::AnswerForm::Json(schema) => ws::AnswerForm::Json(schema.as_deref()),
        },
        max_output_tokens: options.max_output_tokens,
        idempotency_key: &options.idempotency_key,
    }
}

/// Which sessions to list.
pub fn list_filter(filter: &host::ListFilter) -> ws::ListFilter<'_> {
    ws::ListFilter {
        search: filter.search.as_deref(),
        spawned_by: filter.spawned_by.as_ref().map(SessionKey::as_str),
        offset: filter.offset,
        limit: filter.limit,
    }
}

/// Which messages to read.
pub fn history_query(query: &host::HistoryQuery) -> ws::HistoryQuery<'_> {
    ws::HistoryQuery {
        session_key: query.session_key.as_str(),
        offset: query.offset,
        limit: query.limit,
        include_tools: query.include_tools,
    }
}

/// How far a run is.
pub fn progress(progress: &host::Progress) -> we::Progress<'_> {
    we::Progress {
        seq: progress.seq,
        at_ms: progress.at_ms,
        task: progress.task.as_str(),
        agent_type: progress.agent_type.as_str(),
        status: task_status(progress.status),
        ended: progress.ended,
        running: progress.running,
        total: progress.total,
    }
}

/// What became of an item.
pub fn item_result(item: &host::ItemResult) -> we::ItemResult<'_> {
    we::ItemResult { item: item.item, document: &item.document }
}

fn operator_limits(limits: we::OperatorLimits) -> host::OperatorLimits {
    let prices = limits.prices.into_iter().map(|price| {
        let we::Price { model, input, output } = price;
        (model, Price { input, output })
    });
    host::OperatorLimits {
        tokens: limits.tokens,
        micro_usd: limits.micro_usd,
        spawns: limits.spawns,
        seconds: limits.seconds,
        session_tokens: limits.session_tokens,
        prices: order::filled(prices),
        tasks: limits.tasks,
    }
}

/// An event of the host.
pub fn event(event: we::Event) -> host::Event {
    let what = match event.what {
        we::EventKind::Opened(facts) => host::EventKind::Opened(host::HostFacts {
            name: facts.name,
            seed: facts.seed,
            max_concurrent: facts.max_concurrent,
            reports_starts: facts.reports_starts,
            keeps_journal: facts.keeps_journal,
            limits: facts.limits.map(operator_limits),
        }),
        we::EventKind::Answered(answer) => host::EventKind::Answered {
            request: RequestId(answer.request),
            outcome: answer.outcome.map(reply).map_err(host_error),
        },
        we::EventKind::SessionStarted(session) => host::EventKind::SessionStarted(SessionKey::new(session)),
        we::EventKind::SessionEnded(end) => host::EventKind::SessionEnded(session_end(end)),
        we::EventKind::StopRequested(stop) => {
            host::EventKind::StopRequested { task: stop.task.map(TaskId::new), reason: stop.reason }
        }
        we::EventKind::TimerFired => host::EventKind::TimerFired,
    };
    host::Event { seq: event.seq, at_ms: event.at_ms, what }
}

fn session_end(end: we::SessionEnd) -> host::SessionEnd {
    host::SessionEnd {
        session: SessionKey::new(end.session),
        outcome: match end.outcome {
            we::SessionOutcome::Completed => host::SessionOutcome::Completed,
            we::SessionOutcome::Failed(failure) => host::SessionOutcome::Failed {
                kind: match failure.kind {
                    we::FailureKind::Infrastructure => host::FailureKind::Infrastructure,
                    we::FailureKind::RateLimited => host::FailureKind::RateLimited,
                    we::FailureKind::NotReady => host::FailureKind::NotReady,
                    we::FailureKind::Authentication => host::FailureKind::Authentication,
                    we::FailureKind::Rejected => host::FailureKind::Rejected,
                    we::FailureKind::ContextOverflow => host::FailureKind::ContextOverflow,
                    we::FailureKind::Other => host::FailureKind::Other,
                },
                message: failure.message,
                retry_after_ms: failure.retry_after_ms,
            },
            we::SessionOutcome::TimedOut => host::SessionOutcome::TimedOut,
            we::SessionOutcome::Cancelled => host::SessionOutcome::Cancelled,
            we::SessionOutcome::Interrupted => host::SessionOutcome::Interrupted,
        },
        completion: end.completion.map(|completion| host::Completion {
            text: completion.text,
            truncated: completion.truncated,
            finish: finish(completion.finish),
        }),
        usage: end.usage.map(usage_in),
        model: end.model,
    }
}

fn finish(reason: ws::FinishReason) -> host::FinishReason {
    match reason {
        ws::FinishReason::Stop => host::FinishReason::Stop,
        ws::FinishReason::Length => host::FinishReason::Length,
        ws::FinishReason::Filtered => host::FinishReason::Filtered,
        ws::FinishReason::Unknown => host::FinishReason::Unknown,
    }
}

fn reply(reply: ws::Reply) -> host::Reply {
    match reply {
        ws::Reply::Spawned(made) => host::Reply::Spawned(receipt(made)),
        ws::Reply::Attached(known) => host::Reply::Attached(receipt(known)),
        ws::Reply::Listed(page) => host::Reply::Listed(host::SessionPage {
            sessions: page.sessions.into_iter().map(session_row).collect(),
            has_more: page.has_more,
        }),
        ws::Reply::History(page) => host::Reply::History(host::HistoryPage {
            messages: page.messages.into_iter().map(message).collect(),
            has_more: page.has_more,
            dropped_messages: page.dropped_messages,
            redacted: page.redacted,
        }),
        ws::Reply::Cancelled => host::Reply::Cancelled,
        ws::Reply::Deleted => host::Reply::Deleted,
    }
}

fn receipt(receipt: ws::Receipt) -> host::Receipt {
    host::Receipt {
        session_key: SessionKey::new(receipt.session_key),
        run_id: receipt.run_id,
        applied_model: receipt.applied_model,
        tool_free: receipt.tool_free,
    }
}

fn session_row(row: ws::SessionRow) -> host::SessionRow {
    host::SessionRow {
        session_key: SessionKey::new(row.session_key),
        label: row.label,
        state: match row.state {
            ws::SessionState::Queued => host::SessionState::Queued,
            ws::SessionState::Running => host::SessionState::Running,
            ws::SessionState::Completed => host::SessionState::Completed,
            ws::SessionState::Failed => host::SessionState::Failed,
            ws::SessionState::TimedOut => host::SessionState::TimedOut,
            ws::SessionState::Cancelled => host::SessionState::Cancelled,
            ws::SessionState::Unknown => host::SessionState::Unknown,
        },
        model: row.model,
        usage: row.usage.map(usage_in),
    }
}

fn message(message: ws::Message) -> host::Message {
    host::Message {
        role: match message.role {
            ws::MessageRole::User => host::MessageRole::User,
            ws::MessageRole::Assistant => host::MessageRole::Assistant,
            ws::MessageRole::Tool => host::MessageRole::Tool,
            ws::MessageRole::System => host::MessageRole::System,
        },
        text: message.text,
        truncated: message.truncated,
        finish: finish(message.finish),
        model: message.model,
        usage: message.usage.map(usage_in),
    }
}

fn host_error(error: ws::HostError) -> host::HostError {
    match error {
        ws::HostError::Forbidden(text) => host::HostError::Forbidden(text),
        ws::HostError::Invalid(text) => host::HostError::Invalid(text),
        ws::HostError::AtCapacity(text) => host::HostError::AtCapacity(text),
        ws::HostError::Exhausted(text) => host::HostError::Exhausted(text),
        ws::HostError::RateLimited(limit) => {
            host::HostError::RateLimited { retry_after_ms: limit.retry_after_ms, message: limit.message }
        }
        ws::HostError::Unavailable(text) => host::HostError::Unavailable(text),
        ws::HostError::Busy(text) => host::HostError::Busy(text),
        ws::HostError::NotFound(text) => host::HostError::NotFound(text),
        ws::HostError::NotOwner(text) => host::HostError::NotOwner(text),
        ws::HostError::Unsupported(text) => host::HostError::Unsupported(text),
        ws::HostError::InDoubt(text) => host::HostError::InDoubt(text),
    }
}

/// Why lines were not added to the journal.
pub fn journal_error(error: wj::JournalError) -> host::JournalError {
    match error {
        wj::JournalError::Full(text) => host::JournalError::Full(text),
        wj::JournalError::Denied(text) => host::JournalError::Denied(text),
        wj::JournalError::Failed(text) => host::JournalError::Failed(text),
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

fn usage_in(usage: wt::Usage) -> Usage {
    Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}
