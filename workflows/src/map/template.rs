//! The steps as they were written, filled with the fields of each item.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use parallel_agents_engine::ids::{TaskId, TaskIndex};
use parallel_agents_engine::placeholders::{self, Place};
use parallel_agents_engine::plan::{MAX_DESCRIPTION_BYTES, MAX_INPUT_BYTES};
use parallel_agents_engine::plan::{PlannedTask, check_description, check_input};
use parallel_agents_engine::problem::{Problem, unknown_name};
use parallel_agents_engine::task::TaskSpec;
use parallel_agents_engine::text;

/// What the ids of all tasks of items begin with.
const PREFIX: &str = "item-";

/// Characters of a step's id: with the item's number before it, it has to be one of OpenClaw.
pub(super) const MAX_STEP_CHARS: usize = 48;

/// The field that a value without fields is, or all of an item.
const WHOLE: &str = "item";

/// The field that has its place.
const NUMBER: &str = "item_number";

/// What is filled for each item.
pub(super) struct Template {
    /// Description and input of each step.
    texts: Vec<Value>,
    /// The names of the fields that they use, each with its first place.
    names: BTreeMap<String, String>,
    /// The ids of the steps in those of their tasks. Empty: one step without a name.
    ids: Vec<String>,
}

impl Template {
    /// Reads the placeholders of all steps.
    pub(super) fn of(steps: &[TaskSpec], problems: &mut Vec<Problem>) -> Self {
        let text = |step: &TaskSpec| match &step.input_data {
            Some(input) => json!({ "task_description": step.task_description, "input_data": input }),
            None => json!({ "task_description": step.task_description }),
        };
        let texts: Vec<Value> = steps.iter().map(text).collect();
        let mut names = BTreeMap::new();
        let mut readable = true;
        for (step, text) in texts.iter().enumerate() {
            match placeholders::names(text, &format!("/steps/{step}")) {
                Ok(found) => found.into_iter().for_each(|(name, path)| {
                    names.entry(name).or_insert(path);
                }),
                Err(found) => {
                    readable = false;
                    problems.extend(found);
                }
            }
        }
        if names.is_empty() && readable && !texts.is_empty() {
            let message = "steps: no step names a field of the items, so all items would be treated alike";
            let problem = Problem::new("E_PLACEHOLDER", "/steps", message);
            problems.push(problem.hint("write {{field}} where a field of the item belongs, or {{item}} for all of it"));
        }
        let ids = steps.iter().map(|step| step.task_id.clone().unwrap_or_default()).collect();
        Self { texts, names, ids }
    }

    /// The ids of the steps within an item.
    pub(super) fn into_ids(self) -> Vec<String> {
        self.ids
    }

    /// Whether every item has the fields that the steps name. A name that no item has is a mistake of the template, any other
    /// one of the items.
    pub(super) fn check(&self, items: &[Value], problems: &mut Vec<Problem>) {
        for (name, path) in &self.names {
            let lacking = || items.iter().enumerate().filter(|(_, item)| value(item, name, 0).is_none());
            let count = lacking().count();
            if count > 0 && count == items.len() {
                let known =
                    items.first().and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str);
                let known = known.chain([WHOLE, NUMBER]);
                let message = format!("no item has a field {}", text::quoted(name));
                let how = "the fields of the items can be named, `item` and `item_number`";
                problems.push(Problem { message, ..unknown_name("E_PARAMETER_MISSING", path, "", name, known, how) });
                continue;
            }
            problems.extend(lacking().map(|(index, _)| {
                let message = format!("the item has no field {}, which {path} names", text::quoted(name));
                let problem = Problem::new("E_PARAMETER_MISSING", format!("/items/{index}"), message).got(name);
                problem.hint("give it the field, if need be with null")
            }));
        }
    }

    /// The tasks of one item, of those that the steps were planned as. Adds how many bytes of text they have.
    pub(super) fn fill(
        &self,
        planned: &[PlannedTask],
        item: &Value,
        index: usize,
        bytes: &mut usize,
        problems: &mut Vec<Problem>,
    ) -> Vec<PlannedTask> {
        let named = self.names.keys().filter_map(|name| Some((name.clone(), value(item, name, index + 1)?)));
        let values: Map<String, Value> = named.collect();
        let path = format!("/items/{index}");
        let place = Place { at: &path, most_bytes: MAX_DESCRIPTION_BYTES + MAX_INPUT_BYTES };
        let first = index * planned.len();
        let mut tasks = Vec::with_capacity(planned.len());
        for ((step, text), name) in planned.iter().zip(&self.texts).zip(&self.ids) {
            let filled = placeholders::fill(text, &values, place).map_err(|found| problems.extend(found));
            let Ok(Value::Object(mut filled)) = filled else { continue };
            let description = match filled.swap_remove("task_description") {
                Some(Value::String(text)) => text,
                other => other.map(|value| value.to_string()).unwrap_or_default(),
            };
            let mut found = Vec::new();
            check_description(&description, &path, &mut found);
            *bytes += description.len();
            let input = filled.swap_remove("input_data");
            *bytes += input.as_ref().map_or(0, |input| check_input(input, &path, &mut found));
            problems.extend(found.into_iter().map(|problem| {
                let message =
                    if name.is_empty() { problem.message } else { format!("step {name}, {}", problem.message) };
                Problem { message, ..problem }
            }));
            let number = index + 1;
            let id = if name.is_empty() { format!("{PREFIX}{number}") } else { format!("{PREFIX}{number}-{name}") };
            tasks.push(task(step, id, first, description, input));
        }
        tasks
    }
}

/// A step as a task of one item; the item's tasks begin at `first`.
fn task(step: &PlannedTask, id: String, first: usize, description: String, input: Option<Value>) -> PlannedTask {
    let mut task = PlannedTask {
        id: TaskId::new(id),
        description,
        input: match input {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        },
        ..step.clone()
    };
    let within = |place: &mut TaskIndex| place.0 += first;
    task.dependencies.iter_mut().for_each(within);
    task.input_from.iter_mut().for_each(|reference| within(&mut reference.task));
    task
}

/// Gives a name to each of several steps that has none.
pub(super) fn named(mut steps: Vec<TaskSpec>) -> Vec<TaskSpec> {
    if steps.len() > 1 {
        for (index, step) in steps.iter_mut().enumerate() {
            step.task_id.get_or_insert_with(|| format!("step-{}", index + 1));
        }
    }
    steps
}

/// The item and the step of a task, both from 0. None: it belongs to no item.
pub(super) fn place(id: &str, steps: &[String]) -> Option<(usize, usize)> {
    let rest = id.strip_prefix(PREFIX)?;
    let (number, step) = match rest.split_once('-') {
        Some((number, step)) => (number, steps.iter().position(|known| known == step)?),
        None => (rest, 0),
    };
    Some((number.parse::<usize>().ok()?.checked_sub(1)?, step))
}

/// A field of an item; `number` is its place from 1.
fn value(item: &Value, name: &str, number: usize) -> Option<Value> {
    let own = item.as_object().and_then(|fields| fields.get(name)).cloned();
    own.or_else(|| match name {
        WHOLE => Some(item.clone()),
        NUMBER => Some(Value::from(number)),
        _ => None,
    })
}
