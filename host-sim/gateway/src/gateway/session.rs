//! One simulated session.

use parallel_agents_engine::host::{
    FailureKind, FinishReason, Message, MessageRole, Receipt, SessionOutcome, SessionRow, SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;

use super::afterword::afterword;
use super::cut::{MAX_WORDS_BYTES, cut_bytes};
use super::faults::plan::{FaultPlan, SessionFault};
use crate::script::{Scripted, ScriptedOutcome};

/// A session as the gateway knows it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) receipt: Receipt,
    pub(super) options: SpawnOptions,
    pub(super) model: String,
    pub(super) scripted: Scripted,
    pub(super) state: SessionState,
    /// Its place in the order of spawning, which is the order of lists.
    pub(super) number: u64,
    pub(super) fault_plan: FaultPlan,
    /// A restart cut it off.
    pub(super) is_cut_off: bool,
    /// It stands still.
    pub(super) is_paused: bool,
    /// The session that spawned it. None: the caller.
    pub(super) parent: Option<SessionKey>,
    /// The present call spawned it or has taken it over, and is told of its start and its end.
    pub(super) is_attached: bool,
}

impl Session {
    /// What happens to it while it runs, and how many milliseconds after its start. None: it is left alone.
    pub(super) fn session_fault(&self) -> Option<(SessionFault, u64)> {
        let hangs = self.scripted.outcome == ScriptedOutcome::Hang;
        let length = if hangs { u64::from(self.options.run_timeout_seconds) * 1_000 } else { self.scripted.latency_ms };
        self.fault_plan
            .session_fault
            .map(|(session_fault, per_mille)| (session_fault, length.saturating_mul(per_mille) / 1_000))
    }

    /// Whether it waits or runs.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, SessionState::Queued | SessionState::Running)
    }

    /// Whether it runs.
    pub(super) fn is_running(&self) -> bool {
        self.state == SessionState::Running
    }

    /// The tokens that the host tells of.
    pub(super) fn told_usage(&self) -> Option<Usage> {
        self.usage().filter(|_| !self.fault_plan.usage_is_silent)
    }

    /// The tokens that the host knows of: those of a session that answered.
    pub(super) fn usage(&self) -> Option<Usage> {
        (self.state == SessionState::Completed).then_some(self.scripted.usage)
    }

    /// How it ended. None: it has not.
    pub(super) fn outcome(&self) -> Option<SessionOutcome> {
        match self.state {
            SessionState::Queued | SessionState::Running | SessionState::Unknown => None,
            SessionState::Completed => Some(SessionOutcome::Completed),
            SessionState::TimedOut => Some(SessionOutcome::TimedOut),
            SessionState::Cancelled => Some(SessionOutcome::Cancelled),
            SessionState::Failed if self.is_cut_off => Some(SessionOutcome::Interrupted),
            SessionState::Failed => Some(match &self.scripted.outcome {
                ScriptedOutcome::Fail { kind, message, retry_after_ms } => {
                    let retry_after_ms = retry_after_ms.or_else(|| named_wait_ms(message));
                    let mut message = message.clone();
                    cut_bytes(&mut message, MAX_WORDS_BYTES);
                    SessionOutcome::Failed { kind: *kind, message, retry_after_ms }
                }
                ScriptedOutcome::Answer(_) | ScriptedOutcome::Hang => {
                    SessionOutcome::Failed { kind: FailureKind::Other, message: String::new(), retry_after_ms: None }
                }
            }),
        }
    }

    /// The whole text of the answer, once there is one.
    pub(super) fn answer(&self) -> Option<&str> {
        match (&self.scripted.outcome, self.state) {
            (ScriptedOutcome::Answer(text), SessionState::Completed) => Some(text),
            _ => None,
        }
    }

    /// The transcript, oldest message first.
    pub(super) fn transcript(&self) -> Vec<Message> {
        let mut messages = vec![Message {
            role: MessageRole::User,
            text: self.options.task.clone(),
            truncated: false,
            finish: FinishReason::Stop,
            model: None,
            usage: None,
        }];
        if let Some(text) = self.answer() {
            // Without tools there is nothing that could have been called.
            let tools = self.scripted.tools.iter().filter(|_| !self.receipt.tool_free);
            messages.extend(tools.map(|text| Message {
                role: MessageRole::Tool,
                text: text.clone(),
                truncated: false,
                finish: FinishReason::Stop,
                model: None,
                usage: None,
            }));
            messages.push(Message {
                role: MessageRole::Assistant,
                text: text.to_owned(),
                truncated: false,
                finish: FinishReason::Stop,
                model: Some(self.model.clone()),
                usage: self.told_usage(),
            });
            if self.fault_plan.reads.has_afterword {
                messages.extend(afterword());
            }
        }
        messages
    }

    /// Its row in a list.
    pub(super) fn row(&self) -> SessionRow {
        SessionRow {
            session_key: self.receipt.session_key.clone(),
            label: Some(self.options.label.clone()),
            state: if self.is_paused { SessionState::Unknown } else { self.state },
            model: Some(self.model.clone()),
            usage: self.told_usage(),
        }
    }
}

/// The wait that a provider's words name: "retry after 20 seconds". The gateway reads it, so that nobody else has to.
fn named_wait_ms(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("retry after ")?;
    let (seconds, _) = rest.split_once(" second")?;
    seconds.parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1_000))
}
