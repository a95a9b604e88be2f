//! For how long a gateway has not answered.

use std::time::{Duration, Instant};

use parallel_agents_door::WAIT_SECONDS;

use crate::lease::Contact;

/// A gateway that has no news lets a request for some wait, and is not away meanwhile; a request that waits longer has no answer.
const LATE: Duration = Duration::from_secs(WAIT_SECONDS as u64 + 5);

/// Counted from the request that has no answer yet, or from the first one of those that failed: a connection without a word says nothing of
/// when it died.
#[derive(Debug, Default)]
pub struct Silence {
    since: Option<Instant>,
    has_failed: bool,
    /// It has answered this worker at least once.
    has_answered: bool,
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
            *self = Self { has_answered: true, ..Self::default() };
        } else {
            self.has_failed = true;
        }
    }

    /// It has answered a request of another kind, while one may be waiting.
    pub fn answered(&mut self, now: Instant) {
        *self = Self { since: self.since.map(|_| now), has_failed: false, has_answered: true };
    }

    /// What this worker knows of it.
    pub fn contact(&self, now: Instant) -> Contact {
        let away = self.away(now);
        if self.has_failed || !away.is_zero() {
            Contact::Silent(u64::try_from(away.as_millis()).unwrap_or(u64::MAX))
        } else if self.has_answered {
            Contact::Answers
        } else {
            Contact::Unheard
        }
    }

    /// For how long it has not answered; nothing while that may be right.
    fn away(&self, now: Instant) -> Duration {
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
    fn an_answer_to_any_request_ends_the_silence() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut silence = Silence::default();
        assert_eq!(silence.contact(at(0)), Contact::Unheard);
        silence.asked(at(0));
        silence.heard(false);
        silence.asked(at(1));
        assert_eq!(silence.contact(at(20)), Contact::Silent(20_000));
        // A session is spawned there, while the wait has no answer yet.
        silence.answered(at(20));
        assert_eq!(silence.contact(at(50)), Contact::Answers);
        assert_eq!(silence.contact(at(60)), Contact::Silent(40_000));
        silence.heard(true);
        assert_eq!(silence.contact(at(60)), Contact::Answers);
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
