//! Why a task is not completed: a stable code, and what the code says about the chance of another session.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::text;

/// What an error says about the chance of another session. Policies decide by this and not by single codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Host or provider had a bad moment.
    Passing,
    /// Host or provider asks for fewer requests.
    RateLimited,
    /// The server says that it is not ready, and when to ask again.
    NotReady,
    /// The host cut the session off, or lost what it said. What the session did before may have had effects.
    Interrupted,
    /// There is an answer, in the wrong form.
    Form,
    /// The answer is not good enough, or there is none.
    Weak,
    /// Host or provider refuses what was asked for; the next session of the same kind would be refused too.
    Refusal,
    /// Another session would end the same way, or is not wanted.
    Final,
}

impl Cause {
    /// Whether it tells something about the model that answered.
    pub fn is_evidence(self) -> bool {
        matches!(self, Self::Form | Self::Weak)
    }

    /// Whether it lies with the host, the provider or the server, and passes.
    pub fn passes(self) -> bool {
        matches!(self, Self::Passing | Self::RateLimited | Self::NotReady | Self::Interrupted)
    }
}

/// One line for each code: its name here, its text, what it says about another session, and whether the same task could
/// succeed if it were run again unchanged.
macro_rules! codes {
    ($($code:ident $text:literal $cause:ident $retryable:literal),* $(,)?) => {
        /// Why a task is not completed. `docs/errors.md` explains each code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "docs/errors.md explains each code; a test looks for it there")]
        pub enum ErrorCode {
            $($code),*
        }

        impl ErrorCode {
            /// The stable text that reports and documents use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text),* }
            }

            /// What it says about the chance of another session.
            pub const fn cause(self) -> Cause {
                match self { $(Self::$code => Cause::$cause),* }
            }

            /// Whether the same task could succeed if it were run again unchanged.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$code => $retryable),* }
            }
        }
    };
}

codes![
    // The spawn call.
    SpawnForbidden "E_SPAWN_FORBIDDEN" Refusal false,
    SpawnRejected "E_SPAWN_REJECTED" Refusal false,
    SpawnUnsupported "E_SPAWN_UNSUPPORTED" Final false,
    SpawnInDoubt "E_SPAWN_IN_DOUBT" Final false,
    HostTotalCap "E_HOST_TOTAL_CAP" Final false,
    HostBusy "E_HOST_BUSY" Passing true,
    GatewayUnavailable "E_GATEWAY_UNAVAILABLE" Passing true,
    SlotsLost "E_SLOTS_LOST" Final false,
    // The session.
    RateLimited "E_RATE_LIMITED" RateLimited true,
    ModelUnavailable "E_MODEL_UNAVAILABLE" Passing true,
    ModelNotReady "E_MODEL_NOT_READY" NotReady true,
    ModelAuthentication "E_MODEL_AUTHENTICATION" Refusal false,
    ModelRejected "E_MODEL_REJECTED" Refusal false,
    ContextOverflow "E_CONTEXT_OVERFLOW" Final false,
    SessionFailed "E_SESSION_FAILED" Final false,
    HistoryGone "E_HISTORY_GONE" Interrupted true,
    HistoryUnavailable "E_HISTORY_UNAVAILABLE" Passing true,
    Interrupted "E_INTERRUPTED" Interrupted true,
    StoppedByHost "E_STOPPED_BY_HOST" Final false,
    StillRunning "E_STILL_RUNNING" Final true,
    // The answer.
    EmptyOutput "E_EMPTY_OUTPUT" Weak true,
    OutputInvalid "E_OUTPUT_INVALID" Form true,
    OutputAmbiguous "E_OUTPUT_AMBIGUOUS" Form true,
    OutputSchema "E_OUTPUT_SCHEMA" Form true,
    OutputTooLarge "E_OUTPUT_TOO_LARGE" Form true,
    OutputTooDeep "E_OUTPUT_TOO_DEEP" Form true,
    OutputTruncated "E_OUTPUT_TRUNCATED" Weak true,
    OutputTooLong "E_OUTPUT_TOO_LONG" Weak true,
    // It reads like a failure that passes.
    AnswerDoubtful "E_ANSWER_DOUBTFUL" Passing true,
    Refused "E_REFUSED" Weak true,
    BelowThreshold "E_BELOW_THRESHOLD" Weak true,
    ProofMissing "E_PROOF_MISSING" Weak true,
    ModelMismatch "E_MODEL_MISMATCH" Weak true,
    // Stopped, or not started.
    Timeout "E_TIMEOUT" Final true,
    Deadline "E_DEADLINE" Final true,
    Cancelled "E_CANCELLED" Final true,
    StartTimeout "E_START_TIMEOUT" Passing true,
    FailFast "E_FAIL_FAST" Final true,
    NotNeeded "E_NOT_NEEDED" Final false,
    HedgeLost "E_HEDGE_LOST" Final false,
    DependencyFailed "E_DEP_FAILED" Final false,
    ReferenceMissing "E_REF_MISSING" Final false,
    Budget "E_BUDGET" Final true,
    BudgetUnenforceable "E_BUDGET_UNENFORCEABLE" Final false,
    BreakerOpen "E_BREAKER_OPEN" Final true,
    CanaryFailed "E_CANARY_FAILED" Final false,
    // Workflows.
    DefinitionUnusable "E_AGENT_DEFINITION" Final true,
    DraftUnusable "E_DRAFT_UNUSABLE" Final true,
    ReviewUnusable "E_REVIEW_UNUSABLE" Final true,
    AgentNotPromoted "E_AGENT_NOT_PROMOTED" Final false,
    TaskUnfit "E_TASK_UNFIT" Final false,
];

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why a task is not completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskError {
    /// What programs decide by.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    /// Whether the same task could succeed if it were run again unchanged.
    pub retryable: bool,
}

impl TaskError {
    /// An error with a message of bounded length, without control characters.
    pub fn new(code: ErrorCode, message: impl AsRef<str>) -> Self {
        Self { code, message: text::message(message.as_ref()), retryable: code.is_retryable() }
    }
}
