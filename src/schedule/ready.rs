//! The queue: tasks whose dependencies are completed, by priority and then by their place in the request.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::ids::TaskIndex;
use crate::plan::Plan;

/// Tasks that wait, and those of them that may start.
///
/// Every task is in exactly one of: waiting for dependencies, ready, taken.
#[derive(Debug)]
pub struct Ready {
    ready: BTreeSet<(Reverse<i32>, TaskIndex)>,
    /// Dependencies that are not completed yet. None: the task will not start.
    missing: Vec<Option<usize>>,
    dependants: Vec<Vec<TaskIndex>>,
    priorities: Vec<i32>,
}

impl Ready {
    /// All tasks of a plan; those without dependencies are ready.
    pub fn new(plan: &Plan) -> Self {
        let count = plan.tasks.len();
        let mut queue = Self {
            ready: BTreeSet::new(),
            missing: Vec::with_capacity(count),
            dependants: vec![Vec::new(); count],
            priorities: Vec::with_capacity(count),
        };
        for (index, task) in plan.tasks.iter().enumerate() {
            queue.add(TaskIndex(index), &task.dependencies, task.priority);
        }
        queue
    }

    /// Takes in the task that comes next by number; `dependencies` are those that are not completed yet.
    pub fn add(&mut self, task: TaskIndex, dependencies: &[TaskIndex], priority: i32) {
        self.missing.push(Some(dependencies.len()));
        self.priorities.push(priority);
        if self.dependants.len() <= task.0 {
            self.dependants.push(Vec::new());
        }
        for dependency in dependencies {
            if let Some(list) = self.dependants.get_mut(dependency.0) {
                list.push(task);
            }
        }
        if dependencies.is_empty() {
            self.put(task);
        }
    }

    /// Makes a task ready, or ready again. One that was taken keeps its place by number, so it goes before later ones.
    pub fn put(&mut self, task: TaskIndex) {
        let priority = self.priorities.get(task.0).copied().unwrap_or(0);
        self.ready.insert((Reverse(priority), task));
    }

    /// Takes the task that starts next.
    pub fn take(&mut self) -> Option<TaskIndex> {
        self.ready.pop_first().map(|(_, task)| task)
    }

    /// Takes a task out for good: it will not start, not even when its dependencies are completed.
    pub fn withdraw(&mut self, task: TaskIndex) {
        if let Some(missing) = self.missing.get_mut(task.0) {
            *missing = None;
        }
        let priority = self.priorities.get(task.0).copied().unwrap_or(0);
        self.ready.remove(&(Reverse(priority), task));
    }

    /// A task is completed: whatever waited only for it becomes ready.
    pub fn completed(&mut self, task: TaskIndex) {
        for dependant in self.dependants_of(task) {
            if let Some(Some(missing)) = self.missing.get_mut(dependant.0) {
                *missing = missing.saturating_sub(1);
                if *missing == 0 {
                    self.put(dependant);
                }
            }
        }
    }

    /// The tasks that wait for this one directly.
    pub fn dependants_of(&self, task: TaskIndex) -> Vec<TaskIndex> {
        self.dependants.get(task.0).cloned().unwrap_or_default()
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
        std::iter::from_fn(|| queue.take()).map(|task| task.0).collect()
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
        queue.completed(TaskIndex(0));
        assert!(queue.is_empty());
        queue.completed(TaskIndex(1));
        assert_eq!(order(&mut queue), [2]);
    }

    #[test]
    fn a_task_that_was_withdrawn_stays_out() {
        let mut queue = Ready::new(&plan_of(2, &[(1, 0)]));
        let first = queue.take().expect("a task");
        queue.withdraw(TaskIndex(1));
        queue.completed(first);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_task_that_is_put_back_keeps_its_place() {
        let mut queue = Ready::new(&plan_of(3, &[]));
        let first = queue.take().expect("a task");
        queue.put(first);
        queue.withdraw(TaskIndex(1));
        assert_eq!(order(&mut queue), [0, 2]);
    }
}
