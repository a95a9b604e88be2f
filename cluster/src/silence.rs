//! For how long a gateway has not answered.

use std::time::{Duration, Instant};

use parallel_agents_door::WAIT_SECONDS;

/// A gateway that has no news lets a request for some wait, and is not away meanwhile; a request that waits longer has no answer.
const LATE: Duration = Duration::from_secs(WAIT_SECONDS as u64 + 5);

/// Counted from the first request that has no answer yet: a connection without a word says nothing of when it died.
#[derive(Debug, Default)]
pub struct Silence {
    since: Option<Instant>,
    has_failed: bool,
}

impl Silence {
    /// The gateway is asked, or asked again.
    pub fn asked(&mut self, now: Instant) {
        self.since.get_or_insert(now);
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
        // Other sessions are asked for meanwhile, by a new request.
        silence.asked(at(20));
        assert_eq!(away(&silence, 36), 36);
        silence.heard(true);
        assert_eq!(away(&silence, 40), 0);
        silence.asked(at(40));
        silence.heard(false);
        silence.asked(at(45));
        assert_eq!(away(&silence, 41), 1);
        assert_eq!(away(&silence, 50), 10);
        silence.heard(true);
        assert_eq!(away(&silence, 51), 0);
    }
}
