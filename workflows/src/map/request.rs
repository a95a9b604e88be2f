//! A request for a run over many items: checked as a whole, so that everything that is wrong with it is told at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use parallel_agents_engine::agents::{AgentDefinition, BuiltIn};
use parallel_agents_engine::json;
use parallel_agents_engine::order;
use parallel_agents_engine::placeholders;
use parallel_agents_engine::plan::{self, Plan, PlannedTask, check_document, check_total};
use parallel_agents_engine::problem::{CallError, Problem, is_within};
use parallel_agents_engine::task::MAX_TASKS;
use parallel_agents_engine::task::{OutputFormat, RunSpec, TaskSpec, WaitMode};

use super::Mapping;
use super::reduce::{MAX_OWN_BYTES, Reduction, foreseen, names_taken};
use super::template::{MAX_STEP_CHARS, Template, named};
use crate::spec::{MapSpec, ReduceSpec};

/// Answers in a group when a request names no number.
const DEFAULT_GROUP: u32 = 20;

/// Reads a request for `map_tasks`.
pub fn mapping(request_schema: &Value, built_in: BuiltIn, mut document: Value) -> Result<Mapping, CallError> {
    let misfits = check_document(request_schema, &mut document);
    let covered: BTreeSet<String> = order::filled(misfits.iter().map(|problem| problem.path.clone()));
    let mut found = Vec::new();
    let mapping = read(document, built_in, &mut found);
    let mut problems = misfits;
    problems.extend(found.into_iter().filter(|problem| !is_within(&covered, &problem.path)));
    match mapping {
        Some(mapping) if problems.is_empty() => Ok(mapping),
        _ => Err(CallError::invalid(problems)),
    }
}

fn read(mut document: Value, built_in: BuiltIn, problems: &mut Vec<Problem>) -> Option<Mapping> {
    // The items are most of the request: they are taken out and not copied.
    let items = match document.as_object_mut().and_then(|fields| fields.swap_remove("items")) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let unreadable = |error: serde_json::Error| {
        vec![Problem::new("E_REQUEST_TYPE", "", format!("the request cannot be read: {error}"))]
    };
    let mut spec = MapSpec::deserialize(&document).map_err(|error| problems.extend(unreadable(error))).ok()?;
    spec.steps = named(spec.steps);
    // The limits of the run have the same names as in a request for it.
    let run = RunSpec::deserialize(&document).map_err(|error| problems.extend(unreadable(error))).ok()?;
    let template = Template::of(&spec.steps, problems);
    template.check(&items, problems);
    check_size(items.len(), spec.steps.len(), problems);
    check_names(&spec.steps, problems);
    check_wait(&run, spec.reduce.is_some(), problems);
    let steps = planned(&run, spec.steps.clone(), "/steps", built_in, problems);
    let reduce = spec.reduce.and_then(|reduce| reducer(&run, reduce, built_in, problems));
    let plan = steps.map(|plan| with_interim_steps(plan, &spec.steps))?;
    // A template that is wrong would only be wrong once more for each item.
    problems.is_empty().then_some(())?;
    expanded(template, plan, reduce, items, problems)
}

/// Plans tasks with the rules of the run. Their problems are told where they stand in the request.
fn planned(
    run: &RunSpec,
    tasks: Vec<TaskSpec>,
    path: &str,
    built_in: BuiltIn,
    problems: &mut Vec<Problem>,
) -> Option<Plan> {
    let spec = RunSpec { tasks, ..run.clone() };
    let found = match plan::of_spec(spec, built_in, Vec::new()) {
        Ok(plan) => return Some(plan),
        Err(found) => found,
    };
    problems.extend(found.into_iter().map(|problem| {
        let own = problem.path.strip_prefix("/tasks").map(|rest| match path {
            // It is one task, and no list.
            "/reduce/task" => format!("{path}{}", rest.strip_prefix("/0").unwrap_or(rest)),
            _ => format!("{path}{rest}"),
        });
        Problem { path: own.unwrap_or_else(|| problem.path.clone()), ..problem }
    }));
    None
}

fn check_size(items: usize, steps: usize, problems: &mut Vec<Problem>) {
    let tasks = items.saturating_mul(steps);
    if tasks > MAX_TASKS {
        let message = format!("items: {items} with {steps} steps each are {tasks} tasks, need at most {MAX_TASKS}");
        let problem = Problem::new("E_TASK_COUNT", "/items", message).got(tasks);
        problems.push(problem.limit(format!("1..={MAX_TASKS}")).hint("split the items into several runs"));
    }
}

fn check_names(steps: &[TaskSpec], problems: &mut Vec<Problem>) {
    for (index, step) in steps.iter().enumerate() {
        if let Some(id) = step.task_id.as_ref().filter(|id| id.len() > MAX_STEP_CHARS) {
            let message = format!("task_id: got {} characters, need at most {MAX_STEP_CHARS} in a step", id.len());
            let problem = Problem::new("E_ID_FORMAT", format!("/steps/{index}/task_id"), message).got(id);
            problems.push(problem.limit(format!("1..={MAX_STEP_CHARS} characters")));
        }
    }
}

