//! What the engine and its host say to each other: requests go out, events come in.
//!
//! These types mirror `wit/sessions.wit` and `wit/events.wit`, where each field is documented; `boundary::convert` is the
//! only place that knows both. They exist so that the engine compiles and is tested without WebAssembly. Nothing in this
//! module decides anything.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{AgentType, RequestId, SessionKey, TaskId};
use crate::problem::CallError;
use crate::task::{Cleanup, TaskStatus, Usage};

/// Bytes of a session's key; a host that names a longer one does not mean a session.
const MAX_KEY_BYTES: usize = 1024;

/// What OpenClaw's `sessions_spawn` is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnOptions {
    /// The whole prompt.
    pub task: String,
    /// The name in session lists.
    pub label: String,
    /// A handle within the caller's sessions.
    pub task_name: String,
    /// A configured agent of the host.
    pub agent_id: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// The thinking level asked for.
    pub thinking: Option<String>,
    /// At least 1.
    pub run_timeout_seconds: u32,
    /// What the host may do with the session by itself.
    pub cleanup: Cleanup,
    /// The session gets no tools.
    pub tool_free: bool,
    /// Two spawns with one key are one session.
    pub idempotency_key: String,
}

/// The host's word that a session exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The session.
    pub session_key: SessionKey,
    /// Empty: the host has no such name.
    pub run_id: String,
    /// The model really applied.
    pub applied_model: Option<String>,
    /// Whether it really has no tools.
    pub tool_free: bool,
}

impl Receipt {
    /// Whether it names a session at all.
    pub fn names_a_session(&self) -> bool {
        (1..=MAX_KEY_BYTES).contains(&self.session_key.as_str().len())
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListFilter {
    /// Part of a label or key.
    pub search: Option<String>,
    /// The parent.
    pub spawned_by: Option<SessionKey>,
    /// Rows to skip.
    pub offset: u32,
    /// Rows wanted.
    pub limit: u32,
}

/// Where a session stands, as the host lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it; wit/sessions.wit documents them")]
pub enum SessionState {
    Queued,
    Running,
    Completed,
    Failed,
    TimedOut,
    Cancelled,
    Unknown,
}

/// One row of a session list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// The session.
    pub session_key: SessionKey,
    /// Its label.
    pub label: Option<String>,
    /// Where it stands.
    pub state: SessionState,
    /// Its model.
    pub model: Option<String>,
    /// Its tokens.
    pub usage: Option<Usage>,
}

/// A page of a session list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPage {
    /// The rows.
    pub sessions: Vec<SessionRow>,
    /// More follow.
    pub has_more: bool,
}

/// Which messages to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// The session.
    pub session_key: SessionKey,
    /// Messages to skip, from the newest.
    pub offset: u32,
    /// Messages wanted.
    pub limit: u32,
    /// Tool messages too.
    pub include_tools: bool,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum MessageRole {
    User,
    Assistant,
    Tool,
    System,
}

/// One message of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: MessageRole,
    /// Its text blocks, joined by a blank line.
    pub text: String,
    /// The host cut the text.
    pub truncated: bool,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Its tokens.
    pub usage: Option<Usage>,
}

/// A page of a transcript, oldest message first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Older ones remain.
    pub has_more: bool,
    /// Left out because the page grew too large.
    pub dropped_messages: u32,
    /// The host removed something.
    pub redacted: bool,
}

/// The answer to a request that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Spawn`.
    Spawned(Receipt),
    /// To `Watch`.
    Watched(Receipt),
    /// To `List`.
    Listed(SessionPage),
    /// To `History`.
    History(HistoryPage),
    /// To `Cancel`.
    Cancelled,
    /// To `Delete`.
    Deleted,
}

/// Why a request did not succeed; the text is the host's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostError {
    /// Policy says no.
    Forbidden(String),
    /// The arguments make no sense to the host.
    Invalid(String),
    /// A cap on live sessions is reached.
    AtCapacity(String),
    /// A cap on all sessions is used up.
    Exhausted(String),
    /// Too fast.
    RateLimited {
        /// The host's wish.
        retry_after_ms: Option<u64>,
        /// Its words.
        message: String,
    },
    /// The gateway is not there.
    Unavailable(String),
    /// Locked for a moment.
    Busy(String),
    /// No such session.
    NotFound(String),
    /// Somebody else's session.
    NotOwner(String),
    /// No such function here.
    Unsupported(String),
    /// The effect may have happened.
    InDoubt(String),
}

