//! One answer made of those of all items, in groups, and of the groups' answers, until one is left.
//!
//! | level     | its groups                                                              | complete when              |
//! |-----------|-------------------------------------------------------------------------|----------------------------|
//! | the first | items that stand together in the request, `group_size` at a time; begun as soon as those have ended | every item has ended |
//! | the next  | the answers of the level before, in order                               | every answer is there      |
//!
//! A group whose answers do not fit into one prompt becomes several. Two answers always fit, so that each level is shorter than the one
//! before. Answers that are missing are left out and counted.

mod foreseen;
mod part;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use parallel_agents_engine::ids::TaskId;
use parallel_agents_engine::json;
use parallel_agents_engine::order;
use parallel_agents_engine::plan::MAX_INPUT_BYTES;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::task::{TaskResult, TaskStatus};

use super::Reduced;
pub(super) use foreseen::foreseen;
use part::{BESIDE, Part, bounded};

/// Bytes of the input that the caller gives to every group.
pub(super) const MAX_OWN_BYTES: usize = 12 * 1024;

/// Bytes of all answers of a group: those of two that are as long as may be fit.
const ROOM: usize = MAX_INPUT_BYTES - MAX_OWN_BYTES - 2 * 1024;

/// The field of the input with the answers.
pub(super) const RESULTS: &str = "results";

/// The field that says how many items have none.
pub(super) const MISSING: &str = "items_without_answer";

/// The making of one answer.
#[derive(Debug)]
pub(super) struct Reduction {
    task: PlannedTask,
    group_size: usize,
    /// Groups of items, as long as they are not complete.
    windows: BTreeMap<usize, Window>,
    items: usize,
    level: u32,
    /// Tasks of this level so far, and those of them that have not ended.
    begun: u32,
    running: BTreeMap<String, Part>,
    /// What this level has made.
    made: Vec<Part>,
    outcome: Option<Reduced>,
    /// The last of the tasks without an answer: what came of it all if there is no other.
    failed: Option<Reduced>,
}

/// A group of items.
#[derive(Debug)]
struct Window {
    /// Items that have not ended.
    left: usize,
    parts: Vec<Part>,
}

impl Reduction {
    /// Of so many items.
    pub(super) fn new(task: PlannedTask, group_size: usize, items: usize) -> Self {
        let window = |first: usize| Window { left: group_size.min(items - first), parts: Vec::new() };
        let windows = order::filled((0..items).step_by(group_size).map(|first| (first / group_size, window(first))));
        let (running, made) = (BTreeMap::new(), Vec::new());
        Self { task, group_size, windows, items, level: 1, begun: 0, running, made, outcome: None, failed: None }
    }

    /// An item is final.
    pub(super) fn item_ended(&mut self, index: usize, output: Option<Value>) -> Vec<PlannedTask> {
        let place = index / self.group_size;
        let Some(window) = self.windows.get_mut(&place) else { return Vec::new() };
        let part = |output| Part { first: index, last: index, answers: 1, task_id: None, output };
        window.parts.extend(output.map(part));
        window.left = window.left.saturating_sub(1);
        if window.left > 0 {
            return Vec::new();
        }
        let Some(Window { parts, .. }) = self.windows.remove(&place) else { return Vec::new() };
        let first = place * self.group_size;
        let end = first.saturating_add(self.group_size).min(self.items);
        let tasks = self.begin(in_order(parts), first..end);
        if tasks.is_empty() { self.next_level() } else { tasks }
    }

    /// A task of a group has ended.
    pub(super) fn task_ended(&mut self, result: &TaskResult) -> Vec<PlannedTask> {
        let Some((id, group)) = self.running.remove_entry(result.task_id.as_str()) else { return Vec::new() };
        let (status, error, task_id) = (result.status, result.error.clone(), Some(id));
        match result.output.clone().filter(|_| status == TaskStatus::Completed) {
            Some(output) => self.made.push(Part { task_id, output, ..group }),
            None => self.failed = Some(Reduced { status, output: None, error, task_id, items: 0 }),
        }
        self.next_level()
    }

