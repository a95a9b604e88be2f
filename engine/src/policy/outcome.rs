//! What a host's words mean for a task: a stable code, and whether another try could help.

use crate::host::{FailureKind, HostError};
use crate::task::{ErrorCode, TaskError};
use crate::text;

/// Why a spawn was refused. Capacity is not here: it is a reason to wait, not a failure.
pub fn spawn_refused(host_error: &HostError) -> TaskError {
    let code = match host_error {
        HostError::Forbidden(_) => ErrorCode::SpawnForbidden,
        HostError::Exhausted(_) => ErrorCode::HostTotalCap,
        HostError::RateLimited { .. } => ErrorCode::RateLimited,
        HostError::Unavailable(_) => ErrorCode::GatewayUnavailable,
        HostError::Busy(_) | HostError::AtCapacity(_) => ErrorCode::HostBusy,
        HostError::Unsupported(_) => ErrorCode::SpawnUnsupported,
        HostError::InDoubt(_) => ErrorCode::SpawnInDoubt,
        HostError::Invalid(_) | HostError::NotFound(_) | HostError::NotOwner(_) => ErrorCode::SpawnRejected,
    };
    TaskError::new(code, format!("the host did not spawn the session: {}", words(host_error)))
}

/// Why a session that ran has no answer.
pub fn session_failed(kind: FailureKind, message: &str) -> TaskError {
    let code = match kind {
        FailureKind::Infrastructure => ErrorCode::ModelUnavailable,
        FailureKind::NotReady => ErrorCode::ModelNotReady,
        FailureKind::RateLimited => ErrorCode::RateLimited,
        FailureKind::Authentication => ErrorCode::ModelAuthentication,
        FailureKind::Rejected => ErrorCode::ModelRejected,
        FailureKind::ContextOverflow => ErrorCode::ContextOverflow,
        FailureKind::Other => ErrorCode::SessionFailed,
    };
    TaskError::new(code, format!("the session failed: {message}"))
}

/// Another model ran than the one asked for, and the request does not put up with that.
pub fn model_mismatch(requested: &str, applied: &str) -> TaskError {
    let message = format!("{} was asked for and {} ran", text::quoted(requested), text::quoted(applied));
    TaskError::new(ErrorCode::ModelMismatch, message)
}

/// Why a transcript could not be read.
pub fn history_failed(host_error: &HostError) -> TaskError {
    let code = match host_error {
        HostError::NotFound(_) => ErrorCode::HistoryGone,
        _ => ErrorCode::HistoryUnavailable,
    };
    TaskError::new(code, format!("the session ended, but its transcript could not be read: {}", words(host_error)))
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
