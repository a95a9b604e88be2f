//! What adds tasks to a run that has begun.

use std::ops::Range;

use crate::host::ItemResult;
use crate::ids::TaskIndex;
use crate::plan::PlannedTask;
use crate::task::TaskResult;

/// A state machine on top of a run: told of each result, it names the tasks that follow. It asks the host nothing and has
/// no clock; the engine carries its tasks out with all of its guarantees.
pub trait Workflow: Send {
    /// A task has ended; the tasks returned are added, the first of them at `next`. On a run that is being stopped they end
    /// without having started, and their ends are told like any other.
    fn ended(&mut self, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask>;

    /// What became final with that end. Asked for once after each end.
    fn take_final(&mut self) -> Option<FinalItem> {
        None
    }
}

/// An item with which the run is done: the host is told of it, and its answers are let go of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalItem {
    /// What the host is told.
    pub result: ItemResult,
    /// Its tasks. All of them have ended, and no task that is still to come reads their answers.
    pub tasks: Range<usize>,
}

/// Adds nothing: the plan is all there is.
#[derive(Debug)]
pub struct AsPlanned;

impl Workflow for AsPlanned {
    fn ended(&mut self, _result: &TaskResult, _next: TaskIndex) -> Vec<PlannedTask> {
        Vec::new()
    }
}
