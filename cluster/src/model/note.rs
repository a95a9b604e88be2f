//! What is written down of a key: the lines of `keys.jsonl`.

use std::sync::{Arc, OnceLock};

use gateway_sim::script::Scripted;
use serde::{Deserialize, Serialize};

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// Milliseconds since 1970.
    pub at: u64,
    pub key: Arc<str>,
    #[serde(flatten)]
    pub note: Note,
}

/// One thing that has happened to a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum Note {
    /// On the disk before anything of the session is done.
    Asked(Arc<Asked>),
    /// From here on there is a session; it is queued.
    Receipt(Arc<Receipt>),
    /// The session began to run. The proof that a key was started once is that it has one such line.
    Started,
    Ended {
        outcome: Outcome,
    },
    /// On the disk before it is answered.
    Cancelled,
    Deleted,
}

/// The request by which a session was spawned.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Tells one request from another with the same key.
    pub print: String,
    pub label: String,
    pub task: String,
    pub model: Option<String>,
    pub agent_id: Option<String>,
    pub tool_free: bool,
    pub run_timeout_seconds: u32,
    /// What comes of it, once somebody had to know; it follows from the rest.
    #[serde(skip)]
    pub said: OnceLock<Scripted>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub session_key: String,
    pub run_id: String,
    pub model: String,
}

/// How a session ended, in the door's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Completed,
    Failed,
    TimedOut,
    Cancelled,
    Interrupted,
}
