//! The agent types that there are once those are made which were asked for, and the tasks that are left to them.

use serde_json::{Value, json};

use crate::improve::{Improve, Reason};
use crate::registry::{self, Entry, Promotion};
use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::ids::{AgentType, TaskId};
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::task::{AgentSource, ErrorCode, ResultMetadata, TaskError, TaskResult, TaskStatus};

/// The agent types that there are, and what became of those that were to be made.
#[derive(Debug, Default)]
pub struct Created {
    /// The new ones included, once they are promoted.
    pub registry: Vec<Entry>,
    /// In the order of the drafts; None for one that was not good enough. Empty while they are being made.
    pub promotions: Vec<Option<Promotion>>,
    /// Names of the types that this run made; their sessions get no tools.
    fresh: Vec<String>,
}

impl Created {
    /// With the agent types that the caller brought.
    pub fn new(registry: Vec<Entry>) -> Self {
        Self { registry, ..Self::default() }
    }

    /// Offers every draft that reached its target to the registry; once.
    pub fn promote(&mut self, improve: &Improve) {
        if !self.promotions.is_empty() {
            return;
        }
        for draft in improve.drafts() {
            let passed = draft.best.as_ref().filter(|_| draft.reason == Some(Reason::TargetReached));
            let promotion =
                passed.map(|best| registry::promote(&mut self.registry, &draft.wanted.name, &best.draft, best.score));
            if promotion == Some(Promotion::Promoted) {
                self.fresh.push(draft.wanted.name.clone());
            }
            self.promotions.push(promotion);
        }
    }

    /// Whether there is a version of an agent type.
    pub fn has(&self, name: &str) -> bool {
        self.registry.iter().any(|entry| entry.name == name)
    }

    /// Plans the tasks whose agent types there are, and says of each of the others why it is not run. `new` are the types
    /// that were to be made.
    pub fn put_to_work<'a>(
        &self,
        tasks: &[Value],
        new: impl Iterator<Item = &'a str>,
        graft: impl FnOnce(&[Value]) -> Result<Vec<PlannedTask>, Vec<Problem>>,
    ) -> (Vec<PlannedTask>, Vec<TaskResult>) {
        let missing: Vec<&str> = new.filter(|name| !self.has(name)).collect();
        let mut left_out = Vec::new();
        for task in tasks {
            let agent = field(task, "agent_type");
            if missing.contains(&agent) {
                let message = format!("{agent} did not reach the target score, so there is no such agent type");
                left_out.push(not_run(task, ErrorCode::AgentNotPromoted, message));
            }
        }
        add_dependants(tasks, &mut left_out);
        let is_left_out = |task: &Value| left_out.iter().any(|left| left.task_id.as_str() == field(task, "task_id"));
        let ready: Vec<Value> = tasks.iter().filter(|task| !is_left_out(task)).cloned().collect();
        if ready.is_empty() {
            return (Vec::new(), left_out);
        }
        let planned = graft(&ready).unwrap_or_else(|problems| {
            // They were checked when they were written; only what a new definition says of itself is news.
            let first = problems.first().map(|first| format!("{}: {}", first.code, first.message)).unwrap_or_default();
            left_out.extend(ready.iter().map(|task| not_run(task, ErrorCode::TaskUnfit, &first)));
            Vec::new()
        });
        (planned, left_out)
    }

    /// The registry as agent types of a request. Types that the request brings itself go first.
    pub fn agents(&self, own: &[AgentSource]) -> Vec<AgentSource> {
        let own: Vec<String> = own.iter().filter_map(name_of).collect();
        let others = self.registry.iter().filter(|entry| !own.contains(&entry.name));
        others
            .map(|entry| {
                let mut definition = entry.definition.clone();
                if let Some(fields) = definition.as_object_mut().filter(|_| self.fresh.contains(&entry.name)) {
                    fields.insert("tools".to_owned(), Value::from("none"));
                }
                AgentSource::Definition(definition)
            })
            .collect()
    }
}

/// The record of a task that was left out.
fn not_run(task: &Value, code: ErrorCode, message: impl AsRef<str>) -> TaskResult {
    let (id, agent_type) = (field(task, "task_id"), field(task, "agent_type"));
    TaskResult {
        task_id: TaskId::new(id),
        agent_type: AgentType::new(agent_type),
        status: TaskStatus::Skipped,
        output: None,
        execution_ms: 0,
        error: Some(TaskError::new(code, message)),
        session_key: None,
        metadata: ResultMetadata { label: format!("{agent_type} {id}"), ..ResultMetadata::default() },
    }
}

/// Adds whatever depends on a task that was left out, however far away.
fn add_dependants(tasks: &[Value], left_out: &mut Vec<TaskResult>) {
    // Each round adds at least one task or is the last.
    for _ in tasks {
        let known: Vec<String> = left_out.iter().map(|result| result.task_id.to_string()).collect();
        for task in tasks.iter().filter(|task| !known.iter().any(|id| id == field(task, "task_id"))) {
            let dependencies = task.get("dependencies").and_then(Value::as_array).into_iter().flatten();
            let on = dependencies.filter_map(Value::as_str).find(|on| known.iter().any(|id| id == on));
            if let Some(on) = on {
                left_out.push(not_run(
                    task,
                    ErrorCode::DependencyFailed,
                    format!("it depends on {on}, which was not run"),
                ));
            }
        }
    }
}

/// A text field of a task as it was written.
pub fn field<'a>(task: &'a Value, name: &str) -> &'a str {
    task.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether an id could be that of a session in which an agent type is made; those are called after it.
pub fn belongs_to_a_draft(id: &str, name: &str) -> bool {
    let rest = id.strip_prefix(name).unwrap_or_default();
    rest.starts_with("-create-") || rest.starts_with("-r")
}

/// Stands for an agent type that is to be made when tasks for it are checked. It takes any form of answer.
pub fn stand_in(name: &str) -> AgentSource {
    AgentSource::Definition(
        json!({ "name": name, "description": "To be made.", "prompt": "To be made.", "output_schema": {} }),
    )
}

fn name_of(source: &AgentSource) -> Option<String> {
    AgentDefinition::read(source).ok().map(|agent| agent.name.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_that_does_not_fit_the_agent_made_for_it_is_left_out_and_says_why() {
        let tasks = [json!({"task_id": "read", "agent_type": "log_reader"})];
        let unfit =
            |_: &[Value]| Err(vec![Problem::new("E_INPUT_TYPE", "/tasks/0/input_data", "input_data: is no object")]);
        let (planned, left_out) = Created::new(Vec::new()).put_to_work(&tasks, [].into_iter(), unfit);
        assert_eq!(planned, []);
        let error = left_out[0].error.as_ref().expect("an error");
        assert_eq!((error.code, left_out[0].status), (ErrorCode::TaskUnfit, TaskStatus::Skipped));
        assert_eq!(error.message, "E_INPUT_TYPE: input_data: is no object");
    }
}
