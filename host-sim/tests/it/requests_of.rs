//! Requests of some size, as documents.

use serde_json::{Value, json};

/// `count` independent tasks; `more` is the rest of the request as members of a JSON object.
pub fn many(count: usize, more: &str) -> String {
    request((1..=count).map(|n| task(n, &[])).collect(), more)
}

/// `count` tasks, each of which depends on the one before.
pub fn chain(count: usize, more: &str) -> String {
    request(
        (1..=count).map(|n| task(n, &if n == 1 { vec![] } else { vec![format!("step-{}", n - 1)] })).collect(),
        more,
    )
}

fn task(n: usize, dependencies: &[String]) -> Value {
    let agents = ["content_writer_funny", "code_reviewer", "api_designer"];
    json!({
        "task_id": format!("step-{n}"),
        "agent_type": agents[n % agents.len()],
        "task_description": format!("Do part {n} of the work."),
        "input_data": { "topic": "lighthouses", "code": "let x = 1;", "project_name": "Beacon" },
        "dependencies": dependencies,
    })
}

fn request(tasks: Vec<Value>, more: &str) -> String {
    let tasks = Value::from(tasks);
    let comma = if more.is_empty() { "" } else { ", " };
    format!("{{\"tasks\": {tasks}{comma}{more}}}")
}
