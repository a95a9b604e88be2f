//! The file of a recording.

use parallel_agents_engine::host::FailureKind;
use parallel_agents_engine::task::Usage;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The word in the head that tells a recording from other files.
pub(super) const FORMAT: &str = "parallel-agents-recording";

/// The only version so far.
pub(super) const VERSION: u32 = 1;

/// A recorded call.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What was called, and on what.
    pub head: Head,
    /// The sessions, in the order of spawning.
    pub sessions: Vec<RecordedSession>,
    /// The reply. None: the call broke off.
    pub reply: Option<Value>,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub(super) format: String,
    pub(super) version: u32,
    /// The function that was called, in snake case.
    pub function: String,
    /// Its arguments, byte for byte.
    pub arguments: String,
    /// The host's name.
    pub host: String,
    /// The random seed that the component was given with `opened`.
    pub seed: u64,
    /// Sessions that the host said it runs at once.
    pub host_cap: Option<u32>,
    /// Whether it told of starts.
    pub reports_starts: bool,
    /// How long it took for its answers, in milliseconds: the median of each kind.
    pub latencies: Latencies,
}

/// Milliseconds between a request and its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latencies {
    /// Of a spawn request.
    pub spawn_ms: u64,
    /// Of lists and transcripts.
    pub read_ms: u64,
    /// Of a cancel request.
    pub cancel_ms: u64,
    /// Of a delete request.
    pub delete_ms: u64,
}

/// One session: what was asked, how long it took, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedSession {
    /// Whose prompt it was.
    pub agent_type: String,
    /// The task's name.
    pub task_id: String,
    /// Which session of this agent type for this task, from 1. 0: there was none, since the host refused it.
    pub attempt: u32,
    /// The model that was asked for. None: the host's own.
    pub model_asked: Option<String>,
    /// The model that ran. None: the host did not say.
    pub model: Option<String>,
    /// Milliseconds from the opening to the spawn call.
    pub asked_ms: u64,
    /// To its start; where starts are not told, to its receipt.
    pub started_ms: u64,
    /// To its end. None: it was never told of.
    pub ended_ms: Option<u64>,
    /// What came of it.
    pub outcome: RecordedOutcome,
    /// Its tokens. None: the host did not say.
    pub usage: Option<Usage>,
}

/// What came of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RecordedOutcome {
    /// Its whole answer.
    Answered(String),
    /// An answer of which only the beginning is known.
    AnsweredInPart(String),
    /// It ended without an answer.
    Failed {
        /// What the host made of the failure.
        kind: FailureKind,
        /// The host's words.
        message: String,
        /// How long the host asked to wait.
        #[serde(default)]
        retry_after_ms: Option<u64>,
    },
    /// Its time was over.
    TimedOut,
    /// It was stopped, so that nobody knows what would have come.
    Stopped,
    /// The host did not spawn it.
    Refused(String),
}

/// A file that is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A line cannot be read.
    #[error("line {line} of the recording cannot be read: {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is something else, or of another time.
    #[error(
        "this is no recording that can be read here: format {format:?}, version {version}; {FORMAT:?} {VERSION} is"
    )]
    Version {
        /// What the head says.
        format: String,
        /// What the head says.
        version: u32,
    },
    /// The reply is missing: the file is cut.
    #[error("the recording has no last line with the reply: it is cut")]
    Cut,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    reply: Option<Value>,
}

impl Recording {
    /// The recording as its file holds it: one JSON document a line.
    pub fn text(&self) -> String {
        let mut text = line(&self.head);
        text.extend(self.sessions.iter().map(line));
        text.push_str(&line(&Last { reply: self.reply.clone() }));
        text
    }

    /// Reads the file.
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let wrong = |line: usize, reason: serde_json::Error| RecordingError::Line { line, reason: reason.to_string() };
        // The version first: the rest of another one need not fit.
        let stated: Value = serde_json::from_str(first).unwrap_or_default();
        let format = stated["format"].as_str().unwrap_or_default().to_owned();
        let version = stated["version"].as_u64().and_then(|version| u32::try_from(version).ok()).unwrap_or(0);
        if (format.as_str(), version) != (FORMAT, VERSION) {
            return Err(RecordingError::Version { format, version });
        }
        let head = serde_json::from_value(stated).map_err(|error| wrong(1, error))?;
        let rest: Vec<&str> = lines.collect();
        let (last, sessions) = rest.split_last().ok_or(RecordingError::Cut)?;
        let sessions = sessions
            .iter()
            .zip(2..)
            .map(|(text, line)| serde_json::from_str(text).map_err(|error| wrong(line, error)))
            .collect::<Result<_, _>>()?;
        let Last { reply } = serde_json::from_str(last).map_err(|_| RecordingError::Cut)?;
        Ok(Self { head, sessions, reply })
    }
}

/// One line of JSON. None of these types can fail to be written.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}
