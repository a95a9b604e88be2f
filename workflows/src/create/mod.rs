//! Makes agents and, with those that were good enough, does the work that they were made for.
//!
//! | phase  | and then             | it becomes                                                        |
//! |--------|----------------------|-------------------------------------------------------------------|
//! | making | every draft has ended| using: what reached the target is promoted, and the tasks are added|
//! | using  | every task has ended | nothing: the run is over                                          |
//!
//! A task names an agent type of the registry as it stands after the promotions, or any other. A task whose agent type has
//! no version there is not run, nor is what depends on it. Nobody has read a definition that was made a moment ago: its
//! sessions get no tools, whatever it says. They may have them in a later run, to which the caller hands it over.

mod created;

use serde_json::Value;

use super::graft::Rules;
use super::improve::{Improve, Settings, Wanted};
use super::registry::Entry;
pub use created::{Created, belongs_to_a_draft, field, stand_in};
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::order;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::task::{RunReport, RunStatus, TaskResult, TaskStatus};
use parallel_agents_engine::workflow::Workflow;

/// What is to be done once the agents are made.
#[derive(Clone, Debug)]
pub struct FollowUpTasks {
    /// The tasks as they were written, each with its id.
    pub tasks: Vec<Value>,
    /// What they are held to.
    pub rules: Rules,
}

/// The workflow of agents that are made and used.
#[derive(Debug)]
pub struct Create {
    improve: Improve,
    follow_up_tasks: Option<FollowUpTasks>,
    /// The ids of all follow-up tasks, in their order.
    ids: Vec<String>,
    not_run: Vec<TaskResult>,
    created: Created,
}

impl Create {
    /// The workflow, and the tasks to begin with.
    pub fn new(
        settings: Settings,
        wanted: Vec<Wanted>,
        registry: Vec<Entry>,
        follow_up_tasks: Option<FollowUpTasks>,
    ) -> (Self, Vec<PlannedTask>) {
        let (improve, first) = Improve::new(settings, wanted);
        let ids =
            follow_up_tasks.iter().flat_map(|all| &all.tasks).map(|task| field(task, "task_id").to_owned()).collect();
        let create = Self { improve, follow_up_tasks, ids, not_run: Vec::new(), created: Created::new(registry) };
        (create, first)
    }

    /// The drafts and what became of them.
    pub fn improve(&self) -> &Improve {
        &self.improve
    }

    /// What became of them. The run may have ended before every draft did.
    pub fn created(&mut self) -> &Created {
        self.created.promote(&self.improve);
        &self.created
    }

    /// The report with one result for each task that was asked for, those that were not run included.
    pub fn complete(&self, report: RunReport) -> RunReport {
        let mut report = add_not_run(report, &self.not_run);
        // The making comes first, then the caller's tasks in their own order.
        report.results = order::sorted_by_key(report.results, |result| {
            let place = self.ids.iter().position(|id| id == result.task_id.as_str());
            place.map_or(0, |place| place + 1)
        });
        report
    }

    /// How many of the caller's tasks are completed, and how many there are.
    pub fn used(&self, report: &RunReport) -> (usize, usize) {
        let good = report.results.iter().filter(|result| {
            result.status == TaskStatus::Completed && self.ids.iter().any(|id| id == result.task_id.as_str())
        });
        (good.count(), self.ids.len())
    }

    fn use_them(&mut self, next: TaskIndex) -> Vec<PlannedTask> {
        self.created.promote(&self.improve);
        let Some(FollowUpTasks { tasks, rules }) = self.follow_up_tasks.take() else { return Vec::new() };
        let new = self.improve.drafts().iter().map(|draft| draft.wanted.name.as_str());
        let agents = self.created.agents(&rules.agents);
        let graft = |tasks: &[Value]| rules.graft(tasks, &agents, &[], next);
        let (planned, left_out) = self.created.put_to_work(&tasks, new, graft);
        self.not_run = left_out;
        planned
    }
}

impl Workflow for Create {
    fn ended(&mut self, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        let mut more = self.improve.ended(result, next);
        if self.improve.is_over() {
            more.extend(self.use_them(TaskIndex(next.0 + more.len())));
        }
        more
    }
}

/// The report with the records of tasks that were not run at its end.
pub fn add_not_run(mut report: RunReport, not_run: &[TaskResult]) -> RunReport {
    let missing = u32::try_from(not_run.len()).unwrap_or(u32::MAX);
    report.results.extend_from_slice(not_run);
    report.census.tasks += missing;
    report.census.skipped += missing;
    if missing > 0 && report.status == RunStatus::Completed {
        report.status = RunStatus::Partial;
    }
    report
}
