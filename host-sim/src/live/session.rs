//! One real session: a chat completion under way, or what came of it.

use std::sync::Arc;

use parallel_agents_engine::host::{
    Completion, FinishReason, Message, MessageRole, Receipt, SessionEnd, SessionOutcome, SessionRow, SessionState,
    SpawnOptions,
};
use parallel_agents_engine::task::Usage;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::failure::CompletionFailure;
use super::incoming::Incoming;
use super::pieces::Said;

/// How a completion ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// With an answer.
    Answered,
    /// With a failure.
    Failed(CompletionFailure),
    /// The session's time was over.
    TimedOut,
    /// Somebody stopped it.
    Cancelled,
}

/// A session as this host knows it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) receipt: Receipt,
    pub(super) options: SpawnOptions,
    /// The model that the server is asked for.
    pub(super) model: String,
    /// Its place in the order of spawning.
    pub(super) number: u64,
    /// Ends the completion and closes its connection.
    pub(super) completion: AbortHandle,
    /// The part of the answer that has arrived so far.
    pub(super) incoming: Arc<Incoming>,
    pub(super) sent_at: Instant,
    /// Its time counts.
    pub(super) is_started: bool,
    /// Something of its answer has arrived.
    pub(super) is_heard: bool,
    /// None: it runs.
    pub(super) ended: Option<Ended>,
    /// What had arrived when it ended. None: it runs, or nothing had.
    pub(super) said: Option<Said>,
}

impl Session {
    pub(super) fn is_live(&self) -> bool {
        self.ended.is_none()
    }

    pub(super) fn state(&self) -> SessionState {
        match &self.ended {
            None if self.is_started => SessionState::Running,
            None => SessionState::Queued,
            Some(Ended::Answered) => SessionState::Completed,
            Some(Ended::Failed(_)) => SessionState::Failed,
            Some(Ended::TimedOut) => SessionState::TimedOut,
            Some(Ended::Cancelled) => SessionState::Cancelled,
        }
    }

    /// The text that is handed over: of an answer always, of anything else if there is any.
    fn text(&self) -> Option<&Said> {
        let is_answer = matches!(self.ended, Some(Ended::Answered));
        self.said.as_ref().filter(|said| is_answer || !said.text.is_empty())
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.said.as_ref()?.usage
    }

    /// The model that answered, as far as the server says; else the one that was asked for.
    pub(super) fn applied_model(&self) -> &str {
        let served = self.said.as_ref().and_then(|said| said.model.as_deref());
        served.filter(|served| !is_version_of(served, &self.model)).unwrap_or(&self.model)
    }

    /// How it ended. None: it runs.
    pub(super) fn end(&self) -> Option<SessionEnd> {
        let outcome = match self.ended.as_ref()? {
            Ended::Answered => SessionOutcome::Completed,
            Ended::Failed(CompletionFailure { kind, message, retry_after_ms, .. }) => {
                SessionOutcome::Failed { kind: *kind, message: message.clone(), retry_after_ms: *retry_after_ms }
            }
            Ended::TimedOut => SessionOutcome::TimedOut,
            Ended::Cancelled => SessionOutcome::Cancelled,
        };
        let completion =
            self.text().map(|said| Completion { text: said.text.clone(), truncated: said.is_cut, finish: said.finish });
        let model = self.said.is_some().then(|| self.applied_model().to_owned());
        Some(SessionEnd { session: self.receipt.session_key.clone(), outcome, completion, usage: self.usage(), model })
    }

    pub(super) fn row(&self) -> SessionRow {
        SessionRow {
            session_key: self.receipt.session_key.clone(),
            label: Some(self.options.label.clone()),
            state: self.state(),
            model: Some(self.applied_model().to_owned()),
            usage: self.usage(),
        }
    }

    /// The transcript: what was asked and what was answered.
    pub(super) fn transcript(&self) -> Vec<Message> {
        let asked = Message {
            role: MessageRole::User,
            text: self.options.task.clone(),
            truncated: false,
            finish: FinishReason::Stop,
            model: None,
            usage: None,
        };
        let answered = self.text().map(|said| Message {
            role: MessageRole::Assistant,
            text: said.text.clone(),
            truncated: said.is_cut,
            finish: said.finish,
            model: Some(self.applied_model().to_owned()),
            usage: said.usage,
        });
        [Some(asked), answered].into_iter().flatten().collect()
    }
}

/// Whether a server means the model that was asked for when it names one of its versions: `name-2026-01-31` or
/// `name:latest`. Any other name is another model.
fn is_version_of(served: &str, asked: &str) -> bool {
    let Some(rest) = served.strip_prefix(asked) else { return false };
    let is_date = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '-');
    rest.is_empty() || rest == ":latest" || rest.strip_prefix('-').is_some_and(is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_a_model_is_that_model_and_a_relative_is_not() {
        for served in ["m-4o", "m-4o:latest", "m-4o-2026-01-31", "m-4o-0613"] {
            assert!(is_version_of(served, "m-4o"), "{served}");
        }
        for served in ["m-4o-mini", "m-4", "m-4o:7b", "m-4o-", "m-4omni", "/models/m-4o"] {
            assert!(!is_version_of(served, "m-4o"), "{served}");
        }
    }
}
