//! What had ended before a call was cut off is not done again by the one that goes on.

use std::collections::BTreeSet;

use parallel_agents_engine::host::SpawnOptions;
use parallel_agents_engine::ids::TaskId;

use super::tries::id_of;
use super::{Invariant, Ledger};

/// Tasks that had ended when a call was cut off.
#[derive(Clone, Debug, Default)]
pub(super) struct Finished(BTreeSet<TaskId>);

impl Finished {
    /// The call is cut off; the ends of these tasks have been shown.
    pub(super) fn cut<'a>(&mut self, ended: impl Iterator<Item = &'a TaskId>) {
        self.0 = ended.cloned().collect();
    }

    /// All of them.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &TaskId> {
        self.0.iter()
    }
}

impl Ledger {
    /// Holds every spawn call to that, also one that repeats a key: the host that goes on remembers none.
    pub(super) fn check_finished(&mut self, options: &SpawnOptions) {
        if self.finished.0.contains(&TaskId::new(id_of(&options.label))) {
            let what = format!("{} was spawned, and its task had ended before the call was cut off", options.label);
            self.note(Invariant::Resume, what);
        }
    }
}
