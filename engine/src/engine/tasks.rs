//! The tasks of the run: as they were planned, and how far they are.

use std::collections::{BTreeSet, VecDeque};
use std::ops::{Index, IndexMut};

use serde_json::Map;

use super::task_run::TaskRun;
use crate::arena::Arena;
use crate::ids::{SessionKey, TaskId, TaskIndex};
use crate::plan::PlannedTask;
use crate::task::{TaskResult, TaskStatus};

/// A task beside its plan.
#[derive(Debug, Default)]
pub(super) struct Task {
    pub(super) planned: PlannedTask,
    pub(super) run: TaskRun,
}

/// All of them, those that were added to the run included.
#[derive(Debug)]
pub(super) struct Tasks {
    all: Arena<TaskIndex, Task>,
    ended: u32,
    /// Of those that a run can wait for, how many are completed.
    awaited_completed: usize,
    /// Tasks whose end the workflow has not seen.
    just_ended: VecDeque<TaskIndex>,
    /// Retries of all tasks together.
    retries: u32,
}

impl Tasks {
    pub(super) fn new(planned: Vec<PlannedTask>) -> Self {
        let mut all = Arena::with_capacity(planned.len());
        for planned in planned {
            all.push(Task { planned, run: TaskRun::default() });
        }
        Self { all, ended: 0, awaited_completed: 0, just_ended: VecDeque::new(), retries: 0 }
    }

    /// Adds a task that can be ready from now on.
    pub(super) fn add(&mut self, planned: PlannedTask, now: u64) -> TaskIndex {
        let mut run = TaskRun::default();
        run.ready_at = now;
        self.all.push(Task { planned, run })
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn next_index(&self) -> TaskIndex {
        self.all.next_index()
    }

    pub(super) fn indexes(&self) -> impl Iterator<Item = TaskIndex> + use<> {
        self.all.indexes()
    }

    pub(super) fn find(&self, id: &TaskId) -> Option<TaskIndex> {
        self.all.indexes().find(|task| self.all[*task].planned.id == *id)
    }

    pub(super) fn planned(&self) -> impl ExactSizeIterator<Item = &PlannedTask> {
        self.all.iter().map(|task| &task.planned)
    }

    /// The result of a task, if a run can wait for it.
    pub(super) fn awaited_result(&self, task: TaskIndex) -> Option<&TaskResult> {
        let Task { planned, run } = &self.all[task];
        run.result().filter(|_| !planned.handling.is_interim)
    }

    /// How many tasks that a run can wait for are completed.
    pub(super) fn awaited_completed(&self) -> usize {
        self.awaited_completed
    }

    /// Lets go of what a task that has ended has answered: nobody reads it again.
    pub(super) fn let_go_of_output(&mut self, task: TaskIndex) {
        self.all[task].run.let_go_of_output();
    }

    /// Whether a task has its result. One that is still to be added has none.
    pub(super) fn has_ended(&self, task: TaskIndex) -> bool {
        task < self.all.next_index() && self.status(task).is_final()
    }

    pub(super) fn status(&self, task: TaskIndex) -> TaskStatus {
        self.all[task].run.status
    }

    pub(super) fn retries(&self) -> u32 {
        self.retries
    }

    pub(super) fn count_retry(&mut self) {
        self.retries += 1;
    }

    /// Notes that a task has its result, and lets go of what it was given: nobody reads that again.
    pub(super) fn count_end(&mut self, task: TaskIndex) {
        self.ended += 1;
        let Task { planned, run } = &mut self.all[task];
        planned.description = String::new();
        planned.input = Map::new();
        planned.input_from = Vec::new();
        self.awaited_completed += usize::from(run.status == TaskStatus::Completed && !planned.handling.is_interim);
        self.just_ended.push_back(task);
    }

    pub(super) fn ended(&self) -> u32 {
        self.ended
    }

    pub(super) fn all_ended(&self) -> bool {
        self.ended as usize >= self.all.len()
    }

    /// The next task whose end the workflow has not seen.
    pub(super) fn next_ended(&mut self) -> Option<TaskIndex> {
        self.just_ended.pop_front()
    }

    /// Takes out the results, with what is known of their sessions at the very end, and the plan.
    pub(super) fn take(&mut self, deleted: &BTreeSet<SessionKey>) -> (Vec<TaskResult>, Vec<PlannedTask>) {
        // Room for all results at once, as a list that grows holds twice of what it has while it moves.
        let mut results = Vec::with_capacity(self.all.len());
        results.extend(self.all.iter_mut().filter_map(|task| task.run.take_result(deleted)));
        (results, self.all.take().into_iter().map(|task| task.planned).collect())
    }
}

impl Index<TaskIndex> for Tasks {
    type Output = Task;

    fn index(&self, task: TaskIndex) -> &Task {
        &self.all[task]
    }
}

impl IndexMut<TaskIndex> for Tasks {
    fn index_mut(&mut self, task: TaskIndex) -> &mut Task {
        &mut self.all[task]
    }
}
