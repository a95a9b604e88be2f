//! What a run may spend, and what one session is counted with.

use crate::host::OperatorLimits;
use crate::problem::Problem;

/// Tokens reserved for one session beyond its prompt when a request names no number: a long answer and the host's own
/// system prompt (28,000 characters on OpenClaw 2026.9.6, measured) fit into it.
pub const DEFAULT_SESSION_TOKENS: u64 = 16_000;

/// Bytes that count as one token of a prompt. Low on purpose: English prose has four or more.
const BYTES_PER_TOKEN: u64 = 3;

/// The caps of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Of all sessions together.
    pub tokens: Option<u64>,
    /// Of all sessions together, in micro-dollars.
    pub micro_usd: Option<u64>,
    /// Sessions asked for, without those that the host had no room for.
    pub spawns: Option<u64>,
    /// Seconds of the run after which nothing new is started.
    pub seconds: Option<u32>,
    /// Tokens reserved for one session beyond its prompt. None: the default.
    pub session_tokens: Option<u64>,
}

impl Caps {
    /// Holds the caps to what the operator allows. No cap becomes larger by it, and a session is counted with no less.
    pub fn confine(&mut self, limits: &OperatorLimits) {
        self.tokens = smaller(self.tokens, limits.tokens);
        self.micro_usd = smaller(self.micro_usd, limits.micro_usd);
        self.spawns = smaller(self.spawns, limits.spawns.map(u64::from));
        self.seconds = smaller(self.seconds, limits.seconds);
        // Otherwise many small reservations would let many large sessions start at once.
        if limits.tokens.is_some() || limits.micro_usd.is_some() {
            let least = limits.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS);
            self.session_tokens = Some(self.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS).max(least));
        }
    }

    /// Tokens that an answer may have of which a task wants at most so many: with a budget no more than is reserved for it.
    pub fn output_tokens(&self, wanted: Option<u32>) -> Option<u32> {
        let is_bounded = self.tokens.is_some() || self.micro_usd.is_some() || self.session_tokens.is_some();
        let reserved = self.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS);
        let reserved = is_bounded.then(|| u32::try_from(reserved).unwrap_or(u32::MAX).max(1));
        wanted.into_iter().chain(reserved).min()
    }

    /// Tokens that a session with this prompt may take: those of the prompt, and those of everything else.
    pub fn tokens_for(&self, prompt_bytes: usize) -> (u64, u64) {
        let prompt = (prompt_bytes as u64).div_ceil(BYTES_PER_TOKEN);
        (prompt, self.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS))
    }
}

impl OperatorLimits {
    /// What is wrong with a request of so many tasks, if these are more than the operator allows.
    pub fn refuse(&self, tasks: usize) -> Option<Problem> {
        let most = self.tasks.filter(|most| tasks > *most as usize)?;
        let message = format!("{tasks} tasks, and the operator of this host allows {most} in a run");
        let problem = Problem::new("E_TASK_COUNT", "", message).got(tasks).limit(format!("1..={most}"));
        Some(problem.hint("split the run, or ask the operator for more"))
    }
}

/// The smaller one of two caps; one that is not there is none.
pub(super) fn smaller<T: Ord>(own: Option<T>, most: Option<T>) -> Option<T> {
    own.into_iter().chain(most).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [Option<u64>; 6] = [None, Some(0), Some(1), Some(999), Some(1_000), Some(u64::MAX)];

    /// Whether one cap lets more pass than the other.
    fn is_looser(one: Option<u64>, other: Option<u64>) -> bool {
        one.unwrap_or(u64::MAX) > other.unwrap_or(u64::MAX)
    }

    #[test]
    fn no_request_is_looser_than_the_operator_and_none_becomes_looser() {
        let narrow = |value: Option<u64>| value.map(|value| u32::try_from(value).unwrap_or(u32::MAX));
        for own in VALUES {
            for most in VALUES {
                let request =
                    Caps { tokens: own, micro_usd: own, spawns: own, seconds: narrow(own), session_tokens: own };
                let limits = OperatorLimits {
                    tokens: most,
                    micro_usd: most,
                    spawns: narrow(most),
                    seconds: narrow(most),
                    ..OperatorLimits::default()
                };
                let mut caps = request;
                caps.confine(&limits);
                let pairs = [
                    (caps.tokens, request.tokens, limits.tokens),
                    (caps.micro_usd, request.micro_usd, limits.micro_usd),
                    (caps.spawns, request.spawns, limits.spawns.map(u64::from)),
                    (caps.seconds.map(u64::from), request.seconds.map(u64::from), limits.seconds.map(u64::from)),
                ];
                for (now, asked, allowed) in pairs {
                    assert!(
                        !is_looser(now, asked) && !is_looser(now, allowed),
                        "{request:?} under {limits:?}: {caps:?}"
                    );
                }
                assert!(most.is_none() || caps.tokens_for(0).1 >= DEFAULT_SESSION_TOKENS, "{caps:?}");
                let once = caps;
                caps.confine(&limits);
                assert_eq!(caps, once);
            }
        }
    }

    #[test]
    fn a_session_is_counted_with_what_the_operator_says_where_something_has_a_cap() {
        let mut caps = Caps { session_tokens: Some(100), ..Caps::default() };
        caps.confine(&OperatorLimits { spawns: Some(3), session_tokens: Some(2_000), ..OperatorLimits::default() });
        assert_eq!(caps.tokens_for(0).1, 100);
        let limits = OperatorLimits { tokens: Some(9_000), session_tokens: Some(2_000), ..OperatorLimits::default() };
        caps.confine(&limits);
        assert_eq!(caps.tokens_for(0).1, 2_000);
    }

    #[test]
    fn an_answer_takes_no_more_than_is_reserved_for_it() {
        let free = Caps { spawns: Some(3), ..Caps::default() };
        assert_eq!((free.output_tokens(None), free.output_tokens(Some(90_000))), (None, Some(90_000)));
        let money = Caps { micro_usd: Some(1), ..Caps::default() };
        assert_eq!((money.output_tokens(None), money.output_tokens(Some(500))), (Some(16_000), Some(500)));
        let small = Caps { tokens: Some(9_000), session_tokens: Some(2_000), ..Caps::default() };
        assert_eq!((small.output_tokens(None), small.output_tokens(Some(3_000))), (Some(2_000), Some(2_000)));
        let huge = Caps { session_tokens: Some(u64::MAX), ..Caps::default() };
        assert_eq!(huge.output_tokens(None), Some(u32::MAX));
    }
}
