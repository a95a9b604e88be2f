//! What had ended before a call was cut off is not done again by the one that goes on.

use parallel_agents_engine::host::SpawnOptions;
use parallel_agents_engine::ids::TaskId;

use super::invariant::Invariant;
use super::state::Checker;
use crate::label::id_of;

impl Checker {
    /// Holds every spawn call to that, also one that repeats a key: the host that goes on remembers none.
    pub(super) fn check_finished(&mut self, options: &SpawnOptions) {
        if self.cuts.finished.contains(&TaskId::new(id_of(&options.label))) {
            let what = format!("{} was spawned, and its task had ended before the call was cut off", options.label);
            self.note(Invariant::Resume, what);
        }
    }
}