/// An item is what its last step answers: the steps before it are nothing that a run waits for or needs by itself.
fn with_interim_steps(mut plan: Plan, specs: &[TaskSpec]) -> Plan {
    let before_last = plan.tasks.len().saturating_sub(1);
    for (task, spec) in plan.tasks.iter_mut().zip(specs).take(before_last) {
        task.handling.is_interim = true;
        task.handling.required = spec.required.unwrap_or(false);
    }
    plan
}

fn check_wait(run: &RunSpec, reduces: bool, problems: &mut Vec<Problem>) {
    let mode = run.rules.wait.as_ref().map_or(WaitMode::All, |wait| wait.mode);
    let why = match mode {
        WaitMode::Quorum => "compares answers, and a run over many items keeps none",
        WaitMode::Any | WaitMode::First | WaitMode::Until if reduces => {
            "ends the run before all answers can be reduced"
        }
        WaitMode::All | WaitMode::Any | WaitMode::First | WaitMode::Until => return,
    };
    let problem = Problem::new("E_WAIT", "/wait/mode", format!("wait: {} {why}", mode.name())).got(mode.name());
    problems.push(problem.hint("leave it out"));
}

/// A task that makes one answer of several, and how many of them it gets at once.
struct Reducer {
    task: PlannedTask,
    group_size: usize,
}

fn reducer(run: &RunSpec, spec: ReduceSpec, built_in: BuiltIn, problems: &mut Vec<Problem>) -> Option<Reducer> {
    let path = "/reduce/task";
    let given = [
        ("task_id", spec.task.task_id.is_some()),
        ("dependencies", !spec.task.dependencies.is_empty()),
        ("input_from", !spec.task.input_from.is_empty()),
    ];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let problem = Problem::new("E_REDUCE", format!("{path}/{field}"), format!("{field}: the run itself gives it"));
        problems.push(problem.hint("leave it out; the answers come in the field results"));
    }
    let words = Value::from(spec.task.task_description.as_str());
    if let Some((name, _)) = placeholders::names(&words, path).ok().and_then(|names| names.into_iter().next()) {
        let message = format!("task_description: {{{{{name}}}}} is a field of one item, and this is about all of them");
        let problem = Problem::new("E_PLACEHOLDER", format!("{path}/task_description"), message).got(name);
        problems.push(problem.hint(r"for two braces that mean nothing write \{{"));
    }
    // Where nothing is put in, this takes the backslashes away that say so.
    let place = placeholders::Place { at: path, most_bytes: 0 };
    let told = placeholders::fill(&words, &Map::new(), place).ok().and_then(|told| told.as_str().map(str::to_owned));
    let task_description = told.unwrap_or(spec.task.task_description);
    let task =
        TaskSpec { task_description, task_id: None, dependencies: Vec::new(), input_from: Vec::new(), ..spec.task };
    let mut task = planned(run, vec![task], path, built_in, problems)?.tasks.pop()?;
    let own = task.input.iter().map(|(name, value)| name.len() + json::length(value)).sum::<usize>();
    if own > MAX_OWN_BYTES {
        let message = format!("input_data: got {own} bytes, need at most {MAX_OWN_BYTES} beside the answers");
        let problem = Problem::new("E_REDUCE", format!("{path}/input_data"), message).got(own);
        problems.push(problem.limit(format!("0..={MAX_OWN_BYTES} bytes")));
    }
    if let Some(name) = names_taken(&task.input) {
        let problem =
            Problem::new("E_REDUCE", format!("{path}/input_data"), format!("input_data: {name} is filled by the run"));
        problems.push(problem.got(name).hint("choose another name"));
    }
    // It reads what others wrote: no tools, whatever its agent type says, and no answer that stands in what it reads.
    task.agent = Arc::new(AgentDefinition { tool_free: true, ..AgentDefinition::clone(&task.agent) });
    task.handling.answers_alone = task.output_format == OutputFormat::Json;
    Some(Reducer { task, group_size: spec.group_size.unwrap_or(DEFAULT_GROUP) as usize })
}

/// The tasks of all items.
fn expanded(
    template: Template,
    plan: Plan,
    reduce: Option<Reducer>,
    items: Vec<Value>,
    problems: &mut Vec<Problem>,
) -> Option<Mapping> {
    let planned = plan.tasks;
    let count = items.len();
    let mut bytes = 0;
    let mut tasks = Vec::with_capacity(count * planned.len());
    for (index, item) in items.into_iter().enumerate() {
        tasks.extend(template.fill(&planned, &item, index, &mut bytes, problems));
    }
    check_total(bytes, "/items", problems);
    let foreseen = reduce.as_ref().map(|reduce| foreseen(&reduce.task, reduce.group_size, count, &plan.rules));
    Some(Mapping {
        plan: Plan { tasks, foreseen, hands_over: true, ..plan },
        items: count,
        steps: template.into_ids(),
        reduction: reduce.map(|reduce| Reduction::new(reduce.task, reduce.group_size, count)),
    })
}