/// What a transcript says about the use of tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolUse {
    /// Messages of tools.
    pub calls: u32,
    /// Their texts, one after the other; the first 64 KiB.
    pub text: String,
}

/// What the host is and allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// For reports.
    pub name: String,
    /// The only source of chance.
    pub seed: u64,
    /// Sessions that may run at once.
    pub max_concurrent: Option<u32>,
    /// `SessionStarted` is sent.
    pub reports_starts: bool,
    /// [`Host::append`] keeps what it is given.
    pub keeps_journal: bool,
}

/// What kind of failure the host reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "documented in wit/events.wit")]
pub enum FailureKind {
    Infrastructure,
    RateLimited,
    Authentication,
    Rejected,
    ContextOverflow,
    Other,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOutcome {
    /// It answered.
    Completed,
    /// It did not.
    Failed {
        /// What kind.
        kind: FailureKind,
        /// The host's words.
        message: String,
    },
    /// The host's own time limit.
    TimedOut,
    /// Somebody stopped it.
    Cancelled,
    /// A restart cut it off.
    Interrupted,
}

/// The text delivered with the end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What it said.
    pub text: String,
    /// Not all of it.
    pub truncated: bool,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Which.
    pub session: SessionKey,
    /// How.
    pub outcome: SessionOutcome,
    /// With what text.
    pub completion: Option<Completion>,
    /// At what cost.
    pub usage: Option<Usage>,
    /// By which model.
    pub model: Option<String>,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// First of all.
    Opened(HostFacts),
    /// A request is answered.
    Answered {
        /// Which.
        request: RequestId,
        /// How.
        outcome: Result<Reply, HostError>,
    },
    /// A queued session runs.
    SessionStarted(SessionKey),
    /// A session is over.
    SessionEnded(SessionEnd),
    /// Somebody wants the work stopped.
    StopRequested {
        /// None: all of it.
        task: Option<TaskId>,
        /// For the report.
        reason: String,
    },
    /// Nothing, until the time asked for.
    Woke,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counted from 0.
    pub seq: u64,
    /// Milliseconds on the host's clock.
    pub at_ms: u64,
    /// What.
    pub what: Happening,
}

/// How far a run is; for display only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Counted from 0.
    pub seq: u64,
    /// When.
    pub at_ms: u64,
    /// The task whose status changed.
    pub task: TaskId,
    /// Its agent type.
    pub agent_type: AgentType,
    /// Its new status.
    pub status: TaskStatus,
    /// Tasks that have ended.
    pub ended: u32,
    /// Tasks that run.
    pub running: u32,
    /// All tasks.
    pub total: u32,
}

impl Command {
    /// The request that it makes, if it is answered.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Spawn(request, _)
            | Self::List(request, _)
            | Self::History(request, _)
            | Self::Cancel(request, _)
            | Self::Watch(request, _)
            | Self::Delete(request, _) => Some(*request),
            Self::Progress(_) => None,
        }
    }
}

/// What the engine wants done. Carrying it out never fails: the answer is an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Spawn a sub-session.
    Spawn(RequestId, Arc<SpawnOptions>),
    /// List sessions.
    List(RequestId, ListFilter),
    /// Read a transcript.
    History(RequestId, HistoryQuery),
    /// Stop a session.
    Cancel(RequestId, SessionKey),
    /// Take over a session of this run whose receipt this call does not have.
    Watch(RequestId, SessionKey),
    /// Delete a session.
    Delete(RequestId, SessionKey),
    /// Show something.
    Progress(Progress),
}

/// A host, as the pump sees it: carries out commands at once and waits for the next event.
///
/// The wasm boundary implements it over the WIT imports, `host-sim` over its simulated world.
pub trait Host {
    /// Hands a command over; must not wait.
    fn perform(&mut self, command: Command);

    /// Waits for the next event, at most until `until_ms` on the host's clock. An error ends the call.
    fn next_event(&mut self, until_ms: Option<u64>) -> impl Future<Output = Result<Event, CallError>>;

    /// Adds lines to the call's journal. Only hosts whose facts say `keeps_journal` are asked to.
    fn append(&mut self, _lines: &str) -> Result<(), String> {
        Ok(())
    }
}

impl<H: Host> Host for &mut H {
    fn perform(&mut self, command: Command) {
        (**self).perform(command);
    }

    fn next_event(&mut self, until_ms: Option<u64>) -> impl Future<Output = Result<Event, CallError>> {
        (**self).next_event(until_ms)
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        (**self).append(lines)
    }
}
