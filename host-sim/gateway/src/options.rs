//! What whoever opens a simulation may choose.

/// What is chosen beside the script and the seed.
#[derive(Clone, Debug)]
pub struct SimulationOptions {
    /// The time at which the gateway opens, in milliseconds. Not 0 by default, so that nobody comes to rely on that.
    pub start_ms: u64,
    /// Whether the gateway says how many sessions it runs at once. If not, sessions may have to queue.
    pub announces_width: bool,
    /// Events after which a call counts as running in circles.
    pub max_events: u64,
    /// Whether the gateway keeps a journal of the call.
    pub keeps_journal: bool,
    /// Which life of a call this is for: each draws names of sessions that no other one has. 0 for the first one, for a call
    /// that goes on the number of lines that its journal has.
    pub life: u64,
    /// Whether the trace is kept. Without it a simulation needs less memory.
    pub keep_trace: bool,
    /// Whether the call is over at the first invariant that it violates.
    pub stops_at_violation: bool,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self {
            start_ms: 3_600_000,
            announces_width: true,
            max_events: 1_000_000,
            keeps_journal: false,
            life: 0,
            keep_trace: true,
            stops_at_violation: true,
        }
    }
}
