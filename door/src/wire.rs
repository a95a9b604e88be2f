//! What the door's answers look like; `docs/door.md` describes them.

use parallel_agents_engine::host::{
    Completion, FailureKind, FinishReason, HistoryPage, Message, MessageRole, OperatorLimits, Receipt, SessionEnd,
    SessionOutcome, SessionPage, SessionRow, SessionState,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;
use serde::Deserialize;

/// What a gateway is and allows.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    /// Of the parts that answer.
    pub versions: Versions,
    /// Sessions that run at once.
    pub max_concurrent: u32,
    /// The longest wait, in seconds.
    pub most_wait_seconds: u32,
    /// Whether it tells when a session begins to run.
    pub reports_starts: bool,
    /// What the operator of the gateway allows one run.
    pub limits: OperatorLimits,
}

/// Versions of a gateway's parts.
#[derive(Clone, Debug, Deserialize)]
pub struct Versions {
    /// Of the plugin. None: it was not built.
    pub plugin: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Spawned {
    session_key: String,
    run_id: String,
    model: Option<String>,
    tool_free: bool,
}

impl From<Spawned> for Receipt {
    fn from(Spawned { session_key, run_id, model, tool_free }: Spawned) -> Self {
        Self { session_key: SessionKey::new(session_key), run_id, applied_model: model, tool_free }
    }
}

/// What a wait has brought.
#[derive(Debug, Default, Deserialize)]
pub struct Waited {
    pub(crate) ended: Vec<Ended>,
    /// Keys of sessions that run and were not known to.
    pub started: Vec<String>,
    /// Keys of which the door knows nothing.
    pub unknown: Vec<String>,
}

impl Waited {
    /// The sessions that have ended, by their keys.
    pub fn ends(self) -> Vec<(String, SessionEnd)> {
        self.ended.into_iter().map(|ended| (ended.key.clone(), ended.into())).collect()
    }

    /// What this and another wait have brought.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.ended.extend(other.ended);
        self.started.extend(other.started);
        self.unknown.extend(other.unknown);
        self
    }

    /// Whether it brought nothing.
    pub fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.started.is_empty() && self.unknown.is_empty()
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ended {
    key: String,
    session_key: String,
    outcome: Outcome,
    failure: Option<Failure>,
    completion: Option<Said>,
    usage: Option<Usage>,
    model: Option<String>,
}

#[cfg(test)]
impl Ended {
    /// The end of a session that was cut off.
    pub(crate) fn interrupted(key: &String) -> Self {
        Self {
            key: key.clone(),
            session_key: format!("agent:{key}"),
            outcome: Outcome::Interrupted,
            failure: None,
            completion: None,
            usage: None,
            model: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Completed,
    Failed,
    TimedOut,
    Cancelled,
    Interrupted,
}

#[derive(Debug, Deserialize)]
struct Failure {
    #[serde(with = "Kind")]
    kind: FailureKind,
    message: String,
    retry_after_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(remote = "FailureKind", rename_all = "kebab-case")]
enum Kind {
    Infrastructure,
    RateLimited,
    NotReady,
    Authentication,
    Rejected,
    ContextOverflow,
    Other,
}

#[derive(Debug, Deserialize)]
struct Said {
    text: String,
    truncated: bool,
    #[serde(with = "Finish")]
    finish: FinishReason,
}

#[derive(Deserialize)]
#[serde(remote = "FinishReason", rename_all = "kebab-case")]
enum Finish {
    Stop,
    Length,
    Filtered,
    Unknown,
}

impl From<Ended> for SessionEnd {
    fn from(ended: Ended) -> Self {
        let outcome = match ended.outcome {
            Outcome::Completed => SessionOutcome::Completed,
            Outcome::TimedOut => SessionOutcome::TimedOut,
            Outcome::Cancelled => SessionOutcome::Cancelled,
            Outcome::Interrupted => SessionOutcome::Interrupted,
            Outcome::Failed => match ended.failure {
                Some(Failure { kind, message, retry_after_ms }) => {
                    SessionOutcome::Failed { kind, message, retry_after_ms }
                }
                None => SessionOutcome::Failed {
                    kind: FailureKind::Other,
                    message: "the gateway gave no reason".to_owned(),
                    retry_after_ms: None,
                },
            },
        };
        let completion =
            ended.completion.map(|said| Completion { text: said.text, truncated: said.truncated, finish: said.finish });
        Self {
            session: SessionKey::new(ended.session_key),
            outcome,
            completion,
            usage: ended.usage,
            model: ended.model,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    messages: Vec<Told>,
    has_more: bool,
    dropped_messages: u32,
    redacted: bool,
}

#[derive(Debug, Deserialize)]
struct Told {
    #[serde(with = "Role")]
    role: MessageRole,
    text: String,
    truncated: bool,
    #[serde(with = "Finish")]
    finish: FinishReason,
    model: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(remote = "MessageRole", rename_all = "kebab-case")]
enum Role {
    User,
    Assistant,
    Tool,
    System,
}

impl From<Page> for HistoryPage {
    fn from(page: Page) -> Self {
        let message = |told: Told| Message {
            role: told.role,
            text: told.text,
            truncated: told.truncated,
            finish: told.finish,
            model: told.model,
            usage: told.usage,
        };
        Self {
            messages: page.messages.into_iter().map(message).collect(),
            has_more: page.has_more,
            dropped_messages: page.dropped_messages,
            redacted: page.redacted,
        }
    }
}

/// The sessions of a door, with the keys under which they were spawned.
#[derive(Debug, Deserialize)]
pub struct Listed {
    sessions: Vec<Row>,
    has_more: bool,
}

#[derive(Debug, Deserialize)]
struct Row {
    key: String,
    session_key: String,
    label: Option<String>,
    #[serde(with = "State")]
    state: SessionState,
    model: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "SessionState", rename_all = "kebab-case")]
enum State {
    Queued,
    Running,
    Completed,
    Failed,
    TimedOut,
    Cancelled,
    Unknown,
}

impl Listed {
    /// The keys of its sessions.
    pub fn keys(&self) -> Vec<(SessionKey, String)> {
        self.sessions.iter().map(|row| (SessionKey::new(row.session_key.clone()), row.key.clone())).collect()
    }

    /// The page as a host tells it.
    pub fn page(self) -> SessionPage {
        let row = |row: Row| SessionRow {
            session_key: SessionKey::new(row.session_key),
            label: row.label,
            state: row.state,
            model: row.model,
            usage: None,
        };
        SessionPage { sessions: self.sessions.into_iter().map(row).collect(), has_more: self.has_more }
    }
}
