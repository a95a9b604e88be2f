//! What follows a session whose answer does not count: nothing, the same again, a correction, a better model.

use crate::canary;
use crate::task::Tier;

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

/// What an error code says about the chance of another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Host or provider had a bad moment.
    Passing,
    /// Host or provider asks for fewer requests.
    RateLimited,
    /// The server says that it is not ready, and when to ask again.
    NotReady,
    /// The host cut the session off, or lost what it said; doing it again does no harm.
    Interrupted,
    /// There is an answer, in the wrong form.
    Form,
    /// The answer is not good enough, or there is none.
    Weak,
    /// Another session would end the same way.
    Final,
}

impl Cause {
    /// Of a task's error code.
    pub fn of(code: &str, repeatable: bool) -> Self {
        match code {
            "E_GATEWAY_UNAVAILABLE"
            | "E_HOST_BUSY"
            | "E_START_TIMEOUT"
            | "E_MODEL_UNAVAILABLE"
            | "E_HISTORY_UNAVAILABLE" => Self::Passing,
            // What the session did before it was cut off may have had effects.
            "E_INTERRUPTED" | "E_HISTORY_GONE" if repeatable => Self::Interrupted,
            "E_RATE_LIMITED" => Self::RateLimited,
            "E_MODEL_NOT_READY" => Self::NotReady,
            "E_OUTPUT_INVALID" | "E_OUTPUT_AMBIGUOUS" | "E_OUTPUT_SCHEMA" | "E_OUTPUT_TOO_LARGE"
            | "E_OUTPUT_TOO_DEEP" => Self::Form,
            "E_EMPTY_OUTPUT" | "E_REFUSED" | "E_BELOW_THRESHOLD" | "E_PROOF_MISSING" | "E_MODEL_MISMATCH"
            | "E_OUTPUT_TRUNCATED" | "E_OUTPUT_TOO_LONG" => Self::Weak,
            // It reads like a failure that passes.
            "E_ANSWER_DOUBTFUL" => Self::Passing,
            _ if canary::is("retry-on-forbidden") => Self::Passing,
            _ => Self::Final,
        }
    }

    /// Whether it tells something about the model that answered.
    pub fn is_evidence(self) -> bool {
        matches!(self, Self::Form | Self::Weak)
    }
}

/// Decides. A better model is asked for only on evidence; what passes is waited for.
pub fn after(code: &str, standing: &Standing) -> Followup {
    match Cause::of(code, standing.repeatable) {
        Cause::Passing if standing.retries > 0 && standing.run_retries > 0 => Followup::Retry,
        Cause::RateLimited if standing.rate_limits > 0 => Followup::WaitOut,
        Cause::NotReady if standing.not_ready > 0 => Followup::WaitReady,
        Cause::Interrupted if standing.interruptions > 0 => Followup::Redo,
        Cause::Form if standing.corrections > 0 => Followup::Correct,
        Cause::Form | Cause::Weak => match standing.above {
            Some(tier) => Followup::Climb(tier),
            None if code == "E_EMPTY_OUTPUT" && standing.blanks > 0 && standing.run_retries > 0 => Followup::AskAgain,
            None => Followup::Fail,
        },
        Cause::Passing | Cause::RateLimited | Cause::NotReady | Cause::Interrupted | Cause::Final => Followup::Fail,
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
            ("E_GATEWAY_UNAVAILABLE", Followup::Retry, Followup::Fail),
            ("E_START_TIMEOUT", Followup::Retry, Followup::Fail),
            ("E_RATE_LIMITED", Followup::WaitOut, Followup::Fail),
            ("E_OUTPUT_SCHEMA", Followup::Correct, Followup::Fail),
            ("E_REFUSED", Followup::Climb(Tier::Standard), Followup::Fail),
            ("E_BELOW_THRESHOLD", Followup::Climb(Tier::Standard), Followup::Fail),
            ("E_EMPTY_OUTPUT", Followup::Climb(Tier::Standard), Followup::Fail),
            ("E_SPAWN_FORBIDDEN", Followup::Fail, Followup::Fail),
            ("E_TIMEOUT", Followup::Fail, Followup::Fail),
            ("E_INTERRUPTED", Followup::Fail, Followup::Fail),
            ("E_HISTORY_GONE", Followup::Fail, Followup::Fail),
            ("E_MODEL_NOT_READY", Followup::WaitReady, Followup::Fail),
            ("E_CONTEXT_OVERFLOW", Followup::Fail, Followup::Fail),
        ];
        for (code, with_all, with_none) in rows {
            assert_eq!((after(code, &ALL), after(code, &none)), (with_all, with_none), "{code}");
        }
    }

    #[test]
    fn infrastructure_never_climbs_and_evidence_never_retries() {
        let climbs = Standing { retries: 0, rate_limits: 0, ..ALL };
        assert_eq!(after("E_MODEL_UNAVAILABLE", &climbs), Followup::Fail);
        assert_eq!(after("E_RATE_LIMITED", &climbs), Followup::Fail);
        let corrected = Standing { corrections: 0, ..ALL };
        assert_eq!(after("E_OUTPUT_INVALID", &corrected), Followup::Climb(Tier::Standard));
        assert_eq!(after("E_OUTPUT_INVALID", &Standing { above: None, ..corrected }), Followup::Fail);
        assert_eq!(after("E_EMPTY_OUTPUT", &Standing { above: None, ..ALL }), Followup::AskAgain);
        for code in ["E_INTERRUPTED", "E_HISTORY_GONE"] {
            let repeatable = Standing { repeatable: true, retries: 0, run_retries: 0, ..ALL };
            assert_eq!(after(code, &repeatable), Followup::Redo, "{code}");
            assert_eq!(after(code, &Standing { interruptions: 0, ..repeatable }), Followup::Fail, "{code}");
        }
    }
}
