//! What became of one session.

use serde::Serialize;
use serde_json::Value;

use crate::answer::{self, Expected, RawAnswer};
use crate::host::{HistoryPage, HostError, MessageRole, Reply, SessionState};
use crate::ids::SessionKey;
use crate::policy::outcome;
use crate::task::{ErrorCode, OutputFormat, TaskError, Usage};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectedStatus {
    /// It ended, and its answer has the wanted form.
    Completed,
    /// It ended without such an answer.
    Failed,
    /// The host ended it for its time limit.
    Timeout,
    /// Somebody stopped it.
    Cancelled,
    /// It had not ended when the wait was over.
    Running,
    /// The host does not list it for this caller.
    Unknown,
}

/// What became of one session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collected {
    /// As it was asked for.
    pub session_key: String,
    /// Where it stands.
    pub status: CollectedStatus,
    /// What it said last; of a failed check the text.
    pub output: Option<Value>,
    /// Why there is no good answer.
    pub error: Option<TaskError>,
    /// The model that answered, if the host says so.
    pub model: Option<String>,
    /// Its tokens, if the host says so.
    pub usage: Option<Usage>,
    /// The answer is not whole.
    pub truncated: bool,
}

/// What the host's list says of a session.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) state: SessionState,
    pub(super) model: Option<String>,
    pub(super) usage: Option<Usage>,
}

impl Default for Listed {
    fn default() -> Self {
        Self { state: SessionState::Unknown, model: None, usage: None }
    }
}

impl Listed {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, SessionState::Queued | SessionState::Running)
    }
}

/// What a session left whose transcript was read, or could not be.
pub(super) fn collected(
    key: &SessionKey,
    listed: Listed,
    outcome: Result<Reply, HostError>,
    format: OutputFormat,
) -> Collected {
    let Listed { state, model, usage } = listed;
    let collected = Collected { model, usage, ..without_answer(key, status(state), None) };
    match outcome {
        Ok(Reply::History(page)) => answered(collected, state, &page, format),
        Ok(_) => failed(collected, &HostError::InDoubt("another answer".to_owned())),
        Err(error) => failed(collected, &error),
    }
}

/// A session that had not ended when the time was over.
pub(super) fn still_running(key: &SessionKey) -> Collected {
    let error = TaskError::new(ErrorCode::StillRunning, "the session had not ended when the time was over");
    without_answer(key, CollectedStatus::Running, Some(error))
}

fn without_answer(key: &SessionKey, status: CollectedStatus, error: Option<TaskError>) -> Collected {
    let session_key = key.as_str().to_owned();
    Collected { session_key, status, output: None, error, model: None, usage: None, truncated: false }
}

fn failed(collected: Collected, error: &HostError) -> Collected {
    Collected { error: Some(outcome::history_failed(error)), ..collected }
}

/// Checks the newest message of an agent. The session is somebody else's, so what arrived is given as it is; that it was cut
/// stands beside it.
fn answered(mut collected: Collected, state: SessionState, page: &HistoryPage, format: OutputFormat) -> Collected {
    let last = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
    let raw = last.map(|message| RawAnswer {
        text: message.text.clone(),
        truncated: message.truncated,
        finish: message.finish,
        redacted: page.redacted,
    });
    collected.model = last.and_then(|message| message.model.clone()).or(collected.model);
    collected.usage = collected.usage.or(last.and_then(|message| message.usage));
    let expected = Expected { accept_truncated: true, ..Expected::of(format) };
    let judged = match (&raw, state) {
        (Some(raw), SessionState::Completed | SessionState::Unknown) => answer::judge(raw, &expected),
        (Some(raw), _) => answer::keep_only(raw, answer::MAX_KEPT_BYTES),
        (None, _) => answer::judge(&RawAnswer::default(), &expected),
    };
    collected.output = judged.output;
    collected.truncated = judged.truncated;
    collected.error = judged.error;
    if state == SessionState::Unknown && raw.is_some() && collected.error.is_none() {
        collected.status = CollectedStatus::Completed;
    } else if state == SessionState::Completed && collected.error.is_some() {
        collected.status = CollectedStatus::Failed;
    }
    collected
}

fn status(state: SessionState) -> CollectedStatus {
    match state {
        SessionState::Completed => CollectedStatus::Completed,
        SessionState::Failed => CollectedStatus::Failed,
        SessionState::TimedOut => CollectedStatus::Timeout,
        SessionState::Cancelled => CollectedStatus::Cancelled,
        SessionState::Queued | SessionState::Running => CollectedStatus::Running,
        SessionState::Unknown => CollectedStatus::Unknown,
    }
}
