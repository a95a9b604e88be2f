//! How a session left its task.

use crate::answer::RawAnswer;
use crate::host::{SessionOutcome, ToolUse};
use crate::policy::outcome;
use crate::task::{ErrorCode, TaskError, TaskStatus, Usage};

/// Why a session is stopped by this side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Its own time is up.
    Timeout {
        /// How long it had.
        seconds: u32,
    },
    /// The run's time is up.
    Deadline {
        /// How long the run had.
        seconds: u32,
    },
    /// The caller wants it.
    Caller(String),
    /// The host took it and never ran it.
    NotStarted {
        /// How long it waited while nothing else moved.
        seconds: u32,
    },
    /// Another model was applied than the one asked for.
    OtherModel {
        /// What was asked for.
        requested: String,
        /// What the host says it is.
        applied: String,
    },
    /// Its twin answered first.
    HedgeLost,
    /// What there is is enough.
    Enough,
    /// Another task failed that this run was not to go on without.
    FailFast {
        /// The id of that task.
        task: String,
    },
}

impl StopReason {
    /// Whether what the session had said until then is worth reading: not if another answer takes its place.
    pub fn wants_partial(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Deadline { .. } | Self::Caller(_) | Self::FailFast { .. } => true,
            Self::NotStarted { .. } | Self::OtherModel { .. } | Self::HedgeLost | Self::Enough => false,
        }
    }

    /// The status and error of a task that was stopped for this reason.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Timeout { seconds } => {
                let message = format!("the session did not end within its {seconds} seconds");
                (TaskStatus::Timeout, TaskError::new(ErrorCode::Timeout, message))
            }
            Self::Deadline { seconds } => {
                let message = format!("the run's deadline of {seconds} seconds was reached");
                (TaskStatus::Cancelled, TaskError::new(ErrorCode::Deadline, message))
            }
            Self::Caller(reason) => {
                let message = format!("stopped by the caller: {reason}");
                (TaskStatus::Cancelled, TaskError::new(ErrorCode::Cancelled, message))
            }
            Self::NotStarted { seconds } => {
                let message = format!("the host accepted the session and did not run it within {seconds} seconds");
                (TaskStatus::Timeout, TaskError::new(ErrorCode::StartTimeout, message))
            }
            Self::OtherModel { requested, applied } => {
                (TaskStatus::Failed, outcome::model_mismatch(requested, applied))
            }
            Self::HedgeLost => {
                let message = "another session of the same task answered first";
                (TaskStatus::Cancelled, TaskError::new(ErrorCode::HedgeLost, message))
            }
            Self::Enough => {
                let message = "enough other tasks are completed";
                (TaskStatus::Cancelled, TaskError::new(ErrorCode::NotNeeded, message))
            }
            Self::FailFast { task } => {
                let message = format!("the run was stopped because {task} did not complete");
                (TaskStatus::Cancelled, TaskError::new(ErrorCode::FailFast, message))
            }
        }
    }
}

/// The status and the error of a session without an answer.
pub type Verdict = (TaskStatus, TaskError);

/// Everything that is known when a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `Completed` means that there is an answer to be judged.
    pub status: TaskStatus,
    /// Set unless completed.
    pub error: Option<TaskError>,
    /// What it said, if anything.
    pub answer: Option<RawAnswer>,
    /// What its transcript says about tools, if that was wanted and could be read.
    pub tools: Option<ToolUse>,
    /// What it cost, if the host says so.
    pub usage: Option<Usage>,
    /// What ran, if the host says so.
    pub model: Option<String>,
    /// How long host or provider want to be left alone before another session, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// It may still be alive.
    pub leaked: bool,
}

/// The status and error for an end that this side did not ask for. None: it answered.
pub fn verdict_of(end: &SessionOutcome, timeout_seconds: u32) -> Option<Verdict> {
    match end {
        SessionOutcome::Completed => None,
        SessionOutcome::Failed { kind, message, .. } => {
            Some((TaskStatus::Failed, outcome::session_failed(*kind, message)))
        }
        SessionOutcome::TimedOut => Some(StopReason::Timeout { seconds: timeout_seconds }.verdict()),
        SessionOutcome::Cancelled => {
            let message = "the session was stopped from outside of this run";
            Some((TaskStatus::Cancelled, TaskError::new(ErrorCode::StoppedByHost, message)))
        }
        SessionOutcome::Interrupted => {
            let message = "a restart of the host cut the session off";
            Some((TaskStatus::Cancelled, TaskError::new(ErrorCode::Interrupted, message)))
        }
    }
}

/// For how long host or provider want to be left alone, in milliseconds, if they say so.
pub fn retry_after_ms(end: &SessionOutcome) -> Option<u64> {
    match end {
        SessionOutcome::Failed { retry_after_ms, .. } => *retry_after_ms,
        _ => None,
    }
}
