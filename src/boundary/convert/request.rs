//! What a caller asks for, inwards; texts that have to be JSON are read here.

use std::sync::Arc;

use serde_json::Value;

use super::{output_format, output_format_in, rules};
use crate::boundary::bindings::parallel_agents::skill::types as wt;
use parallel_agents_engine::json::strict::{self, ANSWER_BOUNDS};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::task::{AgentSource, Cleanup, InputSource, RunSpec, TaskSpec};

/// Texts that have to be JSON are read here; what is not JSON is a problem like any other.
pub fn run_spec(request: wt::RunRequest) -> Result<RunSpec, CallError> {
    let mut problems = Vec::new();
    let agents = agent_sources(request.agents, &mut problems);
    let tasks = read_tasks(request.tasks, &mut problems);
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    Ok(RunSpec {
        tasks,
        agents,
        max_concurrent: request.max_concurrent,
        deadline_seconds: request.deadline_seconds,
        cleanup: request.cleanup.map(|cleanup| match cleanup {
            wt::Cleanup::Keep => Cleanup::Keep,
            wt::Cleanup::Delete => Cleanup::Delete,
        }),
        model: request.model,
        thinking: request.thinking,
        rules: rules::rule_spec(request.rules),
    })
}

/// One task and the agent types that come with it.
pub fn one_task(task: wt::Task, agents: Vec<wt::AgentSource>) -> Result<(TaskSpec, Vec<AgentSource>), CallError> {
    let mut problems = Vec::new();
    let agents = agent_sources(agents, &mut problems);
    let task = task_spec(0, task, &mut LastSchema::default(), &mut problems);
    if problems.is_empty() { Ok((task, agents)) } else { Err(CallError::invalid(problems)) }
}

/// Several tasks.
pub fn task_specs(tasks: Vec<wt::Task>) -> Result<Vec<TaskSpec>, CallError> {
    let mut problems = Vec::new();
    let tasks = read_tasks(tasks, &mut problems);
    if problems.is_empty() { Ok(tasks) } else { Err(CallError::invalid(problems)) }
}

pub(super) fn agent_sources(sources: Vec<wt::AgentSource>, problems: &mut Vec<Problem>) -> Vec<AgentSource> {
    let mut read = |(index, source)| match source {
        wt::AgentSource::File(text) => Some(AgentSource::File(text)),
        wt::AgentSource::Definition(text) => strict::parse(&text, ANSWER_BOUNDS)
            .map_err(|error| {
                let message = format!("agents: is not acceptable JSON: {error}");
                problems.push(Problem::new("E_AGENT_DEFINITION", format!("/agents/{index}"), message));
            })
            .ok()
            .map(AgentSource::Definition),
    };
    sources.into_iter().enumerate().filter_map(&mut read).collect()
}

/// Tasks in the order of a request.
pub(super) fn read_tasks(tasks: Vec<wt::Task>, problems: &mut Vec<Problem>) -> Vec<TaskSpec> {
    let mut last = LastSchema::default();
    tasks.into_iter().enumerate().map(|(index, task)| task_spec(index, task, &mut last, problems)).collect()
}

/// The schema that was read last, and its text: tasks of one kind stand together, and have one schema.
#[derive(Default)]
struct LastSchema(Option<(String, Arc<Value>)>);

fn task_spec(index: usize, task: wt::Task, last: &mut LastSchema, problems: &mut Vec<Problem>) -> TaskSpec {
    let mut read = |field: &str, code: &str, text: &str| -> Option<Value> {
        strict::parse(text, ANSWER_BOUNDS)
            .map_err(|error| {
                let path = format!("/tasks/{index}/{field}");
                problems.push(Problem::new(code, path, format!("{field}: is not acceptable JSON: {error}")));
            })
            .ok()
    };
    let input_data = task.input_data.and_then(|text| read("input_data", "E_INPUT_TYPE", &text));
    let output_schema = task.output_schema.and_then(|text| match &last.0 {
        Some((known, schema)) if *known == text => Some(Arc::clone(schema)),
        _ => {
            let schema = Arc::new(read("output_schema", "E_SCHEMA", &text)?);
            last.0 = Some((text, Arc::clone(&schema)));
            Some(schema)
        }
    });
    TaskSpec {
        input_data,
        output_schema,
        agent_type: task.agent_type,
        task_description: task.task_description,
        input_from: task
            .input_from
            .into_iter()
            .map(|source| InputSource { field: source.field, task: source.task, pointer: source.pointer })
            .collect(),
        task_id: task.task_id,
        timeout_seconds: task.timeout_seconds,
        output_format: task.output_format.map(output_format_in),
        max_output_tokens: task.max_output_tokens,
        priority: task.priority,
        dependencies: task.dependencies,
        model: task.model,
        thinking: task.thinking,
        agent_id: task.agent_id,
        tier: task.tier.map(rules::tier),
        retries: task.retries,
        start_timeout_seconds: task.start_timeout_seconds,
        on_dependency_failure: task.on_dependency_failure.map(rules::on_dependency_failure),
        idempotent: task.idempotent,
        required: task.required,
        proof: task.proof.map(rules::proof),
        accept_truncated: task.accept_truncated,
    }
}

/// Tasks of a team, as a caller would write them.
pub fn tasks(tasks: Vec<TaskSpec>) -> Vec<wt::Task> {
    tasks
        .into_iter()
        .map(|task| wt::Task {
            agent_type: task.agent_type,
            task_description: task.task_description,
            input_data: task.input_data.map(|input| input.to_string()),
            input_from: task
                .input_from
                .into_iter()
                .map(|source| wt::InputSource { field: source.field, task: source.task, pointer: source.pointer })
                .collect(),
            task_id: task.task_id,
            timeout_seconds: task.timeout_seconds,
            output_format: task.output_format.map(output_format),
            output_schema: task.output_schema.map(|schema| schema.to_string()),
            max_output_tokens: task.max_output_tokens,
            priority: task.priority,
            dependencies: task.dependencies,
            model: task.model,
            thinking: task.thinking,
            agent_id: task.agent_id,
            tier: task.tier.map(rules::wit_tier),
            retries: task.retries,
            start_timeout_seconds: task.start_timeout_seconds,
            on_dependency_failure: task.on_dependency_failure.map(rules::wit_on_dependency_failure),
            idempotent: task.idempotent,
            required: task.required,
            proof: task.proof.map(rules::wit_proof),
            accept_truncated: task.accept_truncated,
        })
        .collect()
}
