//! What is compared: the examples of the documentation, the files in `xtask/scenarios`, and a review of this repository.
//!
//! Not here: failures that OpenClaw tries again by itself, in the same session, where the simulator's sessions simply fail
//! (HTTP 429 and 5xx; `faults` has them), and 401, after which OpenClaw asks that provider nothing more for minutes.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::workspace;

use super::super::bench::json_file;

/// The documentation's examples, and the functions that its commands give them to.
const EXAMPLES: [(&str, &str); 10] = [
    ("1-content-team", "run_tasks"),
    ("2-development-team", "run_tasks"),
    ("3-review-team", "run_tasks"),
    ("4-create-agents", "create_agents"),
    ("5-mass-creation", "meta_workflow"),
    ("6-create-and-use", "create_agents"),
    ("workflow-1-simple-creation", "meta_workflow"),
    ("workflow-2-iterative-refinement", "run_iterative_refinement"),
    ("workflow-3-orchestration", "orchestrate"),
    ("workflow-4-agents-to-order", "orchestrate"),
];

const SCENARIOS: &str = "xtask/scenarios";

/// Reviewed on both sides.
const FILE: &str = "engine/src/task/spec.rs";

/// A request and the agents that it meets.
pub struct Case {
    /// Of its file, without the ending.
    pub name: String,
    /// What it is about, in some words.
    pub title: String,
    /// The function of the component.
    pub function: String,
    /// What it takes.
    pub request: Value,
    /// What agents answer. None: the bundled script.
    pub script: Option<Value>,
}

impl Case {
    /// Whether the function names tasks that follow from the results of others.
    pub fn follows_up(&self) -> bool {
        ["run_iterative_refinement", "create_agents", "orchestrate"].contains(&self.function.as_str())
    }

    /// Whether its sessions are to be gone afterwards.
    pub fn deletes(&self) -> bool {
        self.request.get("cleanup") == Some(&json!("delete"))
    }

    /// The tool for it, and that tool's arguments.
    pub fn call(&self) -> (&'static str, Value) {
        let request = self.request.clone();
        let tool = match self.function.as_str() {
            "run_tasks" => "parallel_agents_run",
            "run_iterative_refinement" => "parallel_agents_refine",
            "create_agents" => "parallel_agents_create",
            "orchestrate" => "parallel_agents_orchestrate",
            function => {
                let Some(team) = function.strip_suffix("_team") else {
                    return ("parallel_agents_call", json!({ "function": function, "arguments": request }));
                };
                let mut request = request;
                if let Some(fields) = request.as_object_mut() {
                    fields.insert("team".to_owned(), team.into());
                }
                return ("parallel_agents_team", request);
            }
        };
        (tool, request)
    }
}

/// All of them, in an order that stays.
///
/// # Errors
/// If a file cannot be read.
pub fn all() -> Result<Vec<Case>> {
    let code = fs::read_to_string(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let request = json!({ "code": code, "file": FILE, "run": true });
    let title = format!("Five reviewers read {FILE}");
    let review = Case { name: "review".to_owned(), title, function: "review_team".to_owned(), request, script: None };
    let examples = EXAMPLES.iter().map(|(name, function)| {
        let request = json_file(&format!("skill/examples/{name}.json"))?;
        let title = "An example of the documentation".to_owned();
        Ok(Case { name: (*name).to_owned(), title, function: (*function).to_owned(), request, script: None })
    });
    let names = names()?;
    std::iter::once(Ok(review)).chain(examples).chain(names.iter().map(|name| scenario(name))).collect()
}

fn names() -> Result<Vec<String>> {
    let directory = fs::read_dir(workspace::root().join(SCENARIOS)).context("cannot read the scenarios")?;
    let mut names = Vec::new();
    for entry in directory {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".json").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn scenario(name: &str) -> Result<Case> {
    let file = json_file(&format!("{SCENARIOS}/{name}.json"))?;
    let function = file.get("function").and_then(Value::as_str).unwrap_or("run_tasks").to_owned();
    let request = file.get("request").cloned().with_context(|| format!("{name} has no request"))?;
    let title = file.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Case { name: name.to_owned(), title, function, request, script: file.get("script").cloned() })
}
