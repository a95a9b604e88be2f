//! One template over many items: the same steps for each, an answer for each, and one answer made of all if that is wanted.
//!
//! | an item                    | and then                                | it becomes                                       |
//! |----------------------------|-----------------------------------------|--------------------------------------------------|
//! | has steps that have not ended | one of them ends                     | that many fewer                                  |
//! | has none left              |                                         | final: the host is told, its answers are let go of |
//!
//! All tasks of all items are in the plan from the beginning, so that budget, forecast, canary tasks, breaker, ladder, wait modes and
//! priorities hold as for any other run. What is added later are the tasks of `reduce`.

mod item;
mod reduce;
mod request;
mod template;

use serde::Serialize;
use serde_json::Value;

use parallel_agents_engine::host::ItemResult;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::plan::{Plan, PlannedTask};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::{RunReport, RunStatus, TaskError, TaskResult, TaskStatus};
use parallel_agents_engine::workflow::{FinalItem, Workflow};

use item::Item;
use reduce::Reduction;
pub use request::mapping;

/// A run over many items that can be carried out.
#[derive(Debug)]
pub struct Mapping {
    /// All steps of the first item, then those of the next.
    pub plan: Plan,
    items: usize,
    /// The ids of the steps within their item.
    steps: Vec<String>,
    reduction: Option<Reduction>,
}

/// The workflow of all items.
#[derive(Debug)]
pub struct MapItems {
    steps: Vec<String>,
    items: Vec<Item>,
    census: ItemCensus,
    reduction: Option<Reduction>,
    /// The item that became final last, until it is asked for.
    told: Option<FinalItem>,
}

/// How many items ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct ItemCensus {
    pub items: u32,
    pub completed: u32,
    pub failed: u32,
    pub timeout: u32,
    pub cancelled: u32,
    pub skipped: u32,
}

/// What came of all items. Their answers are not in it: the host was told each of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Mapped {
    pub status: RunStatus,
    pub items: ItemCensus,
    pub reduced: Option<Reduced>,
    #[serde(serialize_with = "document::serialize_report")]
    pub run: RunReport,
}

/// The one answer that was made of all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Reduced {
    pub status: TaskStatus,
    pub output: Option<Value>,
    pub error: Option<TaskError>,
    pub task_id: Option<String>,
    pub items: u32,
}

impl MapItems {
    /// The workflow, and the run that it stands on.
    pub fn new(what: Mapping) -> (Self, Plan) {
        let Mapping { plan, items, steps, reduction } = what;
        let census = ItemCensus { items: u32::try_from(items).unwrap_or(u32::MAX), ..ItemCensus::default() };
        let items = (0..items).map(|_| Item::new(steps.len())).collect();
        (Self { steps, items, census, reduction, told: None }, plan)
    }

    /// What came of them, after the run.
    pub fn outcome(self, run: RunReport) -> Mapped {
        Mapped { status: run.status, items: self.census, reduced: self.reduction.map(Reduction::outcome), run }
    }

    /// Takes in the end of a step.
    fn step_ended(&mut self, index: usize, step: usize, result: &TaskResult) -> Vec<PlannedTask> {
        let is_last = step + 1 == self.steps.len();
        let Some(item) = self.items.get_mut(index) else { return Vec::new() };
        if !item.step_ended(result, is_last) {
            return Vec::new();
        }
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let document = item.close(number);
        self.census.count(document.status);
        let first = index * self.steps.len();
        self.told = Some(FinalItem {
            result: ItemResult { item: number, document: document::to_text(&document) },
            tasks: first..first + self.steps.len(),
        });
        self.reduction.as_mut().map(|reduction| reduction.item_ended(index, document.output)).unwrap_or_default()
    }
}

impl Workflow for MapItems {
    fn ended(&mut self, result: &TaskResult, _next: TaskIndex) -> Vec<PlannedTask> {
        match template::place(result.task_id.as_str(), &self.steps) {
            Some((item, step)) => self.step_ended(item, step, result),
            None => self.reduction.as_mut().map(|reduction| reduction.task_ended(result)).unwrap_or_default(),
        }
    }

    fn take_final(&mut self) -> Option<FinalItem> {
        self.told.take()
    }
}

impl ItemCensus {
    fn count(&mut self, status: TaskStatus) {
        *match status {
            TaskStatus::Completed => &mut self.completed,
            TaskStatus::Timeout => &mut self.timeout,
            TaskStatus::Cancelled => &mut self.cancelled,
            TaskStatus::Skipped => &mut self.skipped,
            // An item that is not final would be a defect here; counted as failed it cannot pass for done.
            TaskStatus::Failed | TaskStatus::Pending | TaskStatus::Running => &mut self.failed,
        } += 1;
    }
}
