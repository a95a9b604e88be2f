//! What `wit/events.wit` says: what happens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FinishReason, HostError, Reply};
use crate::ids::{AgentType, RequestId, SessionKey, TaskId};
use crate::task::{Price, TaskStatus, Usage};

/// What the host is and allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// The name of the host, for journals and reports.
    pub name: String,
    /// The only source of chance.
    pub seed: u64,
    /// Sessions that may run at once.
    pub max_concurrent: Option<u32>,
    /// `SessionStarted` is sent.
    pub reports_starts: bool,
    /// [`Host::append`](super::Host::append) keeps what it is given.
    pub keeps_journal: bool,
    /// What the operator allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<OperatorLimits>,
}

/// What the host's operator allows one run at the most, whatever a request says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorLimits {
    /// Read and written.
    pub tokens: Option<u64>,
    /// The most that a run may cost, in micro-dollars.
    pub micro_usd: Option<u64>,
    /// The most sessions that a run may ask for.
    pub spawns: Option<u32>,
    /// After which nothing new is started.
    pub seconds: Option<u32>,
    /// The least that a session is counted with beyond its prompt.
    pub session_tokens: Option<u64>,
    /// They replace those of the request.
    pub prices: BTreeMap<String, Price>,
    /// Tasks of one request; one with more is refused.
    pub tasks: Option<u32>,
}

/// What kind of failure the host reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "documented in wit/events.wit")]
pub enum FailureKind {
    Infrastructure,
    RateLimited,
    NotReady,
    Authentication,
    Rejected,
    ContextOverflow,
    Other,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionOutcome {
    /// The model has answered.
    Completed,
    /// It did not.
    Failed {
        /// Why, as far as the host knows.
        kind: FailureKind,
        /// The host's words.
        message: String,
        /// How long to wait before the next try, as far as the provider or the host says.
        #[serde(default)]
        retry_after_ms: Option<u64>,
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
    /// The host cut it.
    pub truncated: bool,
    /// Why it ends there.
    #[serde(default)]
    pub finish: FinishReason,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// The session that ended.
    pub session: SessionKey,
    /// How it ended.
    pub outcome: SessionOutcome,
    /// The last text of the session, if the host tells it with the end.
    pub completion: Option<Completion>,
    /// The tokens that it used, if the host knows them.
    pub usage: Option<Usage>,
    /// The model that ran, if the host knows it.
    pub model: Option<String>,
}

impl SessionEnd {
    /// An end of which nothing else is known.
    pub fn new(session: SessionKey, outcome: SessionOutcome) -> Self {
        Self { session, outcome, completion: None, usage: None, model: None }
    }
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// The host is ready, and says what it can do. It comes first and once.
    Opened(HostFacts),
    /// A request is answered.
    Answered {
        /// The request that is answered.
        request: RequestId,
        /// The reply, or why there is none.
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
        /// One sentence for people; it stands in the report.
        reason: String,
    },
    /// Nothing, until the time asked for. In journals it keeps its first name, so that earlier ones can be read.
    #[serde(rename = "Woke")]
    TimerFired,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counted from 0.
    pub seq: u64,
    /// Milliseconds on the host's clock.
    pub at_ms: u64,
    /// What the host reports.
    pub what: EventKind,
}

/// What became of one item of a run over many items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    /// Its place in the request, counted from 1.
    pub item: u32,
    /// A JSON object without line breaks.
    pub document: String,
}

/// How far a run is; for display only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Counted from 0.
    pub seq: u64,
    /// On the host's clock, in milliseconds.
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
    /// All tasks of the run so far.
    pub total: u32,
}
