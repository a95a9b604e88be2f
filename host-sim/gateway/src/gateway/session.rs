//! One simulated session.

use parallel_agents_engine::host::{
    FailureKind, FinishReason, Message, MessageRole, Receipt, SessionOutcome, SessionRow, SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;

use super::afterword::afterword;
use super::cut::{MAX_WORDS_BYTES, cut_bytes};
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
    pub(super) is_watched: bool,
}

/// What happens to a session beside what its script says. By default nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FaultPlan {
    pub(super) never_starts: bool,
    pub(super) start_delay_ms: u64,
    /// What happens to it while it runs, and after how much of its time, per mille.
    pub(super) session_fault: Option<(SessionFault, u64)>,
    /// The host does not end it at its time limit.
    pub(super) ignores_limit: bool,
    /// Sessions that it spawns.
    pub(super) children: u32,
    pub(super) is_not_owned: bool,
    pub(super) end_is_lost: bool,
    /// How much later another end of it is told.
    pub(super) contradiction_ms: Option<u64>,
    /// Times that its transcript is still going to be empty.
    pub(super) empty_reads: u32,
    pub(super) history_is_gone: bool,
    pub(super) is_redacted: bool,
    pub(super) has_afterword: bool,
    pub(super) usage_is_silent: bool,
    /// Cancel requests that it is still going to refuse.
    pub(super) cancel_refusals: u32,
    /// Delete requests that it is still going to refuse.
    pub(super) delete_refusals: u32,
    pub(super) end_delay_ms: u64,
    /// How much later its end is told again.
    pub(super) echo_ms: Option<u64>,
    /// How much later the end of a foreign session is told.
    pub(super) foreign_ms: Option<u64>,
}

/// What happens to a session while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionFault {
    /// A restart cuts it off.
    CutOff,
    /// Somebody else stops it.
    Killed,
    /// It stands still.
    Paused,
    /// The host forgets it.
    Vanished,
}

impl Session {
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
                ScriptedOutcome::Fail { kind, message } => {
                    let retry_after_ms = named_wait_ms(message);
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
            if self.fault_plan.has_afterword {
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
