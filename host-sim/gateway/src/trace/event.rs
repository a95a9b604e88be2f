//! What the host says.

use parallel_agents_engine::host::{
    Completion, Event, EventKind, FailureKind, FinishReason, HistoryPage, HostError, HostFacts, Message, MessageRole,
    Receipt, Reply, SessionEnd, SessionOutcome, SessionPage, SessionState,
};

use super::words::{Long, Maybe, Short, Tokens, maybe_short};

/// The words of an event.
pub(super) fn words(event: &Event) -> String {
    format!("#{} {}", event.seq, event_kind(&event.what))
}

fn event_kind(what: &EventKind) -> String {
    match what {
        EventKind::Opened(HostFacts { name, seed, max_concurrent, reports_starts, keeps_journal, limits }) => format!(
            "opened host={} seed={seed} max-concurrent={} reports-starts={reports_starts} \
             keeps-journal={keeps_journal}{}",
            Short(name),
            Maybe(*max_concurrent),
            limits.as_ref().map(|limits| format!(" limits={}", Short(&format!("{limits:?}")))).unwrap_or_default(),
        ),
        EventKind::Answered { request, outcome: Ok(reply) } => format!("answered {request} {}", answer(reply)),
        EventKind::Answered { request, outcome: Err(error) } => format!("refused {request} {}", refusal(error)),
        EventKind::SessionStarted(key) => format!("started session={key}"),
        EventKind::SessionEnded(end) => ended(end),
        EventKind::StopRequested { task, reason } => {
            format!("stop task={} reason={}", maybe_short(task.as_ref().map(|id| id.as_str())), Short(reason))
        }
        EventKind::TimerFired => "timer-fired".to_owned(),
    }
}

fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Spawned(made) => format!("spawned {}", receipt(made)),
        Reply::Attached(known) => format!("attached {}", receipt(known)),
        Reply::Listed(SessionPage { sessions, has_more }) => {
            let rows: Vec<String> =
                sessions.iter().map(|row| format!("{}:{}", row.session_key, state(row.state))).collect();
            format!("listed more={has_more} [{}]", rows.join(" "))
        }
        Reply::History(HistoryPage { messages, has_more, dropped_messages, redacted }) => {
            let messages: Vec<String> = messages.iter().map(message).collect();
            format!("history more={has_more} dropped={dropped_messages} redacted={redacted} [{}]", messages.join(" "))
        }
        Reply::Cancelled => "cancelled".to_owned(),
        Reply::Deleted => "deleted".to_owned(),
    }
}

fn receipt(receipt: &Receipt) -> String {
    let Receipt { session_key, run_id, applied_model, tool_free } = receipt;
    let model = maybe_short(applied_model.as_deref());
    format!("session={session_key} run={run_id} model={model} tool-free={tool_free}")
}

fn message(message: &Message) -> String {
    let Message { role, text, truncated, finish, model, usage } = message;
    let role = match role {
        MessageRole::User => "user",
        MessageRole::Assistant => "assistant",
        MessageRole::Tool => "tool",
        MessageRole::System => "system",
    };
    format!(
        "{role}={}{}{} model={} tokens={}",
        Long(text),
        if *truncated { "(cut)" } else { "" },
        finished(*finish),
        maybe_short(model.as_deref()),
        Maybe(usage.map(Tokens)),
    )
}

fn refusal(error: &HostError) -> String {
    let (name, message) = match error {
        HostError::Forbidden(message) => ("forbidden", message),
        HostError::Invalid(message) => ("invalid", message),
        HostError::AtCapacity(message) => ("at-capacity", message),
        HostError::Exhausted(message) => ("exhausted", message),
        HostError::RateLimited { retry_after_ms, message } => {
            return format!("rate-limited retry-after={} {}", Maybe(*retry_after_ms), Short(message));
        }
        HostError::Unavailable(message) => ("unavailable", message),
        HostError::Busy(message) => ("busy", message),
        HostError::NotFound(message) => ("not-found", message),
        HostError::NotOwner(message) => ("not-owner", message),
        HostError::Unsupported(message) => ("unsupported", message),
        HostError::InDoubt(message) => ("in-doubt", message),
    };
    format!("{name} {}", Short(message))
}

fn ended(end: &SessionEnd) -> String {
    let SessionEnd { session, outcome, completion, usage, model } = end;
    let outcome = match outcome {
        SessionOutcome::Completed => "completed".to_owned(),
        SessionOutcome::Failed { kind, message, retry_after_ms } => {
            format!("failed({}, {}, retry-after={})", failure(*kind), Short(message), Maybe(*retry_after_ms))
        }
        SessionOutcome::TimedOut => "timed-out".to_owned(),
        SessionOutcome::Cancelled => "cancelled".to_owned(),
        SessionOutcome::Interrupted => "interrupted".to_owned(),
    };
    let completion = completion.as_ref().map(|Completion { text, truncated, finish }| {
        format!("{}{}{}", Long(text), if *truncated { "(cut)" } else { "" }, finished(*finish))
    });
    format!(
        "ended session={session} outcome={outcome} text={} model={} tokens={}",
        Maybe(completion),
        maybe_short(model.as_deref()),
        Maybe(usage.map(Tokens)),
    )
}

/// Behind a text, unless its model had said all.
fn finished(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "",
        FinishReason::Length => "(length)",
        FinishReason::Filtered => "(filtered)",
        FinishReason::Unknown => "(unknown)",
    }
}

fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Infrastructure => "infrastructure",
        FailureKind::RateLimited => "rate-limited",
        FailureKind::NotReady => "not-ready",
        FailureKind::Authentication => "authentication",
        FailureKind::Rejected => "rejected",
        FailureKind::ContextOverflow => "context-overflow",
        FailureKind::Other => "other",
    }
}

fn state(state: SessionState) -> &'static str {
    match state {
        SessionState::Queued => "queued",
        SessionState::Running => "running",
        SessionState::Completed => "completed",
        SessionState::Failed => "failed",
        SessionState::TimedOut => "timed-out",
        SessionState::Cancelled => "cancelled",
        SessionState::Unknown => "unknown",
    }
}
