//! What was decided about a task, for `explain_task`: a value while the run lasts, a sentence in the report.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{AttemptKind, ErrorCode, TaskStatus, Tier};
use crate::ids::{AgentType, TaskId};
use crate::score::Score;
use crate::text;

/// Something that was decided about a task, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// Serialized as its sentence.
    pub what: Decided,
}

/// Why a task waits through no fault of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseReason {
    /// Host or provider asks for fewer requests.
    RateLimit,
    /// The server is not ready.
    NotReady,
    /// The host cut the session off.
    Interruption,
    /// It failed for a reason that may pass.
    Failure,
}

/// What was decided. Its sentence is made where a report is written, not for each session of each run.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// The host is asked for a session.
    Begin {
        /// Counted from 1 in its task.
        number: u32,
        /// What it is for.
        kind: AttemptKind,
        /// The model to ask for; None: the host's choice.
        model: Option<String>,
        /// The tier of that model, if the run has tiers.
        tier: Option<Tier>,
        /// For how long the task waited in milliseconds, and for what.
        waited: Option<(u64, &'static str)>,
    },
    /// The same again, at the cost of a retry.
    Retry {
        /// Counted from 1 in its task.
        number: u32,
        /// Milliseconds before it.
        pause_ms: u64,
        /// What may pass.
        code: ErrorCode,
    },
    /// The same again, at no cost.
    WaitOut {
        /// Milliseconds before it.
        pause_ms: u64,
        /// What is waited for.
        reason: PauseReason,
    },
    /// The answer was empty.
    AskAgain,
    /// A session that only repairs the form of the answer; what is wrong with it.
    Correct(String),
    /// A better model.
    Climb {
        /// The tier that ran; None: the model is of no tier.
        from: Option<Tier>,
        /// The tier to ask for.
        to: Tier,
        /// What the answer fell short of.
        code: ErrorCode,
        /// Why, for people.
        message: String,
    },
    /// No other session is started, and why.
    NoFurtherSession(String),
    /// It is done without a dependency.
    GoOnWithout {
        /// The dependency that did not complete.
        task: TaskId,
        /// How that one ended.
        status: TaskStatus,
    },
    /// The host had no room; its words.
    PutBack(String),
    /// The session that judges it is asked for again.
    ReviewAgain {
        /// Milliseconds before it.
        pause_ms: u64,
        /// What is waited for.
        reason: PauseReason,
    },
    /// The session that judged it gave no review that counts.
    ReviewLost,
    /// The score that its judge gave.
    Judged(Score),
    /// Its agent type gets no sessions under this model for a while.
    CircuitOpened(AgentType),
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin { number, kind, model, tier, waited } => {
                write!(f, "session {number} ({})", kind.name())?;
                if let Some(model) = model {
                    write!(f, " with {model}")?;
                }
                if let Some(tier) = tier {
                    write!(f, " ({})", tier.name())?;
                }
                f.write_str(" asked for")?;
                if let Some((millis, held_by)) = waited {
                    write!(f, " after {} of waiting for {held_by}", text::duration(*millis))?;
                }
                Ok(())
            }
            Self::Retry { number, pause_ms, code } => {
                write!(f, "retry {number} in {}, since {code} may pass", text::duration(*pause_ms))
            }
            Self::WaitOut { pause_ms, reason } => write!(f, "again in {}, since {reason}", text::duration(*pause_ms)),
            Self::AskAgain => f.write_str("asked again, since the answer was empty"),
            Self::Correct(problem) => write!(f, "a correction is asked for: {problem}"),
            Self::Climb { from, to, code, message } => {
                let from = from.map_or("an unknown tier", Tier::name);
                write!(f, "climbs from {from} to {}: {code}: {message}", to.name())
            }
            Self::NoFurtherSession(why) => write!(f, "no further session: {why}"),
            Self::GoOnWithout { task, status } => write!(f, "goes on without {task}, which is {}", status.name()),
            Self::PutBack(words) => write!(f, "put back without an attempt: {words}"),
            Self::ReviewAgain { pause_ms, reason } => {
                write!(f, "the review is asked for again in {}, since {reason}", text::duration(*pause_ms))
            }
            Self::ReviewLost => f.write_str("the review did not count and is asked for again"),
            Self::Judged(score) => write!(f, "its judge gave {}", score.value()),
            Self::CircuitOpened(agent) => write!(f, "the circuit of {agent} opened with this session"),
        }
    }
}

impl fmt::Display for PauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateLimit => "the rate is limited",
            Self::NotReady => "the server is not ready",
            Self::Interruption => "the host cut it off",
            Self::Failure => "its failure may pass",
        })
    }
}

impl Serialize for Decided {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
