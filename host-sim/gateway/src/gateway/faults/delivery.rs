//! The end of a session: told late, twice, never, contradicted, or beside the end of another one.

use parallel_agents_engine::host::{EventKind, FailureKind, SessionEnd, SessionOutcome};
use parallel_agents_engine::ids::SessionKey;

use super::plan::EndPlan;
use crate::script::Fault;

/// Something that is told of an end.
pub(in crate::gateway) struct Notice {
    /// None: at once.
    pub(in crate::gateway) delay_ms: Option<u64>,
    pub(in crate::gateway) end: SessionEnd,
    /// Nothing happened; it is told all the same.
    pub(in crate::gateway) is_extra: bool,
}

/// What is told of an end, in this order, and the faults that count now. `stranger`: a session that nobody knows.
pub(in crate::gateway) fn notices(
    end: SessionEnd,
    plan: EndPlan,
    stranger: Option<SessionKey>,
) -> (Vec<Notice>, Vec<Fault>) {
    let (mut notices, mut counted) = (Vec::new(), Vec::new());
    let mut later = |delay_ms: u64, end: SessionEnd| {
        notices.push(Notice { delay_ms: Some(delay_ms), end, is_extra: true });
    };
    // Another end of the session comes behind its own one.
    let behind = |delay_ms: u64| plan.delay_ms.saturating_add(delay_ms).saturating_add(1);
    if let (Some(delay_ms), Some(session)) = (plan.foreign_ms, stranger) {
        let outcome = SessionOutcome::Completed;
        later(delay_ms, SessionEnd { session, outcome, completion: None, usage: None, model: None });
    }
    if let Some(delay_ms) = plan.echo_ms {
        later(behind(delay_ms), end.clone());
    }
    if let Some(delay_ms) = plan.contradiction_ms {
        counted.push(Fault::EndContradicted);
        let other = SessionEnd { outcome: contradiction(&end.outcome), completion: None, ..end.clone() };
        later(behind(delay_ms), other);
    }
    if plan.is_lost {
        counted.push(Fault::EndLost);
    } else {
        notices.push(Notice { delay_ms: (plan.delay_ms > 0).then_some(plan.delay_ms), end, is_extra: false });
    }
    (notices, counted)
}

impl From<Notice> for EventKind {
    fn from(notice: Notice) -> Self {
        Self::SessionEnded(notice.end)
    }
}

/// Another end than this one.
fn contradiction(outcome: &SessionOutcome) -> SessionOutcome {
    match outcome {
        SessionOutcome::Completed => SessionOutcome::Failed {
            kind: FailureKind::Infrastructure,
            message: "LLM request failed.".to_owned(),
            retry_after_ms: None,
        },
        _ => SessionOutcome::Completed,
    }
}
