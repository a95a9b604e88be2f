//! What the host tells the component.

use parallel_agents_engine::host;

use super::wit_usage;
use crate::bindings::parallel_agents::skill::{events, journal, sessions};

pub(crate) fn event(event: host::Event) -> events::Event {
    events::Event { seq: event.seq, at_ms: event.at_ms, what: event_kind(event.what) }
}

fn operator_limits(limits: host::OperatorLimits) -> events::OperatorLimits {
    let host::OperatorLimits { tokens, micro_usd, spawns, seconds, session_tokens, prices, tasks } = limits;
    let prices =
        prices.into_iter().map(|(model, price)| events::Price { model, input: price.input, output: price.output });
    events::OperatorLimits { tokens, micro_usd, spawns, seconds, session_tokens, prices: prices.collect(), tasks }
}

fn event_kind(what: host::EventKind) -> events::EventKind {
    match what {
        host::EventKind::Opened(facts) => events::EventKind::Opened(events::HostFacts {
            name: facts.name,
            seed: facts.seed,
            max_concurrent: facts.max_concurrent,
            reports_starts: facts.reports_starts,
            keeps_journal: facts.keeps_journal,
            limits: facts.limits.map(operator_limits),
        }),
        host::EventKind::Answered { request, outcome } => events::EventKind::Answered(events::Answer {
            request: request.0,
            outcome: outcome.map(reply).map_err(host_error),
        }),
        host::EventKind::SessionStarted(key) => events::EventKind::SessionStarted(key.to_string()),
        host::EventKind::SessionEnded(end) => events::EventKind::SessionEnded(events::SessionEnd {
            session: end.session.to_string(),
            outcome: session_outcome(end.outcome),
            completion: end.completion.map(|completion| events::Completion {
                text: completion.text,
                truncated: completion.truncated,
                finish: finish(completion.finish),
            }),
            usage: end.usage.map(wit_usage),
            model: end.model,
        }),
        host::EventKind::StopRequested { task, reason } => {
            events::EventKind::StopRequested(events::StopRequest { task: task.map(|id| id.to_string()), reason })
        }
        host::EventKind::TimerFired => events::EventKind::TimerFired,
    }
}

fn reply(reply: host::Reply) -> sessions::Reply {
    match reply {
        host::Reply::Spawned(made) => sessions::Reply::Spawned(receipt(made)),
        host::Reply::Attached(known) => sessions::Reply::Attached(receipt(known)),
        host::Reply::Listed(page) => sessions::Reply::Listed(sessions::SessionPage {
            sessions: page.sessions.into_iter().map(session_row).collect(),
            has_more: page.has_more,
        }),
        host::Reply::History(page) => sessions::Reply::History(sessions::HistoryPage {
            messages: page.messages.into_iter().map(message).collect(),
            has_more: page.has_more,
            dropped_messages: page.dropped_messages,
            redacted: page.redacted,
        }),
        host::Reply::Cancelled => sessions::Reply::Cancelled,
        host::Reply::Deleted => sessions::Reply::Deleted,
    }
}

fn receipt(receipt: host::Receipt) -> sessions::Receipt {
    sessions::Receipt {
        session_key: receipt.session_key.to_string(),
        run_id: receipt.run_id,
        applied_model: receipt.applied_model,
        tool_free: receipt.tool_free,
    }
}

fn session_row(row: host::SessionRow) -> sessions::SessionRow {
    sessions::SessionRow {
        session_key: row.session_key.to_string(),
        label: row.label,
        state: match row.state {
            host::SessionState::Queued => sessions::SessionState::Queued,
            host::SessionState::Running => sessions::SessionState::Running,
            host::SessionState::Completed => sessions::SessionState::Completed,
            host::SessionState::Failed => sessions::SessionState::Failed,
            host::SessionState::TimedOut => sessions::SessionState::TimedOut,
            host::SessionState::Cancelled => sessions::SessionState::Cancelled,
            host::SessionState::Unknown => sessions::SessionState::Unknown,
        },
        model: row.model,
        usage: row.usage.map(wit_usage),
    }
}

fn message(message: host::Message) -> sessions::Message {
    sessions::Message {
        role: match message.role {
            host::MessageRole::User => sessions::MessageRole::User,
            host::MessageRole::Assistant => sessions::MessageRole::Assistant,
            host::MessageRole::Tool => sessions::MessageRole::Tool,
            host::MessageRole::System => sessions::MessageRole::System,
        },
        text: message.text,
        truncated: message.truncated,
        finish: finish(message.finish),
        model: message.model,
        usage: message.usage.map(wit_usage),
    }
}

/// Why lines were not added to the journal.
pub(crate) fn journal_error(error: host::JournalError) -> journal::JournalError {
    match error {
        host::JournalError::Full(words) => journal::JournalError::Full(words),
        host::JournalError::Denied(words) => journal::JournalError::Denied(words),
        host::JournalError::Failed(words) => journal::JournalError::Failed(words),
    }
}

fn host_error(error: host::HostError) -> sessions::HostError {
    match error {
        host::HostError::Forbidden(words) => sessions::HostError::Forbidden(words),
        host::HostError::Invalid(words) => sessions::HostError::Invalid(words),
        host::HostError::AtCapacity(words) => sessions::HostError::AtCapacity(words),
        host::HostError::Exhausted(words) => sessions::HostError::Exhausted(words),
        host::HostError::RateLimited { retry_after_ms, message } => {
            sessions::HostError::RateLimited(sessions::RateLimit { retry_after_ms, message })
        }
        host::HostError::Unavailable(words) => sessions::HostError::Unavailable(words),
        host::HostError::Busy(words) => sessions::HostError::Busy(words),
        host::HostError::NotFound(words) => sessions::HostError::NotFound(words),
        host::HostError::NotOwner(words) => sessions::HostError::NotOwner(words),
        host::HostError::Unsupported(words) => sessions::HostError::Unsupported(words),
        host::HostError::InDoubt(words) => sessions::HostError::InDoubt(words),
    }
}

fn session_outcome(outcome: host::SessionOutcome) -> events::SessionOutcome {
    match outcome {
        host::SessionOutcome::Completed => events::SessionOutcome::Completed,
        host::SessionOutcome::Failed { kind, message, retry_after_ms } => {
            events::SessionOutcome::Failed(events::SessionFailure { kind: failure_kind(kind), message, retry_after_ms })
        }
        host::SessionOutcome::TimedOut => events::SessionOutcome::TimedOut,
        host::SessionOutcome::Cancelled => events::SessionOutcome::Cancelled,
        host::SessionOutcome::Interrupted => events::SessionOutcome::Interrupted,
    }
}

fn finish(reason: host::FinishReason) -> sessions::FinishReason {
    match reason {
        host::FinishReason::Stop => sessions::FinishReason::Stop,
        host::FinishReason::Length => sessions::FinishReason::Length,
        host::FinishReason::Filtered => sessions::FinishReason::Filtered,
        host::FinishReason::Unknown => sessions::FinishReason::Unknown,
    }
}

fn failure_kind(kind: host::FailureKind) -> events::FailureKind {
    match kind {
        host::FailureKind::Infrastructure => events::FailureKind::Infrastructure,
        host::FailureKind::RateLimited => events::FailureKind::RateLimited,
        host::FailureKind::NotReady => events::FailureKind::NotReady,
        host::FailureKind::Authentication => events::FailureKind::Authentication,
        host::FailureKind::Rejected => events::FailureKind::Rejected,
        host::FailureKind::ContextOverflow => events::FailureKind::ContextOverflow,
        host::FailureKind::Other => events::FailureKind::Other,
    }
}
