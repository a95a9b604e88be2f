//! Requests that are refused, and a host that must not hear of them.

#![allow(dead_code, reason = "each test program uses a part of it")]

use futures::executor::block_on;
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents::host::{Command, Event, Host};
use parallel_agents::problem::CallError;
use serde_json::{Value, json};

/// A host that must not be called.
pub struct NoHost;

impl Host for NoHost {
    fn perform(&mut self, command: Command) {
        panic!("a bad request reached the host: {command:?}");
    }

    async fn next_event(&mut self, _until_ms: Option<u64>) -> Result<Event, CallError> {
        panic!("a bad request reached the host");
    }
}

/// The refusal of a request, as JSON.
pub fn refusal(function: &str, arguments: &str) -> Value {
    match block_on(documents::call(function, arguments, &mut NoHost)) {
        DocumentReply::Refused(text) => serde_json::from_str(&text).expect("a refusal is JSON"),
        DocumentReply::Answer(text) => panic!("{function} accepted {arguments}: {text}"),
    }
}

/// Code and place of each problem.
pub fn problems(function: &str, arguments: &str) -> Vec<(String, String)> {
    let refusal = refusal(function, arguments);
    assert_eq!(refusal["error"], refusal["errors"][0]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let listed = refusal["errors"].as_array().expect("a list").iter().map(|problem| {
        assert!(text(&problem["message"]).chars().count() <= 300 && problem["retryable"] == json!(false));
        (text(&problem["code"]), text(&problem["path"]))
    });
    listed.collect()
}

/// Each request for `run_tasks` has exactly one problem: its code and its place.
pub fn check(rows: &[(&str, Value, &str, &str)]) {
    for (what, request, code, path) in rows {
        assert_eq!(problems("run_tasks", &request.to_string()), [((*code).to_owned(), (*path).to_owned())], "{what}");
    }
}

/// A good task.
pub fn task() -> Value {
    json!({"agent_type": "code_reviewer", "task_description": "Review it."})
}

/// A request with one task, and one field of it replaced.
pub fn with(field: &str, value: Value) -> Value {
    let mut task = task();
    task[field] = value;
    json!({ "tasks": [task] })
}

/// A request with one good task, and one field of the run replaced.
pub fn run_with(field: &str, value: Value) -> Value {
    json!({ "tasks": [task()], field: value })
}
