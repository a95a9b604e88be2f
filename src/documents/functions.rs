//! The functions of the JSON door: their names, what they are for, and what they take.

use serde_json::json;

use super::schemas::{Texts, shown, texts};
use parallel_agents_engine::problem::{CallError, unknown_name};
use parallel_agents_engine::report::document;

/// A function that `call` knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFunction {
    /// Snake case.
    pub name: String,
    /// For a person or a model that has to choose.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: String,
}

/// A function with the text of its schema.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: Texts,
}

macro_rules! functions {
    ($($name:literal: $description:literal),* $(,)?) => {
        &[$(Function {
            name: $name,
            description: $description,
            parameters: texts!($name),
        }),*]
    };
}

pub(super) const FUNCTIONS: &[Function] = functions![
    "run_tasks": "Runs tasks in parallel, each in a session of its own, and returns one checked result per task.",
    "run_iterative_refinement": "Judges drafts and improves them until they reach a score, or until going on does not help.",
    "create_agents": "Makes new agent types, has each judged and improved, returns a registry of those that passed, and runs tasks with them.",
    "orchestrate": "Reaches a goal: an agent plans tasks and new agents, they are made and run, and an agent compiles the report.",
    "spawn_with_retry": "Runs one task and tries it again for reasons that pass.",
    "spawn_with_model_hierarchy": "Runs one task with the cheapest model that may do it, and with better ones if its answer is not good enough.",
    "spawn_parallel_with_retry": "Runs tasks in parallel and tries each again for reasons that pass.",
    "collect_results": "Reads the answers of sessions that were spawned elsewhere, and waits for them if asked to.",
    "forecast_run": "Says how many sessions a run may need and what they may cost, without spawning any.",
    "result_digest": "Shortens a report so that it fits into a conversation; nothing is cut silently.",
    "result_page": "Reads a part of one task's output from a report.",
    "explain_task": "Tells the story of one task from a report: why it waited, climbed or failed.",
    "list_agents": "Lists the agent types, all or those of one category.",
    "describe_agent": "Shows one agent type: its prompt, the input it expects, and the schema of its answer.",
    "render_prompt": "Shows the prompt that a task's session would be given, without spawning it.",
    "definition_file": "Shows an agent type in both of its forms, as the text of a file and as an object, with its hash.",
    "content_team": "Makes five tasks, one per content writer, on one topic; runs them at once if asked to.",
    "development_team": "Makes five tasks, one per development agent, for one application; runs them at once if asked to.",
    "review_team": "Makes five tasks, one per reviewer, for one source text; runs them at once if asked to.",
    "custom_agent": "Makes two tasks, the design of a new agent type and its review; runs them at once if asked to.",
    "meta_workflow": "Makes two tasks, design and review, for each of several new agent types; runs them at once if asked to.",
    "describe_function": "Shows the JSON Schema of a function's arguments.",
    "versions": "Says which version of the component and of its contract this is.",
];

/// All functions, in a fixed order.
pub fn functions() -> Vec<DocumentFunction> {
    FUNCTIONS
        .iter()
        .map(|function| DocumentFunction {
            name: function.name.to_owned(),
            description: function.description.to_owned(),
            parameters: shown(function.name).to_string(),
        })
        .collect()
}

/// The function of a name, or a problem at `path`.
pub(super) fn known(function: &str, path: &str) -> Result<&'static Function, CallError> {
    FUNCTIONS.iter().find(|known| known.name == function).ok_or_else(|| {
        let names = FUNCTIONS.iter().map(|known| known.name);
        let hint = format!("the functions are {}", names.clone().collect::<Vec<_>>().join(", "));
        let problem = unknown_name("E_FUNCTION_UNKNOWN", path, "function", function, names, &hint);
        CallError::invalid(vec![problem])
    })
}

/// A function with the schema of its arguments.
pub(super) fn described(function: &str) -> Result<String, CallError> {
    let known = known(function, "/function")?;
    let parameters = shown(known.name);
    let described = json!({ "name": known.name, "description": known.description, "parameters": parameters });
    Ok(document::to_text(&described))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::documents::run_schema;
    use crate::documents::schemas::schema_of;
    use parallel_agents_engine::json::schema;

    #[test]
    fn every_schema_is_a_schema_and_shows_no_annotations() {
        for (function, listed) in FUNCTIONS.iter().zip(functions()) {
            let parameters: Value = serde_json::from_str(&listed.parameters).expect("JSON");
            assert_eq!(schema::faults(&parameters), [], "{}", function.name);
            assert!(schema_of(function.name).is_object() && !listed.parameters.contains("x-code"));
        }
        assert!(run_schema()["properties"]["tasks"]["items"]["properties"]["proof"].is_object());
    }

    /// Everything about a schema but its words, as one place and one rule a line.
    fn rules(schema: &Value, place: &str, found: &mut Vec<String>) {
        match schema {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                if !(name == "description" && field.is_string()) {
                    rules(field, &format!("{place}/{name}"), found);
                }
            }),
            Value::Array(items) => items.iter().for_each(|item| rules(item, place, found)),
            other => found.push(format!("{place}: {other}")),
        }
    }

    #[test]
    fn what_is_checked_is_what_is_shown() {
        for function in FUNCTIONS {
            let [mut checked, mut told] = [Vec::new(), Vec::new()];
            rules(&schema::published(&schema_of(function.name)), "", &mut checked);
            rules(&shown(function.name), "", &mut told);
            assert_eq!(checked, told, "{}", function.name);
        }
        assert!(!schema_of("run_tasks").to_string().contains("\"description\":\""), "words are left out");
    }
}
