//! The queue: tasks whose dependencies are completed, by priority and then by their place in the request.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::arena::Arena;
use crate::ids::TaskIndex;
use crate::plan::Plan;

/// Tasks that wait, and those of them that may start.
///
/// Every task is in exactly one of: waiting for dependencies, ready, taken.
#[derive(Debug)]
pub struct Ready {
    ready: BTreeSet<(Reverse<i32>, TaskIndex)>,
    tasks: Arena<TaskIndex, Waiting>,
    /// Dependencies that are added later than what depends on them, with that.
    early: Vec<(TaskIndex, TaskIndex)>,
}

/// What is known of a task here.
#[derive(Debug, Default)]
struct Waiting {
    /// Dependencies that are not completed yet. None: the task will not start.
    missing: Option<usize>,
    dependants: Vec<TaskIndex>,
    priority: i32,
}

impl Ready {
    /// All tasks of a plan; those without dependencies are ready.
    pub fn new(plan: &Plan) -> Self {
        let mut queue =
            Self { ready: BTreeSet::new(), tasks: Arena::with_capacity(plan.tasks.len()), early: Vec::new() };
        for task in &plan.tasks {
            queue.tasks.push(Waiting { priority: task.priority, ..Waiting::default() });
        }
        for (task, planned) in queue.tasks.indexes().zip(&plan.tasks) {
            queue.wait(task, &planned.dependencies);
        }
        queue
    }

    /// Takes in the task that comes next by number; `dependencies` are those that are not completed yet, and may be of tasks
    /// that are added later.
    pub fn add(&mut self, task: TaskIndex, dependencies: &[TaskIndex], priority: i32) {
        let early = self.early.extract_if(.., |(dependency, _)| *dependency == task);
        let dependants = early.map(|(_, dependant)| dependant).collect();
        let added = self.tasks.push(Waiting { missing: None, dependants, priority });
        debug_assert_eq!(added, task, "tasks are added in their order");
        self.wait(added, dependencies);
    }

    fn wait(&mut self, task: TaskIndex, dependencies: &[TaskIndex]) {
        self.tasks[task].missing = Some(dependencies.len());
        for dependency in dependencies {
            if *dependency < self.tasks.next_index() {
                self.tasks[*dependency].dependants.push(task);
            } else {
                self.early.push((*dependency, task));
            }
        }
        if dependencies.is_empty() {
            self.put(task);
        }
    }

    /// Makes a task ready, or ready again. One that was taken keeps its place by number, so it goes before later ones.
    pub fn put(&mut self, task: TaskIndex) {
        self.ready.insert((Reverse(self.tasks[task].priority), task));
    }

    /// The tasks that may start, in the order in which they should.
    pub fn in_order(&self) -> impl Iterator<Item = TaskIndex> {
        self.ready.iter().map(|(_, task)| *task)
    }

    /// Takes a task that starts now.
    pub fn take(&mut self, task: TaskIndex) {
        self.ready.remove(&(Reverse(self.tasks[task].priority), task));
    }

    /// Takes a task out for good: it will not start, not even when its dependencies are completed.
    pub fn withdraw(&mut self, task: TaskIndex) {
        self.tasks[task].missing = None;
        self.take(task);
    }

    /// A task need not wait for one of its dependencies any more. True: it waits for none now and is ready.
    pub fn satisfied(&mut self, dependant: TaskIndex) -> bool {
        let Some(missing) = &mut self.tasks[dependant].missing else { return false };
        if *missing == 0 {
            return false;
        }
        *missing -= 1;
        let now_ready = *missing == 0;
        if now_ready {
            self.put(dependant);
        }
        now_ready
    }

    /// The tasks that wait for this one directly.
    pub fn dependants_of(&self, task: TaskIndex) -> Vec<TaskIndex> {
        self.tasks[task].dependants.clone()
    }

    /// Whether nothing can start now.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_of;

    fn order(queue: &mut Ready) -> Vec<usize> {
        let tasks: Vec<TaskIndex> = queue.in_order().collect();
        tasks.iter().for_each(|task| queue.take(*task));
        tasks.into_iter().map(|task| task.0).collect()
    }

    #[test]
    fn first_in_first_out_within_a_priority() {
        let mut plan = plan_of(4, &[]);
        plan.tasks[2].priority = 5;
        plan.tasks[0].priority = -1;
        assert_eq!(order(&mut Ready::new(&plan)), [2, 1, 3, 0]);
    }

    #[test]
    fn a_task_waits_for_all_of_its_dependencies() {
        let mut queue = Ready::new(&plan_of(3, &[(2, 0), (2, 1)]));
        assert_eq!(order(&mut queue), [0, 1]);
        assert!(!queue.satisfied(TaskIndex(2)) && queue.is_empty());
        assert!(queue.satisfied(TaskIndex(2)) && !queue.satisfied(TaskIndex(2)));
        assert_eq!(order(&mut queue), [2]);
    }

    #[test]
    fn a_task_that_was_withdrawn_stays_out() {
        let mut queue = Ready::new(&plan_of(2, &[(1, 0)]));
        queue.take(TaskIndex(0));
        queue.withdraw(TaskIndex(1));
        assert!(!queue.satisfied(TaskIndex(1)) && queue.is_empty());
    }

    #[test]
    fn a_task_that_is_put_back_keeps_its_place() {
        let mut queue = Ready::new(&plan_of(3, &[]));
        queue.take(TaskIndex(0));
        queue.put(TaskIndex(0));
        queue.withdraw(TaskIndex(1));
        assert_eq!(order(&mut queue), [0, 2]);
    }
}
