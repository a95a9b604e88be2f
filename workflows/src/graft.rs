//! Tasks that are grafted onto a run which is under way: checked like any request, then given their places in it.

use serde_json::{Value, json};

use super::Common;
use parallel_agents_engine::agents::BuiltIn;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::plan::{self, PlannedTask};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::task::AgentSource;

/// A task that has ended well; grafted tasks may depend on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// The id that its plan gave it.
    pub id: String,
    /// Its agent type.
    pub agent_type: String,
    /// Its place in the run.
    pub index: TaskIndex,
}

/// What lists of tasks are checked with, whoever wrote them.
#[derive(Clone, Debug)]
pub struct Checks {
    /// The schema of a request for `run_tasks`.
    pub run_schema: &'static Value,
    /// The agent types that the component brings along.
    pub built_in: BuiltIn,
}

/// What grafted tasks are held to.
#[derive(Clone, Debug)]
pub struct Rules {
    /// For all sessions of the run.
    pub common: Common,
    /// Agent types that come with the request.
    pub agents: Vec<AgentSource>,
    /// What every list of tasks is checked with.
    pub checks: Checks,
}

impl Rules {
    /// The tasks with their places, the first of them at `next`, or what is wrong with them. Paths begin with `/tasks`.
    pub fn graft(
        &self,
        tasks: &[Value],
        created: &[AgentSource],
        earlier: &[Earlier],
        next: TaskIndex,
    ) -> Result<Vec<PlannedTask>, Vec<Problem>> {
        let known = earlier.len();
        // Whoever may be depended on has to be in the same list; its words are not looked at again.
        let stubs = earlier.iter().map(
            |task| json!({ "task_id": task.id, "agent_type": task.agent_type, "task_description": "It is done." }),
        );
        let all: Vec<Value> = stubs.chain(tasks.iter().cloned()).collect();
        let agents: Vec<AgentSource> = self.agents.iter().chain(created).cloned().collect();
        let mut request = json!({
            "tasks": all,
            "deadline_seconds": self.common.deadline_seconds,
            "retries": self.common.retries,
            "task_timeout_seconds": self.common.rules.task_timeout_seconds,
            "start_timeout_seconds": self.common.start_timeout_seconds,
            "model": self.common.model,
            "thinking": self.common.thinking,
        });
        if let Some(fields) = request.as_object_mut().filter(|_| !agents.is_empty()) {
            fields.insert("agents".to_owned(), serde_json::to_value(&agents).unwrap_or_default());
        }
        let planned =
            plan::plan(&self.schema(agents.len()), self.checks.built_in, request).map_err(|error| match error {
                CallError::InvalidRequest(problems) => {
                    problems.into_iter().map(|problem| without_earlier(problem, known)).collect()
                }
                CallError::HostProtocol(message) => vec![Problem::new("E_REQUEST_TYPE", "", message)],
            })?;
        let place = |index: &mut TaskIndex| {
            *index = match index.0.checked_sub(known) {
                Some(own) => TaskIndex(next.0 + own),
                None => earlier.get(index.0).map_or(next, |task| task.index),
            };
        };
        let placed = planned.tasks.into_iter().skip(known).map(|mut task| {
            task.dependencies.iter_mut().for_each(place);
            task.input_from.iter_mut().for_each(|reference| place(&mut reference.task));
            task
        });
        Ok(placed.collect())
    }

    /// The limit on agent types is one for what a caller writes; those that a run makes come on top of it.
    fn schema(&self, agents: usize) -> Value {
        let mut schema = self.checks.run_schema.clone();
        let limit = schema.pointer_mut("/properties/agents/maxItems");
        if let Some(limit) = limit.filter(|limit| limit.as_u64().is_some_and(|limit| limit < agents as u64)) {
            *limit = Value::from(agents);
        }
        schema
    }
}

/// The problem at the place that it has in the list of those that are grafted.
fn without_earlier(mut problem: Problem, earlier: usize) -> Problem {
    let place = problem.path.strip_prefix("/tasks/").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
    if let Some((index, rest)) = place
        && let Ok(index) = index.parse::<usize>()
    {
        let rest = if rest.is_empty() { String::new() } else { format!("/{rest}") };
        problem.path = format!("/tasks/{}{rest}", index.saturating_sub(earlier));
    }
    problem
}
