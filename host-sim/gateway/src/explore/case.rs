//! One random run, and what is left of it once everything that it does not need is taken away.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use parallel_agents_engine::ids::TaskId;
use serde_json::{Map, Value};

use crate::script::{FaultProfile, Script};

/// The name under which what agents do wrong is listed among the faults: bad answers, failures, delays.
const ANSWERS: &str = "answers";

/// Stands for no fault at all.
const NONE: &str = "none";

/// One random run, ready to be called.
#[derive(Clone, Debug)]
pub struct Case {
    /// The function of the JSON door.
    pub function: &'static str,
    /// The request, as it is handed over.
    pub request: Value,
    /// The gateway and its agents.
    pub script: Arc<Script>,
    /// When somebody wants a task, or the whole run, stopped: milliseconds after opening.
    pub stops: Vec<(u64, Option<TaskId>)>,
}

/// What is left of a case. By default all of it. Shown as the options that name it on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Places of the tasks, drafts or new agents that stay, from 1. None: all.
    pub tasks: Option<BTreeSet<usize>>,
    /// Faults that stay, by the names of the profile; `answers` stands for what agents do wrong. None: all.
    pub faults: Option<BTreeSet<String>>,
    /// Nobody wants anything stopped.
    pub no_stops: bool,
    /// No run is made calm.
    pub no_calm: bool,
}

impl Cut {
    /// Names of faults from a list with commas; `none` is none.
    pub fn named(names: &str) -> BTreeSet<String> {
        names.split(',').filter(|name| *name != NONE).map(str::to_owned).collect()
    }
}

impl Case {
    /// Tasks, drafts or new agents that can be left out one by one.
    pub fn parts(&self) -> usize {
        self.list().and_then(|name| self.request[name].as_array()).map_or(0, Vec::len)
    }

    /// The faults that the run may meet, by name.
    pub fn faults(&self) -> BTreeSet<String> {
        let none = fields(&FaultProfile::default());
        let mut names: BTreeSet<String> = fields(self.script.faults())
            .into_iter()
            .filter(|(name, value)| none.get(name) != Some(value))
            .map(|(name, _)| name)
            .collect();
        names.insert(ANSWERS.to_owned());
        names
    }

    /// The field that lists the parts.
    fn list(&self) -> Option<&'static str> {
        match self.function {
            "run_tasks" => Some("tasks"),
            "run_iterative_refinement" => Some("drafts"),
            "create_agents" => Some("new_agents"),
            _ => None,
        }
    }

    /// The case without what is cut away.
    #[must_use]
    pub fn cut(mut self, cut: &Cut) -> Self {
        if cut.no_stops {
            self.stops.clear();
        }
        if let (Some(keep), Some(list)) = (&cut.tasks, self.list()) {
            self.keep(list, keep);
        }
        if let Some(keep) = &cut.faults {
            self.script = Arc::new(only(&self.script, keep));
        }
        self
    }

    /// Takes parts out, and whatever names them.
    fn keep(&mut self, list: &str, keep: &BTreeSet<usize>) {
        let Some(parts) = self.request.get_mut(list).and_then(Value::as_array_mut) else { return };
        let mut place = 0;
        parts.retain(|_| {
            place += 1;
            keep.contains(&place)
        });
        let count = parts.len();
        let left: BTreeSet<String> =
            parts.iter().filter_map(|part| part["task_id"].as_str().map(str::to_owned)).collect();
        for part in parts {
            for (field, name) in [("dependencies", ""), ("input_from", "/task")] {
                if let Some(named) = part.get_mut(field).and_then(Value::as_array_mut) {
                    named.retain(|item| item.pointer(name).and_then(Value::as_str).is_some_and(|id| left.contains(id)));
                }
            }
        }
        self.stops.retain(|(_, task)| task.as_ref().is_none_or(|task| left.contains(task.as_str())));
        if let Some(enough) = self.request["wait"]["count"].as_u64() {
            self.request["wait"]["count"] = enough.min(count as u64).max(1).into();
        }
    }
}

/// A script without all faults but these.
fn only(script: &Script, keep: &BTreeSet<String>) -> Script {
    let mut faults = fields(script.faults());
    let none = fields(&FaultProfile::default());
    faults.retain(|name, value| keep.contains(name) || none.get(name) == Some(value));
    // It was one a moment ago, and all of its fields may be left out.
    let faults = serde_json::from_value(Value::Object(faults)).unwrap_or_default();
    let script = script.clone().with_faults(faults);
    if keep.contains(ANSWERS) { script } else { script.with_good_answers() }
}

fn fields(faults: &FaultProfile) -> Map<String, Value> {
    match serde_json::to_value(faults) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tasks) = &self.tasks {
            let places: Vec<String> = tasks.iter().map(ToString::to_string).collect();
            write!(f, " --keep-tasks {}", places.join(","))?;
        }
        if let Some(faults) = &self.faults {
            let names: Vec<&str> = faults.iter().map(String::as_str).collect();
            write!(f, " --only-faults {}", if names.is_empty() { NONE.to_owned() } else { names.join(",") })?;
        }
        for (is_given, option) in [(self.no_stops, " --no-stops"), (self.no_calm, " --no-calm")] {
            f.write_str(if is_given { option } else { "" })?;
        }
        Ok(())
    }
}
