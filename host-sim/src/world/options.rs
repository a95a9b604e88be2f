//! What whoever opens a world may choose.

/// What is chosen about a world beside its script and its seed.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// The time at which the world opens, in milliseconds. Not 0 by default, so that nobody comes to rely on that.
    pub start_ms: u64,
    /// Whether the host says how many sessions it runs at once. If not, sessions may have to queue.
    pub announces_width: bool,
    /// Whether the trace is kept. Without it a world needs less memory.
    pub keep_trace: bool,
    /// Events after which a call counts as running in circles.
    pub max_events: u64,
    /// Whether the host keeps a journal of the call.
    pub keeps_journal: bool,
    /// Whether the call is over at the first promise that it breaks.
    pub stops_at_violation: bool,
    /// Which life of a call this world is for: each draws names of sessions that no other one has. 0 for the first one,
    /// for a call that goes on the number of lines that its journal has.
    pub life: u64,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            start_ms: 3_600_000,
            announces_width: true,
            keep_trace: true,
            max_events: 1_000_000,
            keeps_journal: false,
            stops_at_violation: true,
            life: 0,
        }
    }
}
