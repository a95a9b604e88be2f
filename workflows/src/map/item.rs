//! One item on its way, and the line that it becomes.

use serde::Serialize;
use serde_json::Value;

use parallel_agents_engine::report::document;
use parallel_agents_engine::task::{ErrorCode, TaskError, TaskResult, TaskStatus, Usage};

/// How far an item is.
#[derive(Debug)]
pub(super) struct Item {
    /// Steps that have not ended.
    left: usize,
    /// The last step, if it is completed: who has the answer.
    answer: Option<(String, Option<Value>)>,
    /// Why it is not: the step that failed first, or one that was skipped for its sake.
    failure: Option<Failure>,
    spent: Spent,
}

#[derive(Debug)]
struct Failure {
    status: TaskStatus,
    error: Option<TaskError>,
    task_id: String,
}

/// What all of its steps took.
#[derive(Debug, Default)]
struct Spent {
    attempts: u32,
    usage: Option<Usage>,
    cost_micro_usd: Option<u64>,
    /// From when to when sessions were asked for and ended, on the clock of the run.
    time: Option<(u64, u64)>,
}

/// What the host is told of an item. `schemas/results/item_result.json` has the meaning of each field.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ItemDocument {
    item: u32,
    pub(super) status: TaskStatus,
    pub(super) output: Option<Value>,
    error: Option<TaskError>,
    task_id: String,
    attempts: u32,
    usage: Option<Usage>,
    cost_micro_usd: Option<u64>,
    seconds: Value,
}

impl Item {
    pub(super) fn new(steps: usize) -> Self {
        Self { left: steps, answer: None, failure: None, spent: Spent::default() }
    }

    /// Takes in the end of one of its steps. Whether it was the last one to end.
    pub(super) fn step_ended(&mut self, result: &TaskResult, has_answer: bool) -> bool {
        self.spent.add(result);
        if result.status == TaskStatus::Completed {
            if has_answer {
                self.answer = Some((result.task_id.as_str().to_owned(), result.output.clone()));
            }
        } else if self.failure.as_ref().is_none_or(Failure::only_follows) {
            self.failure = Some(Failure {
                status: result.status,
                error: result.error.clone(),
                task_id: result.task_id.as_str().to_owned(),
            });
        }
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// The line of an item that is final. Nothing of it is kept here.
    pub(super) fn close(&mut self, item: u32) -> ItemDocument {
        let Spent { attempts, usage, cost_micro_usd, time } = std::mem::take(&mut self.spent);
        let failure = self.failure.take();
        let (status, output, error, task_id) = match (self.answer.take(), failure) {
            (Some((task_id, output)), _) => (TaskStatus::Completed, output, None, task_id),
            (None, Some(Failure { status, error, task_id })) => (status, None, error, task_id),
            // Its last step has ended, either way.
            (None, None) => (TaskStatus::Failed, None, None, String::new()),
        };
        let seconds = document::seconds(time.map_or(0, |(from, to)| to.saturating_sub(from)));
        ItemDocument { item, status, output, error, task_id, attempts, usage, cost_micro_usd, seconds }
    }
}

impl Failure {
    /// Whether the step was only skipped because of another one.
    fn only_follows(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.code == ErrorCode::DependencyFailed)
    }
}

impl Spent {
    fn add(&mut self, result: &TaskResult) {
        let about = &result.metadata;
        self.attempts = self.attempts.saturating_add(about.attempts);
        self.usage = [self.usage, about.usage].into_iter().flatten().reduce(Usage::plus);
        self.cost_micro_usd =
            [self.cost_micro_usd, about.cost_micro_usd].into_iter().flatten().reduce(u64::saturating_add);
        if about.attempts > 0 {
            let (from, to) = (about.queued_ms, about.queued_ms.saturating_add(result.execution_ms));
            self.time = Some(self.time.map_or((from, to), |(first, last)| (first.min(from), last.max(to))));
        }
    }
}
