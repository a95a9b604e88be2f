//! What somebody does to a call from outside, at a given event of it.

use parallel_agents_engine::ids::TaskId;

/// Done to a call when it waits for an event, before anything else can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intervention {
    /// It is asked to stop a task, or everything. For the report: `reason`.
    Stop {
        /// None: the whole run.
        task: Option<TaskId>,
        /// Who wants it.
        reason: String,
    },
    /// The component is dropped where it stands. Only its host is left to clean up.
    Drop,
}
