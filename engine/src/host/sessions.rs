//! What `wit/sessions.wit` says: what the host is asked, and what it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::SessionKey;
use crate::task::{Cleanup, Usage};

/// Bytes of a session's key; a host that names a longer one does not mean a session.
const MAX_KEY_BYTES: usize = 1024;

/// The form of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerForm {
    /// Words, Markdown or code.
    #[default]
    Text,
    /// One JSON value, and the text of the JSON Schema that it has to fit.
    Json(Option<Arc<str>>),
}

/// Why a text ends where it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FinishReason {
    /// The model had said all.
    #[default]
    Stop,
    /// The model reached its limit of tokens: the text is cut.
    Length,
    /// A filter of the provider cut the text or held it back.
    Filtered,
    /// The host does not know.
    Unknown,
}

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
    /// What a host that can do so makes the model keep to.
    #[serde(default)]
    pub form: AnswerForm,
    /// Tokens that the answer may have. None: the host's own limit.
    #[serde(default)]
    pub max_output_tokens: Option<u32>,
    /// Two spawns with one key are one session.
    pub idempotency_key: String,
}

/// The host's word that a session exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The host's name of the session.
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
    /// Only sessions that this session spawned.
    pub spawned_by: Option<SessionKey>,
    /// Rows to skip.
    pub offset: u32,
    /// Rows of one page, at most.
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
    /// The host's name of the session.
    pub session_key: SessionKey,
    /// As the spawn call had it.
    pub label: Option<String>,
    /// Where it stands.
    pub state: SessionState,
    /// The model that runs, if the host says so.
    pub model: Option<String>,
    /// The tokens that it used, if the host counts them.
    pub usage: Option<Usage>,
}

/// A page of a session list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPage {
    /// A busy host can repeat rows and leave some out.
    pub sessions: Vec<SessionRow>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// Which messages to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// The host's name of the session.
    pub session_key: SessionKey,
    /// Messages to skip, from the newest.
    pub offset: u32,
    /// Messages of one page, at most.
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
    /// Why it ends there; messages of others than the assistant end with `Stop`.
    #[serde(default)]
    pub finish: FinishReason,
    /// The model that wrote it.
    pub model: Option<String>,
    /// The tokens that it used, if the host counts them.
    pub usage: Option<Usage>,
}

/// A page of a transcript, oldest message first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The messages of the page, the oldest first.
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
    /// The answer to `Command::Spawn`.
    Spawned(Receipt),
    /// The answer to `Command::Attach`. In journals it keeps its first name, so that earlier ones can be read.
    #[serde(rename = "Watched")]
    Attached(Receipt),
    /// The answer to `Command::List`.
    Listed(SessionPage),
    /// The answer to `Command::History`.
    History(HistoryPage),
    /// The answer to `Command::Cancel`.
    Cancelled,
    /// The answer to `Command::Delete`.
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
    /// Too many requests in a short time.
    RateLimited {
        /// How long the host asks to wait.
        retry_after_ms: Option<u64>,
        /// What the host says.
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
