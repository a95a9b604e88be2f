//! What a host's words mean for a task: a stable code, and whether another try could help.

use crate::host::{FailureKind, HostError};
use crate::task::TaskError;
use crate::text;

/// An error with a code for the report.
pub fn error(code: &str, message: impl AsRef<str>, retryable: bool) -> TaskError {
    TaskError { code: code.to_owned(), message: text::message(message.as_ref()), retryable }
}

/// Why a spawn was refused. Capacity is not here: it is a reason to wait, not a failure.
pub fn spawn_refused(host_error: &HostError) -> TaskError {
    let (code, retryable) = match host_error {
        HostError::Forbidden(_) => ("E_SPAWN_FORBIDDEN", false),
        HostError::Exhausted(_) => ("E_HOST_TOTAL_CAP", false),
        HostError::RateLimited { .. } => ("E_RATE_LIMITED", true),
        HostError::Unavailable(_) => ("E_GATEWAY_UNAVAILABLE", true),
        HostError::Busy(_) | HostError::AtCapacity(_) => ("E_HOST_BUSY", true),
        HostError::Unsupported(_) => ("E_SPAWN_UNSUPPORTED", false),
        HostError::InDoubt(_) => ("E_SPAWN_IN_DOUBT", false),
        HostError::Invalid(_) | HostError::NotFound(_) | HostError::NotOwner(_) => ("E_SPAWN_REJECTED", false),
    };
    error(code, format!("the host did not spawn the session: {}", words(host_error)), retryable)
}

/// Why a session that ran has no answer.
pub fn session_failed(kind: FailureKind, message: &str) -> TaskError {
    let (code, retryable) = match kind {
        FailureKind::Infrastructure => ("E_MODEL_UNAVAILABLE", true),
        FailureKind::NotReady => ("E_MODEL_NOT_READY", true),
        FailureKind::RateLimited => ("E_RATE_LIMITED", true),
        FailureKind::Authentication => ("E_MODEL_AUTHENTICATION", false),
        FailureKind::Rejected => ("E_MODEL_REJECTED", false),
        FailureKind::ContextOverflow => ("E_CONTEXT_OVERFLOW", false),
        FailureKind::Other => ("E_SESSION_FAILED", false),
    };
    error(code, format!("the session failed: {message}"), retryable)
}

/// Another model ran than the one asked for, and the request does not put up with that.
pub fn model_mismatch(requested: &str, applied: &str) -> TaskError {
    let message = format!("{} was asked for and {} ran", text::quoted(requested), text::quoted(applied));
    error("E_MODEL_MISMATCH", message, true)
}

/// Why a transcript could not be read.
pub fn history_failed(host_error: &HostError) -> TaskError {
    let code = match host_error {
        HostError::NotFound(_) => "E_HISTORY_GONE",
        _ => "E_HISTORY_UNAVAILABLE",
    };
    error(code, format!("the session ended, but its transcript could not be read: {}", words(host_error)), true)
}

/// Whether the same request may succeed in a moment.
pub fn passes(host_error: &HostError) -> bool {
    match host_error {
        HostError::Busy(_) | HostError::Unavailable(_) | HostError::InDoubt(_) | HostError::AtCapacity(_) => true,
        HostError::RateLimited { .. } => true,
        HostError::Forbidden(_)
        | HostError::Invalid(_)
        | HostError::Exhausted(_)
        | HostError::NotFound(_)
        | HostError::NotOwner(_)
        | HostError::Unsupported(_) => false,
    }
}

/// For how long the host wants to be left alone, in milliseconds, if it says so.
pub fn retry_after_ms(host_error: &HostError) -> Option<u64> {
    match host_error {
        HostError::RateLimited { retry_after_ms, .. } => *retry_after_ms,
        _ => None,
    }
}

/// The host's own words.
pub fn words(host_error: &HostError) -> &str {
    match host_error {
        HostError::Forbidden(text)
        | HostError::Invalid(text)
        | HostError::AtCapacity(text)
        | HostError::Exhausted(text)
        | HostError::Unavailable(text)
        | HostError::Busy(text)
        | HostError::NotFound(text)
        | HostError::NotOwner(text)
        | HostError::Unsupported(text)
        | HostError::InDoubt(text) => text,
        HostError::RateLimited { message, .. } => message,
    }
}
