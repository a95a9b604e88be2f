//! How a session left its task.

use crate::answer::RawAnswer;
use crate::host::SessionOutcome;
use crate::policy::outcome;
use crate::task::{TaskError, TaskStatus, Usage};

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
}

impl StopReason {
    /// The status and error of a task that was stopped for this reason.
    pub fn verdict(&self) -> (TaskStatus, TaskError) {
        match self {
            Self::Timeout { seconds } => {
                let message = format!("the session did not end within its {seconds} seconds");
                (TaskStatus::Timeout, outcome::error("E_TIMEOUT", message, true))
            }
            Self::Deadline { seconds } => {
                let message = format!("the run's deadline of {seconds} seconds was reached");
                (TaskStatus::Cancelled, outcome::error("E_DEADLINE", message, true))
            }
            Self::Caller(reason) => {
                let message = format!("stopped by the caller: {reason}");
                (TaskStatus::Cancelled, outcome::error("E_CANCELLED", message, true))
            }
        }
    }
}

/// Everything that is known when a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `Completed` means that there is an answer to be judged.
    pub status: TaskStatus,
    /// Set unless completed.
    pub error: Option<TaskError>,
    /// What it said, if anything.
    pub answer: Option<RawAnswer>,
    /// What it cost, if the host says so.
    pub usage: Option<Usage>,
    /// What ran, if the host says so.
    pub model: Option<String>,
    /// It may still be alive.
    pub leaked: bool,
}

/// The status and error for an end that this side did not ask for. None: it answered.
pub fn verdict_of(end: &SessionOutcome, timeout_seconds: u32) -> Option<(TaskStatus, TaskError)> {
    match end {
        SessionOutcome::Completed => None,
        SessionOutcome::Failed { kind, message } => Some((TaskStatus::Failed, outcome::session_failed(*kind, message))),
        SessionOutcome::TimedOut => Some(StopReason::Timeout { seconds: timeout_seconds }.verdict()),
        SessionOutcome::Cancelled => {
            let message = "the session was stopped from outside of this run";
            Some((TaskStatus::Cancelled, outcome::error("E_STOPPED_BY_HOST", message, false)))
        }
        SessionOutcome::Interrupted => {
            let message = "a restart of the host cut the session off";
            Some((TaskStatus::Cancelled, outcome::error("E_INTERRUPTED", message, true)))
        }
    }
}
