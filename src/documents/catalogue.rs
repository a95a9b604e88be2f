//! Functions that only look something up: agent types, prompts, versions.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::run_schema;
use crate::catalogue::BUILT_IN;
use parallel_agents_engine::agents::{AgentDefinition, Catalogue};
use parallel_agents_engine::plan;
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::prompt::{self, Nonces};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::{AgentSource, RunSpec, TaskSpec};
use parallel_agents_engine::{COMPONENT_VERSION, CONTRACT_VERSION};
use parallel_agents_workflows::registry;

/// The arguments of all of them; the schemas say which belong to which.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Arguments {
    agents: Vec<AgentSource>,
    task: TaskSpec,
    category: Option<String>,
    agent_type: String,
    definition: Option<AgentSource>,
}

impl Arguments {
    /// Of a document that has been checked against the function's schema.
    pub(super) fn of(document: Value) -> Result<Self, CallError> {
        serde_json::from_value(document)
            .map_err(|error| CallError::invalid(vec![Problem::new("E_REQUEST_TYPE", "", error.to_string())]))
    }

    fn catalogue(&self) -> Result<Catalogue, CallError> {
        Catalogue::with(BUILT_IN, &self.agents).map_err(CallError::invalid)
    }

    /// The agent types, all or those of a category.
    pub(super) fn list_agents(&self) -> Result<String, CallError> {
        let agents = self.catalogue()?.list(self.category.as_deref()).map_err(refuse)?;
        Ok(document::to_text(&json!({ "agents": agents.iter().map(|agent| summary(agent)).collect::<Vec<_>>() })))
    }

    /// One agent type.
    pub(super) fn describe_agent(&self) -> Result<String, CallError> {
        let agent = self.catalogue()?.find(&self.agent_type, "/agent_type").map_err(refuse)?;
        Ok(document::to_text(&description(&agent)))
    }

    /// The prompt of a task.
    pub(super) fn render_prompt(self) -> Result<String, CallError> {
        let text = render_prompt(self.task, self.agents)?;
        Ok(document::to_text(&json!({ "prompt": text })))
    }

    /// An agent type in both of its forms.
    pub(super) fn definition_file(self) -> Result<String, CallError> {
        let source = self.definition.unwrap_or(AgentSource::File(String::new()));
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
}

/// The versions of the component and of its contract.
pub(super) fn versions() -> String {
    document::to_text(&json!({ "component": COMPONENT_VERSION, "contract": CONTRACT_VERSION }))
}

fn refuse(problem: Problem) -> CallError {
    CallError::invalid(vec![problem])
}

/// The prompt of one task, as `run_tasks` would send it with the seed 0. What its dependencies would fill in is named
/// instead.
fn render_prompt(task: TaskSpec, agents: Vec<AgentSource>) -> Result<String, CallError> {
    let mut task = task;
    task.dependencies.clear();
    let placeholders = std::mem::take(&mut task.input_from);
    let run = RunSpec { tasks: vec![task], agents, ..RunSpec::default() };
    let request = serde_json::to_value(&run).unwrap_or_default();
    let mut plan = plan::plan(&run_schema(), BUILT_IN, request).map_err(|error| match error {
        // The caller gave one task and not a list.
        CallError::InvalidRequest(mut problems) => {
            for problem in &mut problems {
                problem.path = problem.path.replacen("/tasks/0", "/task", 1);
            }
            CallError::InvalidRequest(problems)
        }
        other => other,
    })?;
    let Some(planned) = plan.tasks.first_mut() else { return Ok(String::new()) };
    for source in placeholders {
        let shown = format!("(the output of {}{})", source.task, source.pointer);
        planned.input.insert(source.field, Value::from(shown));
    }
    Ok(prompt::for_task(planned, &Nonces::new(0)))
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
