//! What the parts return to have done elsewhere.

use crate::ids::{AttemptIndex, TaskIndex};
use crate::session::{Ending, Input, StopReason};
use crate::task::TaskError;

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Action {
    /// Give a session an input.
    Input(AttemptIndex, Input),
    /// Take a session that is over on to its task.
    SessionOver(AttemptIndex, Box<Ending>),
    /// Count and report a task that has its result, and tell whom it concerns.
    TaskEnded(TaskIndex),
    CheckCanaryTasks(TaskIndex),
    CheckEnough(TaskIndex),
    TellDependants(TaskIndex),
    /// `waited`: the task counted the dependency among those it waits for.
    DependencyFailed {
        task: TaskIndex,
        dependency: TaskIndex,
        waited: bool,
    },
    /// Stop the whole run.
    StopAll(StopReason),
    StopTask(TaskIndex, StopReason),
    /// Fail the task if it has no session.
    FailPending(TaskIndex, TaskError),
}
