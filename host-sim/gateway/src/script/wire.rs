//! What goes wrong between a model server and its clients.

use serde::Deserialize;

use super::chance::{Chance, Purpose};

/// Troubles of the model server: they concern requests, not sessions, so the simulator in virtual time has none of them.
///
/// Chances are per mille and drawn for each request of a task, so that the next try meets another draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WireProfile {
    /// Requests that are refused with 429, whatever they ask for.
    pub rate_limited: u32,
    /// Seconds that a 429 asks to wait. None: what the failure's own message says after "retry after", else 1.
    pub retry_after_seconds: Option<u32>,
    /// Requests that are refused with 500.
    pub server_error: u32,
    /// Answers that break off in the middle, without a word.
    pub cut_off: u32,
    /// Answers with something in the middle that is no JSON.
    pub broken_event: u32,
    /// Requests that are never answered.
    pub silent: u32,
    /// Streamed answers come piece by piece over the whole latency, and not all at its end.
    pub spread: bool,
    /// The habit of some servers that this one has, by name; the model server knows which there are.
    pub quirk: Option<String>,
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// Status 429, too many requests.
    RateLimited,
    /// Status 500, a failure of the server.
    ServerError,
    /// Nothing ever comes.
    Silent,
    /// The answer breaks off.
    CutOff,
    /// The answer cannot be read.
    BrokenEvent,
}

impl WireProfile {
    /// What happens to the `nth` request, from 1, about a task. The first fault of the list that comes true.
    pub fn strikes(&self, seed: u64, task: &str, nth: u32) -> Option<WireFault> {
        let faults = [
            (WireFault::RateLimited, "wire_rate_limited", self.rate_limited),
            (WireFault::ServerError, "wire_server_error", self.server_error),
            (WireFault::Silent, "wire_silent", self.silent),
            (WireFault::CutOff, "wire_cut_off", self.cut_off),
            (WireFault::BrokenEvent, "wire_broken_event", self.broken_event),
        ];
        let struck = faults.into_iter().find(|(_, name, per_mille)| {
            Chance::of(seed, name, task, "", nth).dice(Purpose::Fault).below(1_000) < u64::from(*per_mille)
        });
        struck.map(|(fault, _, _)| fault)
    }

    /// The fields, what they are, and the bounds that they have to keep to.
    pub(super) fn ranges(&self) -> [(&'static str, u64, u64, u64); 6] {
        let chance = |name, value: u32| (name, u64::from(value), 0, 1_000);
        [
            chance("rate_limited", self.rate_limited),
            chance("server_error", self.server_error),
            chance("cut_off", self.cut_off),
            chance("broken_event", self.broken_event),
            chance("silent", self.silent),
            ("retry_after_seconds", self.retry_after_seconds.unwrap_or(0).into(), 0, 3_600),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_request_meets_another_draw() {
        let profile = WireProfile { rate_limited: 300, ..WireProfile::default() };
        let struck: Vec<bool> = (1..=1_000).map(|nth| profile.strikes(7, "a t", nth).is_some()).collect();
        let count = struck.iter().filter(|struck| **struck).count();
        // Five standard deviations, sqrt(1,000 * 0.3 * 0.7) = 15 each, are 75.
        assert!(count.abs_diff(300) < 75, "{count}");
        assert!(struck.iter().zip(1..).all(|(it, nth)| profile.strikes(7, "a t", nth).is_some() == *it));
        assert_eq!(WireProfile::default().strikes(7, "a t", 1), None);
    }
}