    /// What came of it. If no item has an answer it is nothing.
    pub(super) fn outcome(self) -> Reduced {
        let none = Reduced { status: TaskStatus::Skipped, output: None, error: None, task_id: None, items: 0 };
        self.outcome.or(self.failed).unwrap_or(none)
    }

    /// Goes on once everything of this level is there.
    fn next_level(&mut self) -> Vec<PlannedTask> {
        if !self.windows.is_empty() || !self.running.is_empty() || self.outcome.is_some() {
            return Vec::new();
        }
        let mut parts = in_order(std::mem::take(&mut self.made));
        if parts.len() <= 1 {
            self.outcome = parts.pop().map(concluded);
            return Vec::new();
        }
        self.level += 1;
        self.begun = 0;
        self.begin(parts, 0..self.items)
    }

    /// The tasks of parts that stand together: all that there are of these items.
    fn begin(&mut self, parts: Vec<Part>, items: Range<usize>) -> Vec<PlannedTask> {
        let mut tasks = Vec::new();
        let mut first = items.start;
        let mut groups = self.groups(parts).into_iter().peekable();
        while let Some(group) = groups.next() {
            // Items without an answer count for the group before them, so that each counts once.
            let end = groups.peek().and_then(|next| next.first()).map_or(items.end, |part| part.first);
            let of = first..end;
            first = end;
            match <[Part; 1]>::try_from(group) {
                // It is one already.
                Ok([alone]) if self.level > 1 => self.made.push(alone),
                Ok(alone) => tasks.push(self.task(alone.into(), of)),
                Err(group) => tasks.push(self.task(group, of)),
            }
        }
        tasks
    }

    /// Groups that have room for their answers, each as large as it may be.
    fn groups(&self, parts: Vec<Part>) -> Vec<Vec<Part>> {
        let mut groups: Vec<Vec<Part>> = Vec::new();
        let mut used = 0;
        for mut part in parts {
            part.output = bounded(part.output);
            let bytes = json::length(&part.output) + BESIDE;
            match groups.last_mut().filter(|group| group.len() < self.group_size && used + bytes <= ROOM) {
                Some(group) => {
                    used += bytes;
                    group.push(part);
                }
                None => {
                    used = bytes;
                    groups.push(vec![part]);
                }
            }
        }
        groups
    }

    /// The task of a group: all answers that there are of these items.
    fn task(&mut self, group: Vec<Part>, items: Range<usize>) -> PlannedTask {
        self.begun += 1;
        let id = format!("reduce-{}-{}", self.level, self.begun);
        let answers: usize = group.iter().map(|part| part.answers).sum();
        let missing = items.len().saturating_sub(answers);
        let (first, last) = (items.start, items.end.saturating_sub(1));
        let of_items = self.level == 1;
        let results: Vec<Value> = group.into_iter().map(|part| part.shown(of_items)).collect();
        let mut task = PlannedTask { id: TaskId::new(&id), ..self.task.clone() };
        task.input.insert(RESULTS.to_owned(), Value::from(results));
        task.input.insert(MISSING.to_owned(), Value::from(missing));
        self.running.insert(id, Part { first, last, answers, task_id: None, output: Value::Null });
        task
    }
}

/// The one answer that is left.
fn concluded(part: Part) -> Reduced {
    let items = u32::try_from(part.answers).unwrap_or(u32::MAX);
    let (output, task_id) = (Some(part.output), part.task_id);
    Reduced { status: TaskStatus::Completed, output, error: None, task_id, items }
}

fn in_order(parts: Vec<Part>) -> Vec<Part> {
    order::sorted_by_key(parts, |part| part.first)
}

/// What a reduction's own input may not name.
pub(super) fn names_taken(input: &Map<String, Value>) -> Option<&'static str> {
    [RESULTS, MISSING].into_iter().find(|name| input.contains_key(*name))
}
