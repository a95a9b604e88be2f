//! The simulated gateway under observation, and what concerns both: calls that follow one another, and calls that are cut off.

use std::sync::Arc;

use parallel_agents_engine::ids::TaskId;

use crate::checker::Checker;
use crate::gateway::{Gateway, Restart};
use crate::host::SessionHost;
use crate::observed::Observed;
use crate::options::SimulationOptions;
use crate::script::Script;
use crate::trace::Trace;

/// The simulated gateway with its checker and its trace.
pub type Simulation = Observed<Gateway>;

impl Simulation {
    /// A gateway in which nothing has happened yet.
    pub fn new(script: impl Into<Arc<Script>>, seed: u64, options: SimulationOptions) -> Self {
        let mut simulation = Self::of(Gateway::new(script, seed, &options));
        simulation.trace = Trace::new(options.start_ms, options.keep_trace);
        simulation.stops_at_violation = options.stops_at_violation;
        simulation
    }

    /// Asks the call to stop one task, or the whole run, at a time on the gateway's clock.
    pub fn request_stop_at(&mut self, at_ms: u64, task: Option<TaskId>, reason: impl Into<String>) {
        self.host.request_stop_at(at_ms, task, reason);
    }

    /// The same gateway for the next call: its sessions are there, with a fresh account and a fresh count of events.
    #[must_use]
    pub fn continued(mut self) -> Self {
        self.learn();
        self.checker = Checker::after(self.host.session_keys());
        self.host.begin_again();
        self
    }

    /// The gateway after a call was cut off, ready for the one that resumes it.
    ///
    /// Whichever went down, nothing is known any more of idempotency keys, and the new call has to attach to its sessions.
    #[must_use]
    pub fn revived(mut self, restart: Restart) -> Self {
        self.host.restart(restart);
        self.learn();
        self.checker.resumed();
        self
    }

    /// Lets everything happen that is going to happen by itself, with nobody there to hear of it.
    pub fn run_out(&mut self) {
        self.host.run_out();
        self.learn();
    }

    /// Keeps the trace of what is to come.
    pub fn keep_trace(&mut self) {
        self.trace = Trace::new(self.host.opened_ms(), true);
    }
}
