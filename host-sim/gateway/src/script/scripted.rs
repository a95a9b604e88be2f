//! What a scripted agent does.

use parallel_agents_engine::host::FailureKind;
use parallel_agents_engine::task::Usage;

use super::fault::Fault;

/// What a scripted agent does with one prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Milliseconds from the start of the session to its outcome. Meaningless for [`ScriptedOutcome::Hang`].
    pub latency_ms: u64,
    /// What comes out.
    pub outcome: ScriptedOutcome,
    /// Tokens spent; zero for failures and hangs.
    pub usage: Usage,
    /// The price of `usage` in millionths of a dollar, rounded up.
    pub cost_micro_usd: u64,
    /// What tools say before the answer, one text for each call; empty unless there is an answer.
    pub tools: Vec<String>,
    /// What the script did to the attempt, if that was not to let it go well.
    pub fault: Option<Fault>,
}

/// What sessions do in place of a script's rules, for example what was recorded of them.
pub trait SessionSource: std::fmt::Debug + Send + Sync {
    /// The model that runs when `requested` is asked for.
    fn applied_model(&self, requested: Option<&str>) -> String;

    /// What the session of a task does. The first attempt is 1.
    fn play(&self, agent_type: &str, task_id: &str, model: &str, attempt: u32) -> Scripted;
}

/// What comes out of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptedOutcome {
    /// The agent's last message. It may be empty or not what was asked for.
    Answer(String),
    /// The session fails.
    Fail {
        /// What kind of failure.
        kind: FailureKind,
        /// The words of host or provider.
        message: String,
        /// How long it wants to be left alone, in milliseconds. None: as its words say, if they do.
        retry_after_ms: Option<u64>,
    },
    /// Nothing ever comes.
    Hang,
}

impl ScriptedOutcome {
    pub(crate) fn map_answer(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Answer(answer) => Self::Answer(change(answer)),
            other => other,
        }
    }
}
