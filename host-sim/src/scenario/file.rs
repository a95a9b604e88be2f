//! The form of a scenario file.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Variant;
use super::expect::Expectation;

/// The placeholder for a task's number among those of one entry, counted from 1.
const NUMBER: &str = "{n}";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub title: String,
    pub complaint: String,
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// The function that is called.
    #[serde(default = "run_tasks")]
    pub function: String,
    pub request: Map<String, Value>,
    /// A script like those of `scripts/`.
    pub script: Value,
    pub without: VariantEntry,
    pub with: VariantEntry,
}

/// What one variant changes, and what comes of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct VariantEntry {
    /// The function, if it is not that of the scenario.
    pub function: Option<String>,
    /// Members of the request; an empty text takes one out.
    pub set: Map<String, Value>,
    /// Members of every task.
    pub each_task: Map<String, Value>,
    /// Members of single tasks, by id.
    pub task: Map<String, Value>,
    /// When somebody wants work stopped.
    pub stops: Vec<StopEntry>,
    /// Further calls on the same gateway, one after the other.
    pub then: Vec<StepEntry>,
    pub expect: Vec<Expectation>,
}

/// A further call, made of what came before.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepEntry {
    pub function: String,
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// Members of the arguments that are taken from the first reply, by JSON pointer.
    #[serde(default)]
    pub take: std::collections::BTreeMap<String, String>,
    /// Members that are lists of what stands at one place in each result of the first reply.
    #[serde(default)]
    pub gather: std::collections::BTreeMap<String, String>,
}

impl StepEntry {
    /// The arguments of the call, after this first reply.
    pub(super) fn arguments(&self, first: &Value) -> Value {
        let mut arguments = self.arguments.clone();
        for (name, pointer) in &self.take {
            arguments.insert(name.clone(), first.pointer(pointer).cloned().unwrap_or_default());
        }
        for (name, pointer) in &self.gather {
            let results = first["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            let gathered: Vec<Value> = results.iter().filter_map(|result| result.pointer(pointer)).cloned().collect();
            arguments.insert(name.clone(), gathered.into());
        }
        Value::Object(arguments)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StopEntry {
    /// Milliseconds after opening.
    pub at_ms: u64,
    /// None: the whole run.
    pub task: Option<String>,
}

fn first_seed() -> u64 {
    1
}

fn run_tasks() -> String {
    "run_tasks".to_owned()
}

impl ScenarioFile {
    pub(super) fn variant(&self, variant: Variant) -> &VariantEntry {
        match variant {
            Variant::Without => &self.without,
            Variant::With => &self.with,
        }
    }

    /// The request of a variant.
    pub(super) fn request(&self, variant: Variant) -> Value {
        let entry = self.variant(variant);
        let mut request = self.request.clone();
        if let Some(Value::Array(tasks)) = request.get_mut("tasks") {
            *tasks = tasks.iter().flat_map(repeated).collect();
            for task in tasks.iter_mut().filter_map(Value::as_object_mut) {
                let id = task.get("task_id").and_then(Value::as_str).unwrap_or_default().to_owned();
                put(task, &entry.each_task);
                if let Some(Value::Object(own)) = entry.task.get(&id) {
                    put(task, own);
                }
            }
        }
        put(&mut request, &entry.set);
        Value::Object(request)
    }
}

/// Sets members; an empty text takes a member out, because TOML has no null.
fn put(object: &mut Map<String, Value>, members: &Map<String, Value>) {
    for (name, value) in members {
        if value == "" {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// A task with `repeat = n`, n times.
fn repeated(task: &Value) -> Vec<Value> {
    let times = task["repeat"].as_u64().unwrap_or(1);
    let mut task = task.clone();
    if let Some(members) = task.as_object_mut() {
        members.remove("repeat");
    }
    (1..=times).map(|number| numbered(&task, &number.to_string())).collect()
}

fn numbered(value: &Value, number: &str) -> Value {
    match value {
        Value::String(text) => text.replace(NUMBER, number).into(),
        Value::Array(items) => items.iter().map(|item| numbered(item, number)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), numbered(value, number))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
