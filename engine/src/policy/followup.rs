//! What follows a session whose answer does not count: nothing, the same again, a correction, a better model.

use crate::task::{Cause, ErrorCode, Tier};

/// What is left to a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Retries of its own.
    pub retries: u32,
    /// Retries of the whole run.
    pub run_retries: u32,
    /// Rate limits that it may wait out.
    pub rate_limits: u32,
    /// Interruptions by the host after which it is done again.
    pub interruptions: u32,
    /// Times that it may wait for a server that is not ready.
    pub not_ready: u32,
    /// Corrections that it may still have.
    pub corrections: u32,
    /// Empty answers that are asked for again where there is no better model.
    pub blanks: u32,
    /// The tier above the one that ran, if the run climbs and there is one.
    pub above: Option<Tier>,
    /// Its session may run twice without harm.
    pub repeatable: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followup {
    /// The task has failed.
    Fail,
    /// The same again after a pause; costs a retry.
    Retry,
    /// The same again after a pause, because the rate is limited; costs no retry.
    WaitOut,
    /// The same again after a pause, because the server is not ready; costs no retry.
    WaitReady,
    /// The same again after a pause, because the host cut it off; costs no retry.
    Redo,
    /// The same again at once, because nothing was said.
    AskAgain,
    /// A session that only puts the answer right.
    Correct,
    /// The next better model.
    Climb(Tier),
}

/// Decides. A better model is asked for only on evidence; what passes is waited for.
pub fn after(code: ErrorCode, standing: &Standing) -> Followup {
    match code.cause() {
        Cause::Passing if standing.retries > 0 && standing.run_retries > 0 => Followup::Retry,
        Cause::RateLimited if standing.rate_limits > 0 => Followup::WaitOut,
        Cause::NotReady if standing.not_ready > 0 => Followup::WaitReady,
        Cause::Interrupted if standing.repeatable && standing.interruptions > 0 => Followup::Redo,
        Cause::Form if standing.corrections > 0 => Followup::Correct,
        Cause::Form | Cause::Weak => match standing.above {
            Some(tier) => Followup::Climb(tier),
            None if code == ErrorCode::EmptyOutput && standing.blanks > 0 && standing.run_retries > 0 => {
                Followup::AskAgain
            }
            None => Followup::Fail,
        },
        Cause::Passing | Cause::RateLimited | Cause::NotReady | Cause::Interrupted | Cause::Refusal | Cause::Final => {
            Followup::Fail
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Standing = Standing {
        retries: 1,
        run_retries: 1,
        rate_limits: 1,
        interruptions: 1,
        not_ready: 1,
        corrections: 1,
        blanks: 1,
        above: Some(Tier::Standard),
        repeatable: false,
    };

    #[test]
    fn each_cause_has_its_own_answer() {
        let none = Standing::default();
        let rows = [
            (ErrorCode::GatewayUnavailable, Followup::Retry, Followup::Fail),
            (ErrorCode::StartTimeout, Followup::Retry, Followup::Fail),
            (ErrorCode::RateLimited, Followup::WaitOut, Followup::Fail),
            (ErrorCode::OutputSchema, Followup::Correct, Followup::Fail),
            (ErrorCode::Refused, Followup::Climb(Tier::Standard), Followup::Fail),
            (ErrorCode::BelowThreshold, Followup::Climb(Tier::Standard), Followup::Fail),
            (ErrorCode::EmptyOutput, Followup::Climb(Tier::Standard), Followup::Fail),
            (ErrorCode::SpawnForbidden, Followup::Fail, Followup::Fail),
            (ErrorCode::Timeout, Followup::Fail, Followup::Fail),
            (ErrorCode::Interrupted, Followup::Fail, Followup::Fail),
            (ErrorCode::HistoryGone, Followup::Fail, Followup::Fail),
            (ErrorCode::ModelNotReady, Followup::WaitReady, Followup::Fail),
            (ErrorCode::ContextOverflow, Followup::Fail, Followup::Fail),
        ];
        for (code, with_all, with_none) in rows {
            assert_eq!((after(code, &ALL), after(code, &none)), (with_all, with_none), "{code}");
        }
    }

    #[test]
    fn infrastructure_never_climbs_and_evidence_never_retries() {
        let climbs = Standing { retries: 0, rate_limits: 0, ..ALL };
        assert_eq!(after(ErrorCode::ModelUnavailable, &climbs), Followup::Fail);
        assert_eq!(after(ErrorCode::RateLimited, &climbs), Followup::Fail);
        let corrected = Standing { corrections: 0, ..ALL };
        assert_eq!(after(ErrorCode::OutputInvalid, &corrected), Followup::Climb(Tier::Standard));
        assert_eq!(after(ErrorCode::OutputInvalid, &Standing { above: None, ..corrected }), Followup::Fail);
        assert_eq!(after(ErrorCode::EmptyOutput, &Standing { above: None, ..ALL }), Followup::AskAgain);
        for code in [ErrorCode::Interrupted, ErrorCode::HistoryGone] {
            let repeatable = Standing { repeatable: true, retries: 0, run_retries: 0, ..ALL };
            assert_eq!(after(code, &repeatable), Followup::Redo, "{code}");
            assert_eq!(after(code, &Standing { interruptions: 0, ..repeatable }), Followup::Fail, "{code}");
        }
    }
}
