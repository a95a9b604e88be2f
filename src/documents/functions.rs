//! The functions that callers use: their names, what they are for, and what they take.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::schemas::{self, Texts, texts};
use super::{DocumentReply, reply};
use parallel_agents_engine::problem::{CallError, unknown_name};
use parallel_agents_engine::report::document;

/// A function as callers are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionInfo {
    /// In snake case, for example `run_tasks`.
    pub name: String,
    /// For a person or a model that has to choose.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: String,
}

macro_rules! functions {
    ($($case:ident, $name:literal: $description:literal),* $(,)?) => {
        /// A function. Each takes a JSON document and gives one; `wit/functions.wit` says what it does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "wit/functions.wit documents every function once")]
        pub enum Function {
            $($case),*
        }

        impl Function {
            /// All functions, in a fixed order.
            pub const ALL: &[Self] = &[$(Self::$case),*];

            /// Snake case, as callers write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$case => $name),* }
            }

            const fn description(self) -> &'static str {
                match self { $(Self::$case => $description),* }
            }

            const fn texts(self) -> Texts {
                match self { $(Self::$case => texts!($name)),* }
            }

            /// Where its schema is kept once it has been read.
            fn read(self) -> &'static OnceLock<Value> {
                match self { $(Self::$case => {
                    static READ: OnceLock<Value> = OnceLock::new();
                    &READ
                }),* }
            }
        }
    };
}

functions![
    RunTasks, "run_tasks": "Runs tasks in parallel, each in a session of its own, and returns one checked result per task.",
    MapTasks, "map_tasks": "Does the same with each of up to 10,000 items: one template of one or more tasks, an answer for each item, and one made of all if asked for.",
    RunIterativeRefinement, "run_iterative_refinement": "Judges drafts and improves them until they reach a score, or until going on does not help.",
    CreateAgents, "create_agents": "Makes new agent types, has each judged and improved, returns a registry of those that passed, and runs tasks with them.",
    Orchestrate, "orchestrate": "Reaches a goal: an agent plans tasks and new agents, they are made and run, and an agent compiles the report.",
    SpawnWithRetry, "spawn_with_retry": "Runs one task and tries it again for reasons that pass.",
    SpawnWithModelHierarchy, "spawn_with_model_hierarchy": "Runs one task with the cheapest model that may do it, and with better ones if its answer is not good enough.",
    SpawnParallelWithRetry, "spawn_parallel_with_retry": "Runs tasks in parallel and tries each again for reasons that pass.",
    CollectResults, "collect_results": "Reads the answers of sessions that were spawned elsewhere, and waits for them if asked to.",
    ForecastRun, "forecast_run": "Says how many sessions a run may need and what they may cost, without spawning any.",
    CheckApproval, "check_approval": "Says what a call of any function may need and cost, and whether somebody has to agree to it first; spawns nothing.",
    FillRequest, "fill_request": "Checks a saved request and lists its parameters; with values, gives the call that it becomes.",
    ResultDigest, "result_digest": "Shortens a result so that it fits into a conversation, or makes a table of it for people; nothing is cut silently.",
    ResultPage, "result_page": "Reads a part of one task's output from a report.",
    ExplainTask, "explain_task": "Tells the story of one task from a report: why it waited, climbed or failed.",
    ListAgents, "list_agents": "Lists the agent types, all or those of one category.",
    DescribeAgent, "describe_agent": "Shows one agent type: its prompt, the input it expects, and the schema of its answer.",
    RenderPrompt, "render_prompt": "Shows the prompt that a task's session would be given, without spawning it.",
    DefinitionFile, "definition_file": "Shows an agent type in both of its forms, as the text of a file and as an object, with its hash.",
    ContentTeam, "content_team": "Makes five tasks, one per content writer, on one topic; runs them at once if asked to.",
    DevelopmentTeam, "development_team": "Makes five tasks, one per development agent, for one application; runs them at once if asked to.",
    ReviewTeam, "review_team": "Makes five tasks, one per reviewer, for one source text; runs them at once if asked to.",
    CustomAgent, "custom_agent": "Makes two tasks, the design of a new agent type and its review; runs them at once if asked to.",
    MetaWorkflow, "meta_workflow": "Makes two tasks, design and review, for each of several new agent types; runs them at once if asked to.",
    DescribeFunction, "describe_function": "Shows the JSON Schema of a function's arguments.",
    Versions, "versions": "Says which version of the component and of its contract this is.",
];

impl Function {
    /// The function of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|function| function.name() == name)
    }

    /// The schema of its arguments, for checking them. It is read by the first call of a process or an instance; in a run of 20 tasks
    /// that is a fifth of what the engine does.
    pub(super) fn schema(self) -> &'static Value {
        self.read().get_or_init(|| schemas::for_checks(self.texts()))
    }

    /// The same as callers are shown it.
    fn shown_schema(self) -> Value {
        schemas::for_callers(self.texts())
    }

    /// What callers are told of it.
    pub fn info(self) -> FunctionInfo {
        FunctionInfo {
            name: self.name().to_owned(),
            description: self.description().to_owned(),
            parameters: self.shown_schema().to_string(),
        }
    }
}

/// All functions, in a fixed order.
pub fn functions() -> Vec<FunctionInfo> {
    Function::ALL.iter().map(|function| function.info()).collect()
}

/// The function of a name, or a problem at `path`.
pub(super) fn known(name: &str, path: &str) -> Result<Function, CallError> {
    Function::named(name).ok_or_else(|| unknown(name, path))
}

fn unknown(name: &str, path: &str) -> CallError {
    let names = Function::ALL.iter().map(|function| function.name());
    let hint = format!("the functions are {}", names.clone().collect::<Vec<_>>().join(", "));
    CallError::invalid(vec![unknown_name("E_FUNCTION_UNKNOWN", path, "function", name, names, &hint)])
}

/// The refusal of a name that no function has. The caller has found out that none has it.
pub fn refuse_name(name: &str) -> DocumentReply {
    reply(Err(unknown(name, "")))
}

/// A function with the schema of its arguments.
pub(super) fn described(name: &str) -> Result<String, CallError> {
    let function = known(name, "/function")?;
    let parameters = function.shown_schema();
    let described = json!({ "name": name, "description": function.description(), "parameters": parameters });
    Ok(document::to_text(&described))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::run_schema;
    use parallel_agents_engine::json::schema;

    #[test]
    fn every_schema_is_a_schema_and_shows_no_annotations() {
        for (function, listed) in Function::ALL.iter().zip(functions()) {
            let parameters: Value = serde_json::from_str(&listed.parameters).expect("JSON");
            assert_eq!(schema::faults(&parameters), [], "{function:?}");
            assert!(function.schema().is_object() && !listed.parameters.contains("x-code"));
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
        for function in Function::ALL {
            let [mut checked, mut told] = [Vec::new(), Vec::new()];
            rules(&schema::published(function.schema()), "", &mut checked);
            rules(&function.shown_schema(), "", &mut told);
            assert_eq!(checked, told, "{function:?}");
        }
        assert!(!Function::RunTasks.schema().to_string().contains("\"description\":\""), "words are left out");
    }
}
