//! What became of the sessions of a task, as far as the call was told.

use parallel_agents_engine::host::{FailureKind, HostError, SessionOutcome};

use super::allowance::{FREE_INTERRUPTIONS, FREE_RATE_LIMITS, FREE_REFUSALS};

/// What became of one spawn request, as far as the call was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// There is no answer yet, or its session has not ended.
    Open,
    /// The host had no room: the task waits and nothing was tried.
    NoRoom,
    /// The host was locked for a moment. The task may be put back some times at no cost.
    Locked,
    /// The host asked for fewer spawn requests; so, too.
    RefusedAsTooFast,
    /// The provider asked for fewer requests. Some of these are waited out at no cost.
    Limited,
    /// A restart of the host cut it off. Some of these are done again at no cost.
    CutOff,
    /// Nobody knows: the answer was lost.
    Lost,
    /// Nothing came of it through no fault of an answer.
    Broke,
    /// There was an answer.
    Answered,
    /// Another session would end the same way.
    Hopeless,
}

/// The sessions of one task so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries {
    pub(super) last: Option<Became>,
    /// The label of the last one, judges left out.
    pub(super) last_label: String,
    pub(super) refusals: u32,
    pub(super) limited: u32,
    pub(super) cut_off: u32,
    /// Sessions that followed an infrastructure error.
    pub(super) retries: u32,
    /// Sessions that followed an answer that did not pass.
    pub(super) second_chances: u32,
    /// Sessions that were spawned beside a live one.
    pub(super) hedges: u32,
    /// Sessions of another agent type, which judge its answers.
    pub(super) judges: u32,
    /// All sessions of the task but judges.
    pub(super) own: u32,
    /// Sessions of which the call was told that they are not its own, before or after a cut.
    pub(super) denied: u32,
}

impl Tries {
    /// What something counts as, once what is free is used up.
    pub(super) fn counted(&mut self, what: Became) -> Became {
        let refusal = matches!(what, Became::Locked | Became::RefusedAsTooFast);
        self.refusals += u32::from(refusal);
        if refusal && self.refusals <= FREE_REFUSALS {
            return Became::NoRoom;
        }
        match what {
            Became::Locked => Became::Broke,
            Became::CutOff => {
                self.cut_off += 1;
                if self.cut_off <= FREE_INTERRUPTIONS { Became::NoRoom } else { Became::Broke }
            }
            Became::Limited | Became::RefusedAsTooFast => {
                self.limited += 1;
                if self.limited <= FREE_RATE_LIMITS { Became::NoRoom } else { Became::Broke }
            }
            other => other,
        }
    }
}

/// Whether a session was there and is over. Then nothing follows but the next one.
pub(super) fn is_over(what: Became) -> bool {
    matches!(what, Became::Limited | Became::Broke | Became::Hopeless | Became::NoRoom)
}

/// What a refused spawn request means for the task.
pub(super) fn refused(error: &HostError) -> Became {
    match error {
        HostError::AtCapacity(_) => Became::NoRoom,
        HostError::InDoubt(_) => Became::Lost,
        HostError::Busy(_) => Became::Locked,
        HostError::RateLimited { .. } => Became::RefusedAsTooFast,
        _ => Became::Broke,
    }
}

/// Failures that the next session would meet again.
fn is_hopeless(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Authentication | FailureKind::Rejected | FailureKind::ContextOverflow | FailureKind::Other => true,
        FailureKind::Infrastructure | FailureKind::NotReady | FailureKind::RateLimited => false,
    }
}

/// What the end of a session means for the task.
pub(super) fn ended(outcome: &SessionOutcome) -> Became {
    match outcome {
        SessionOutcome::Completed => Became::Answered,
        SessionOutcome::Failed { kind, .. } if is_hopeless(*kind) => Became::Hopeless,
        SessionOutcome::Failed { kind: FailureKind::RateLimited, .. } => Became::Limited,
        // Waited for at no cost, in pauses that the call is held to elsewhere.
        SessionOutcome::Failed { kind: FailureKind::NotReady, .. } => Became::NoRoom,
        SessionOutcome::Interrupted => Became::CutOff,
        SessionOutcome::Failed { .. } | SessionOutcome::TimedOut | SessionOutcome::Cancelled => Became::Broke,
    }
}

/// How long a failed session's provider or host wants to be left alone, in milliseconds.
pub(super) fn retry_after_of(outcome: &SessionOutcome) -> Option<u64> {
    match outcome {
        SessionOutcome::Failed { retry_after_ms, .. } => *retry_after_ms,
        _ => None,
    }
}
