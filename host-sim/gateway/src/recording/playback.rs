//! A recording as a simulation.

use std::sync::Arc;

use parallel_agents_engine::task::MAX_CONCURRENT;

use super::format::Recording;
use super::tape::Tape;
use crate::options::SimulationOptions;
use crate::script::{HostProfile, Script};
use crate::simulation::Simulation;

/// Sessions that a host runs at once if it set no limit: as many as any request may ask for.
const UNLIMITED: u32 = MAX_CONCURRENT;

impl Recording {
    /// A simulation in which every session takes as long and says the same as it did.
    ///
    /// `host_cap` is in place of the recorded one. `tape` says what comes of sessions that were not recorded.
    pub fn simulation(&self, tape: Tape, host_cap: Option<u32>) -> Simulation {
        let cap = host_cap.or(self.head.host_cap);
        let profile = HostProfile {
            max_concurrent: cap.unwrap_or(UNLIMITED),
            max_children: 10 * UNLIMITED,
            max_total: 100 * UNLIMITED,
            completion_chars: usize::MAX,
            spawn_latency_ms: self.head.latencies.spawn_ms,
            answer_latency_ms: self.head.latencies.read_ms,
            cancel_latency_ms: self.head.latencies.cancel_ms,
            delete_latency_ms: self.head.latencies.delete_ms,
            reports_starts: self.head.reports_starts,
            reports_usage: self.sessions.iter().any(|session| session.usage.is_some()),
            reports_model: self.sessions.iter().any(|session| session.model.is_some()),
            ..HostProfile::default()
        };
        let options = SimulationOptions { announces_width: cap.is_some(), ..SimulationOptions::default() };
        Simulation::new(Script::of_source(profile, Arc::new(tape)), self.head.seed, options)
    }
}
