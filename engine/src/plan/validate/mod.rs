//! From a request document to a plan: everything that the schema alone cannot tell.

mod checker;
mod task;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde_json::Value;

use checker::{Checker, Defaults, Place};

use super::planned::{Plan, Reference};
use super::schema_check::check_document;
use super::texts::{check_input, check_total};
use super::{graph, rules};
use crate::agents::{BuiltIn, Catalogue};
use crate::ids::TaskIndex;
use crate::order;
use crate::problem::{CallError, Problem, is_within};
use crate::task::{DEFAULT_DEADLINE_SECONDS, DEFAULT_MAX_CONCURRENT, InputSource, RunSpec, TaskSpec};

/// Names that OpenClaw gives a meaning of their own.
const RESERVED_IDS: [&str; 2] = ["last", "all"];

/// Checks a request for `run_tasks` and makes a plan of it, or lists all of its problems.
pub fn plan(request_schema: &Value, built_in: BuiltIn, mut document: Value) -> Result<Plan, CallError> {
    // What does not fit is taken out.
    let mut problems = check_document(request_schema, &mut document);
    match serde_json::from_value(document) {
        Ok(spec) => of_spec(spec, built_in, problems).map_err(CallError::invalid),
        Err(error) => {
            // Only a schema that says less than the type can lead here.
            problems.push(Problem::new("E_REQUEST_TYPE", "", format!("the request cannot be read: {error}")));
            Err(CallError::invalid(problems))
        }
    }
}

/// The same for a request that has been checked against its schema; `problems` is what that found.
pub fn of_spec(spec: RunSpec, built_in: BuiltIn, mut problems: Vec<Problem>) -> Result<Plan, Vec<Problem>> {
    let covered: BTreeSet<String> = order::filled(problems.iter().map(|problem| problem.path.clone()));
    let (catalogue, faults) = match Catalogue::with(built_in, &spec.agents) {
        Ok(catalogue) => (catalogue, Vec::new()),
        Err(faults) => (Catalogue::new(built_in), faults),
    };
    let mut checker = Checker { problems: faults, catalogue, last_schema: None };
    let planned = checker.run(spec);
    // A place that already has a problem gets no second one that only follows from it.
    problems.extend(checker.problems.into_iter().filter(|problem| !is_within(&covered, &problem.path)));
    match planned {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(problems),
    }
}

