//! Functions that only look something up: agent types, prompts, versions.

use serde_json::{Map, Value, json};

use super::run_schema;
use super::spawning::of_one_task;
use super::spec::{DescribeAgentSpec, ListAgentsSpec, RenderPromptSpec};
use crate::catalogue::BUILT_IN;
use parallel_agents_engine::agents::{AgentDefinition, Catalogue};
use parallel_agents_engine::plan;
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::prompt::{self, Nonces};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::{AgentSource, RunSpec};
use parallel_agents_engine::{COMPONENT_VERSION, CONTRACT_VERSION};
use parallel_agents_workflows::registry;

/// The agent types, all or those of a category.
pub(super) fn list_agents(wanted: &ListAgentsSpec) -> Result<String, CallError> {
    let agents = catalogue(&wanted.agents)?.list(wanted.category.as_deref()).map_err(refuse)?;
    Ok(document::to_text(&json!({ "agents": agents.iter().map(|agent| summary(agent)).collect::<Vec<_>>() })))
}

/// One agent type.
pub(super) fn describe_agent(wanted: &DescribeAgentSpec) -> Result<String, CallError> {
    let agent = catalogue(&wanted.agents)?.find(&wanted.agent_type, "/agent_type").map_err(refuse)?;
    Ok(document::to_text(&description(&agent)))
}

/// An agent type in both of its forms.
pub(super) fn definition_file(definition: Value) -> Result<String, CallError> {
    let source = match definition {
        Value::String(text) => AgentSource::File(text),
        other => AgentSource::Definition(other),
    };
    let forms = AgentDefinition::forms(&source).map_err(|faults| {
        CallError::invalid(faults.iter().map(|fault| fault.problem("/definition", "definition")).collect())
    })?;
    Ok(document::to_text(&json!({
        "name": forms.definition.get("name"),
        "hash": registry::hash(&forms.definition),
        "definition": forms.definition,
        "file": forms.file,
    })))
}

/// The versions of the component and of its contract.
pub(super) fn versions() -> String {
    document::to_text(&json!({ "component": COMPONENT_VERSION, "contract": CONTRACT_VERSION }))
}

fn catalogue(agents: &[AgentSource]) -> Result<Catalogue, CallError> {
    Catalogue::with(BUILT_IN, agents).map_err(CallError::invalid)
}

fn refuse(problem: Problem) -> CallError {
    CallError::invalid(vec![problem])
}

/// The prompt of one task, as `run_tasks` would send it with the seed 0. What its dependencies would fill in is named
/// instead.
pub(super) fn render_prompt(wanted: RenderPromptSpec) -> Result<String, CallError> {
    let RenderPromptSpec { mut task, agents } = wanted;
    task.dependencies.clear();
    let placeholders = std::mem::take(&mut task.input_from);
    let run = RunSpec { tasks: vec![task], agents, ..RunSpec::default() };
    let request = serde_json::to_value(&run).unwrap_or_default();
    let mut plan = plan::plan(run_schema(), BUILT_IN, request).map_err(of_one_task)?;
    for planned in &mut plan.tasks {
        planned.input.extend(placeholders.iter().map(|source| {
            (source.field.clone(), Value::from(format!("(the output of {}{})", source.task, source.pointer)))
        }));
    }
    let text = plan.tasks.first().map(|planned| prompt::for_task(planned, &Nonces::new(0)));
    Ok(document::to_text(&json!({ "prompt": text })))
}

fn summary(agent: &AgentDefinition) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), Value::from(agent.name.as_str()));
    if let Some(title) = &agent.title {
        fields.insert("title".to_owned(), Value::from(title.as_str()));
    }
    fields.insert("description".to_owned(), Value::from(agent.description.as_str()));
    fields.insert("category".to_owned(), Value::from(agent.category.as_str()));
    fields
}

fn description(agent: &AgentDefinition) -> Map<String, Value> {
    let mut fields = summary(agent);
    let more = json!({
        "tier": agent.tier.name(),
        "tool_free": agent.tool_free,
        "timeout_seconds": agent.timeout_seconds,
        "output_format": agent.output_format,
        "prompt": agent.prompt,
        "input": agent.input,
        "output_schema": agent.output_schema.value(),
        "example_input": agent.example_input,
    });
    fields.extend(more.as_object().cloned().unwrap_or_default());
    fields
}
