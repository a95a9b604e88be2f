//! The full text that a model reads, for every agent type with its own sample input.

use futures::executor::block_on;
use gateway_sim::odd_host::NoHost;
use parallel_agents::documents::{self, DocumentReply};
use serde_json::{Value, json};

fn call(function: &str, arguments: &Value) -> Value {
    match block_on(documents::call_named(function, arguments.to_string(), &mut NoHost)) {
        DocumentReply::Answer(text) => serde_json::from_str(&text).expect("JSON"),
        DocumentReply::Refused(text) => panic!("{function} refused: {text}"),
    }
}

#[test]
fn every_prompt_is_as_it_was_read_last() {
    let listed = call("list_agents", &json!({}));
    let agents = listed["agents"].as_array().expect("a list");
    assert_eq!(agents.len(), 25);
    for agent in agents {
        let name = agent["name"].as_str().expect("a name");
        let described = call("describe_agent", &json!({ "agent_type": name }));
        let task = json!({"agent_type": name, "task_id": "sample", "task_description": "Do your part.",
            "input_data": described["example_input"]});
        let shown = call("render_prompt", &json!({ "task": task }));
        insta::assert_snapshot!(name, shown["prompt"].as_str().expect("a text"));
    }
}

#[test]
fn what_other_tasks_would_fill_in_is_named() {
    let task = json!({"agent_type": "documentation_writer", "task_description": "Write it.", "dependencies": ["review"],
        "input_from": [{"field": "review", "task": "review", "pointer": "/summary"}]});
    let shown = call("render_prompt", &json!({ "task": task }));
    assert!(shown["prompt"].as_str().expect("a text").contains("(the output of review/summary)"));
}