impl Checker {
    fn run(&mut self, spec: RunSpec) -> Option<Plan> {
        let deadline = spec.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS);
        let defaults = Defaults {
            deadline,
            model: spec.model.clone(),
            thinking: spec.thinking.clone(),
            retries: spec.rules.retries,
            timeout_seconds: spec.rules.task_timeout_seconds,
            start_timeout_seconds: spec.rules.start_timeout_seconds,
            on_dependency_failure: spec.rules.on_dependency_failure,
            accept_truncated: spec.rules.accept_truncated,
        };
        self.name("E_MODEL_FORMAT", "/model", spec.model.as_deref());
        self.name("E_THINKING_FORMAT", "/thinking", spec.thinking.as_deref());
        rules::check_task_timeout(defaults.timeout_seconds, deadline, &mut self.problems);
        let ids = self.ids(&spec.tasks);
        let dependencies: Vec<&[String]> = spec.tasks.iter().map(|task| task.dependencies.as_slice()).collect();
        self.references(&ids, &spec.tasks);
        let edges = graph::resolve(&ids, &dependencies).map_err(|problems| self.problems.extend(problems)).ok();
        // Hardly a task refers to another one.
        let places: LazyCell<BTreeMap<&str, usize>, _> =
            LazyCell::new(|| order::filled(ids.iter().enumerate().rev().map(|(at, id)| (id.as_str(), at))));
        let place = |id: &str| places.get(id).copied();
        let references: Vec<Vec<Reference>> = spec.tasks.iter().map(|task| references_of(task, place)).collect();
        let mut total_bytes = 0;
        let mut tasks = Vec::with_capacity(spec.tasks.len());
        for (index, (task, id)) in spec.tasks.into_iter().zip(ids).enumerate() {
            let place = Place(index);
            total_bytes += task.task_description.len();
            if let Some(input) = &task.input_data {
                total_bytes += check_input(input, format_args!("{place}/input_data"), &mut self.problems);
            }
            let planned = self.task(task, id, place, &defaults);
            tasks.extend(planned);
        }
        check_total(total_bytes, "/tasks", &mut self.problems);
        let rules = rules::rules(spec.rules, &mut self.catalogue, &mut self.problems);
        rules::check_budget(&rules, &tasks, &mut self.problems);
        for ((task, edges), references) in tasks.iter_mut().zip(edges?).zip(references) {
            task.dependencies = edges;
            task.input_from = references;
        }
        Some(Plan {
            tasks,
            max_concurrent: spec.max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT),
            deadline_seconds: deadline,
            cleanup: spec.cleanup.unwrap_or_default(),
            rules,
            foreseen: None,
            hands_over: false,
        })
    }

    /// The id of each task: its own, or one by position that nobody else has.
    fn ids(&mut self, tasks: &[TaskSpec]) -> Vec<String> {
        let given: BTreeSet<&str> = order::filled(tasks.iter().filter_map(|task| task.task_id.as_deref()));
        let own = |(index, task): (usize, &TaskSpec)| match &task.task_id {
            Some(id) => id.clone(),
            None => {
                let plain = ["task-", &(index + 1).to_string()].concat();
                if given.contains(plain.as_str()) { plain + "-auto" } else { plain }
            }
        };
        let ids: Vec<String> = tasks.iter().enumerate().map(own).collect();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, (task, id)) in tasks.iter().zip(&ids).enumerate() {
            if task.task_id.is_some() {
                self.id(id, format_args!("/tasks/{index}/task_id"));
            }
            if let Some(first) = seen.insert(id, index) {
                let path = format!("/tasks/{index}/task_id");
                let message = format!("{} is also the id of task {}", crate::text::quoted(id), first + 1);
                self.problems
                    .push(Problem::new("E_ID_DUPLICATE", path, message).got(id).hint("ids are unique within a run"));
            }
        }
        ids
    }

    fn id(&mut self, id: &str, path: impl Display) {
        let well_formed = id.len() <= 64
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        if !well_formed {
            let message = format!("task_id: {} has another form", crate::text::quoted(id));
            self.problems
                .push(Problem::new("E_ID_FORMAT", path.to_string(), message).got(id).limit("[a-z][a-z0-9_-]{0,63}"));
        } else if RESERVED_IDS.contains(&id) {
            let problem = Problem::new(
                "E_ID_RESERVED",
                path.to_string(),
                format!("task_id: {id} has a meaning of its own in OpenClaw"),
            );
            self.problems.push(problem.got(id).hint("choose another id"));
        }
    }

    /// A reference has to name a declared dependency, and a field that nothing else fills.
    fn references(&mut self, ids: &[String], tasks: &[TaskSpec]) {
        for (index, task) in tasks.iter().enumerate() {
            let mut filled: BTreeSet<&str> = BTreeSet::new();
            for (place, source) in task.input_from.iter().enumerate() {
                let path = format!("/tasks/{index}/input_from/{place}");
                if !task.dependencies.contains(&source.task) {
                    let known =
                        if ids.contains(&source.task) { "add it to dependencies" } else { "no task has this id" };
                    let message = format!("input_from: {} is not a dependency", crate::text::quoted(&source.task));
                    let problem = Problem::new("E_REF_UNDECLARED", format!("{path}/task"), message);
                    self.problems.push(problem.got(&source.task).hint(known));
                }
                if !(source.pointer.is_empty() || source.pointer.starts_with('/')) {
                    let message = "input_from: a JSON pointer is empty or begins with /";
                    self.problems.push(Problem::new("E_REF", format!("{path}/pointer"), message).got(&source.pointer));
                }
                let given = task.input_data.as_ref().is_some_and(|input| input.get(&source.field).is_some());
                if given || !filled.insert(&source.field) {
                    let message =
                        format!("input_from: the field {} is filled twice", crate::text::quoted(&source.field));
                    self.problems.push(Problem::new("E_REF", format!("{path}/field"), message).got(&source.field));
                }
            }
        }
    }
}

/// The references of a task that can be resolved; the others have been told.
fn references_of(task: &TaskSpec, place: impl Fn(&str) -> Option<usize>) -> Vec<Reference> {
    let resolve = |source: &InputSource| {
        let index = place(&source.task)?;
        Some(Reference { field: source.field.clone(), task: TaskIndex(index), pointer: source.pointer.clone() })
    };
    task.input_from.iter().filter_map(resolve).collect()
}
