//! For how long a gateway has not answered.

use std::time::{Duration, Instant};

use parallel_agents_door::WAIT_SECONDS;

/// A gateway that has no news lets a request for some wait, and is not away meanwhile; a request that waits longer has no answer.
const LATE: Duration = Duration::from_secs(WAIT_SECONDS as u64 + 5);

/// Counted from the request that has no answer yet, or from the first one of those that failed: a connection without a word says nothing of
/// when it died.
#[derive(Debug, Default)]
pub struct Silence {
    since: Option<Instant>,
    has_failed: bool,
}

impl Silence {
    /// The gateway is asked, or asked again. A request that is given up for this one had no chance to be answered, so it proves nothing.
    pub fn asked(&mut self, now: Instant) {
        if self.has_failed {
            self.since.get_or_insert(now);
        } else {
            self.since = Some(now);
        }
    }

    /// It has answered, or a request to it has failed.
    pub fn heard(&mut self, does_answer: bool) {
        if does_answer {
            *self = Self::default();
        } else {
            self.has_failed = true;
        }
    }

    /// For how long it has not answered; nothing while that may be right.
    pub fn away(&self, now: Instant) -> Duration {
        let silent = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if self.has_failed || silent > LATE { silent } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_away_from_its_first_request_without_an_answer_on() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let away = |silence: &Silence, seconds| silence.away(at(seconds)).as_secs();
        let mut silence = Silence::default();
        assert_eq!(away(&silence, 100), 0);
        silence.asked(at(0));
        // It may have no news.
        assert_eq!(away(&silence, 35), 0);
        // Other sessions are asked for meanwhile, by a new request in place of that one.
        silence.asked(at(20));
        assert_eq!(away(&silence, 50), 0);
        // A line that is dead has no answer to the last one either.
        assert_eq!(away(&silence, 56), 36);
        silence.heard(true);
        assert_eq!(away(&silence, 57), 0);
        silence.asked(at(60));
        silence.heard(false);
        silence.asked(at(65));
        assert_eq!(away(&silence, 61), 1);
        assert_eq!(away(&silence, 70), 10);
        silence.heard(true);
        assert_eq!(away(&silence, 71), 0);
    }

    #[test]
    fn a_gateway_whose_sessions_begin_slowly_and_are_long_is_not_away() {
        let begin = Instant::now();
        let mut silence = Silence::default();
        for seconds in (0..600).step_by(20) {
            let now = begin + Duration::from_secs(seconds);
            assert_eq!(silence.away(now), Duration::ZERO, "after {seconds} s");
            silence.asked(now);
        }
    }
}
