//! Tasks that a workflow adds to a run.

use serde_json::json;

use super::puppet::Puppet;
use crate::host::{Completion, EventKind, FailureKind, FinishReason, SessionEnd, SessionOutcome};
use crate::ids::{SessionKey, TaskId, TaskIndex};
use crate::plan::PlannedTask;
use crate::task::{TaskResult, TaskStatus};
use crate::testing::{plan_of, planned};
use crate::workflow::Workflow;

/// Adds tasks when the first one has ended.
struct Adds(Vec<PlannedTask>);

impl Workflow for Adds {
    fn ended(&mut self, _result: &TaskResult, _next: TaskIndex) -> Vec<PlannedTask> {
        std::mem::take(&mut self.0)
    }
}

fn task(id: &str, dependencies: &[usize]) -> PlannedTask {
    let dependencies = dependencies.iter().copied().map(TaskIndex).collect();
    PlannedTask { id: TaskId::new(id), dependencies, ..planned(json!({})) }
}

fn ended(key: &str, text: &str) -> EventKind {
    let completion = Completion { text: text.to_owned(), truncated: false, finish: FinishReason::Stop };
    EventKind::SessionEnded(SessionEnd {
        session: SessionKey::new(key),
        outcome: SessionOutcome::Completed,
        completion: Some(completion),
        usage: None,
        model: None,
    })
}

#[test]
fn a_task_can_be_added_before_its_dependency() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    let mut workflow = Adds(vec![task("last", &[2, 0, 3]), task("first", &[0]), task("second", &[2])]);
    puppet.accept("s1");
    puppet.happens_under(&mut workflow, ended("s1", "one"));
    for key in ["s2", "s3", "s4"] {
        puppet.accept(key);
        puppet.happens_under(&mut workflow, ended(key, "more"));
    }
    assert!(puppet.verdicts().iter().all(|verdict| *verdict == (TaskStatus::Completed, None)));
    let started =
        puppet.told.iter().filter(|(_, status)| *status == TaskStatus::Running).map(|(task, _)| task.as_str());
    assert_eq!(started.collect::<Vec<_>>(), ["task-1", "first", "second", "last"]);
}

#[test]
fn a_task_whose_later_dependency_fails_is_skipped() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    let mut workflow = Adds(vec![task("last", &[2]), task("first", &[0])]);
    puppet.accept("s1");
    puppet.happens_under(&mut workflow, ended("s1", "one"));
    puppet.accept("s2");
    puppet.breaks("s2", FailureKind::Authentication);
    let verdicts = puppet.verdicts();
    assert_eq!(verdicts[1], (TaskStatus::Skipped, Some("E_DEP_FAILED")));
    assert_eq!(verdicts[2], (TaskStatus::Failed, Some("E_MODEL_AUTHENTICATION")));
}
