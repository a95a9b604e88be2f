//! The tasks for agents that are still to be made.

use serde_json::Value;

use crate::create::{Created, FollowUpTasks, belongs_to_a_draft, field, stand_in};
use crate::graft::Rules;
use crate::improve::Wanted;
use crate::registry::Entry;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::text;

/// The tasks that are to be done with the agents once they are made. What these will say of themselves is not known yet, so
/// the tasks are checked with stand-ins for them.
pub(super) fn tasks(
    mut tasks: Vec<Value>,
    rules: Rules,
    wanted: &[Wanted],
    registry: &[Entry],
    problems: &mut Vec<Problem>,
) -> FollowUpTasks {
    let new: Vec<&str> = wanted.iter().map(|wanted| wanted.name.as_str()).collect();
    let mut created = Created::new(registry.to_vec()).agents(&rules.agents);
    created.extend(
        new.iter().filter(|name| !registry.iter().any(|entry| entry.name == **name)).map(|name| stand_in(name)),
    );
    for (index, task) in tasks.iter_mut().enumerate() {
        let id = field(task, "task_id").to_owned();
        if let Some(name) = new.iter().find(|name| belongs_to_a_draft(&id, name)) {
            let message =
                format!("task_id: names that begin like {} belong to the making of {name}", text::quoted(&id));
            let problem = Problem::new("E_ID_RESERVED", format!("/tasks/{index}/task_id"), message).got(&id);
            problems.push(problem.hint("choose another id"));
        }
        // A schema is for JSON, whatever form the new agent may prefer.
        let json = task.get("output_schema").is_some_and(Value::is_object) && field(task, "output_format").is_empty();
        if let Some(fields) = task.as_object_mut().filter(|_| json) {
            fields.insert("output_format".to_owned(), Value::from("json"));
        }
    }
    match rules.graft(&tasks, &created, &[], TaskIndex(0)) {
        // Tasks may be left out later; the others keep the ids that they have by position.
        Ok(planned) => {
            for (task, planned) in tasks.iter_mut().zip(planned) {
                if let Some(fields) = task.as_object_mut() {
                    fields.insert("task_id".to_owned(), Value::from(planned.id.as_str()));
                }
            }
        }
        Err(found) => {
            // Wrong agents and limits of the run are told once, by the request itself.
            problems.extend(found.into_iter().filter(|problem| problem.path.starts_with("/tasks")));
        }
    }
    FollowUpTasks { tasks, rules }
}
