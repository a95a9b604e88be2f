//! Teams and workflows: the component does what the engine does without it.

use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};

use crate::component::{assert_same_trace, component};

fn simulation() -> Simulation {
    Simulation::new(Script::bundled(), 3, SimulationOptions::default())
}

/// A request with what holds for all of its sessions.
fn limited(mut request: Value) -> Value {
    for (field, value) in [("max_concurrent", json!(3)), ("cleanup", json!("delete")), ("retries", json!(2))] {
        request[field] = value;
    }
    request
}

fn agent_spec(name: &str) -> Value {
    json!({ "name": name, "purpose": "Read logs", "domain": "office" })
}

/// What both give back, after runs that were the same.
async fn both(function: &str, request: Value) -> Value {
    let request = limited(request).to_string();
    let guest = component().await.call(function, &request, simulation(), &Clock::virtual_time()).await;
    let native = native::call(function, &request, simulation(), &Clock::virtual_time()).await;
    assert_same_trace(native.backend.trace(), guest.backend.trace(), function);
    for called in [&guest, &native] {
        assert_eq!(called.backend.checker().violations(), [], "{function}");
        assert!(called.backend.checker().spawn_calls() > 0, "{function}");
    }
    assert_eq!(guest.result.as_ref().ok(), native.result.as_ref().ok(), "{function}");
    let reply = match &guest.result {
        Ok(DocumentReply::Answer(text)) => serde_json::from_str(text).expect("JSON"),
        other => panic!("{function}: {other:?}"),
    };
    let file = match function {
        "run_iterative_refinement" => "refinement",
        "create_agents" => "creation",
        "orchestrate" => "orchestration",
        _ => "report",
    };
    is_described(&reply, &schema(file), function);
    reply
}

fn schema(file: &str) -> Value {
    let path = format!("{}/../schemas/results/{}.json", env!("CARGO_MANIFEST_DIR"), file.trim_end_matches(".json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every member of a reply stands in the schema of its kind.
fn is_described(value: &Value, described: &Value, place: &str) {
    let named = described["$ref"].as_str().map(schema);
    let properties = [described, named.as_ref().unwrap_or(&Value::Null)].map(|schema| schema["properties"].clone());
    match value {
        Value::Object(fields) if properties.iter().any(Value::is_object) => {
            for (name, field) in fields {
                let found = properties.iter().find_map(|properties| properties.get(name));
                let found = found.unwrap_or_else(|| panic!("{place}/{name} is in no schema"));
                is_described(field, found, &format!("{place}/{name}"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| is_described(item, &described["items"], place)),
        _ => {}
    }
}

#[tokio::test]
async fn teams_can_be_run() {
    let teams = [
        ("content_team", json!({ "topic": "tides", "platform": "bluesky", "run": true }), 5),
        ("development_team", json!({ "app_name": "Beacon", "features": ["login"], "run": true }), 5),
        ("review_team", json!({ "code": "let x = 1;", "file": "x.rs", "run": true }), 5),
        ("meta_workflow", json!({ "purposes": [agent_spec("log_reader"), agent_spec("note_sorter")], "run": true }), 4),
    ];
    for (function, request, tasks) in teams {
        let reply = both(function, request).await;
        let end = (&reply["status"], &reply["census"]["completed"]);
        assert_eq!(end, (&json!("completed"), &json!(tasks)), "{function}");
    }
}

#[tokio::test]
async fn drafts_can_be_refined() {
    let draft = json!({ "name": "notice", "draft": "The library opens at ten.", "kind": "notice",
        "rubric": "Clear at first reading." });
    let request = json!({ "drafts": [draft], "target_score": 8.25, "judges": 3, "max_rounds": 4 });
    let reply = both("run_iterative_refinement", request).await;
    assert_eq!(reply["status"], "completed");
    assert!(reply["drafts"][0]["history"].as_array().is_some_and(|rounds| rounds.len() > 1), "{reply:#}");
}

#[tokio::test]
async fn agents_can_be_created_and_used() {
    let task = json!({ "agent_type": "log_reader", "task_description": "Read this.",
        "input_data": { "material": "10:02 queue is full" } });
    let reply = both("create_agents", json!({ "new_agents": [agent_spec("log_reader")], "tasks": [task] })).await;
    assert_eq!((&reply["status"], &reply["created"][0]["promotion"]), (&json!("completed"), &json!("promoted")));

    // The registry that came back goes into the next call, and its agent type works there with nothing new.
    let request = json!({ "new_agents": [agent_spec("log_reader")], "registry": reply["registry"] });
    let again = both("create_agents", request).await;
    assert_eq!((&again["created"][0]["promotion"], &again["registry"]), (&json!("unchanged"), &reply["registry"]));
}

#[tokio::test]
async fn goals_can_be_reached() {
    for goal in [
        "Create 2 new agents and make sure that all score 8.5 or more.",
        "Review this file, then write its documentation.\n\nlet x = 1;",
    ] {
        let reply = both("orchestrate", json!({ "goal": goal, "max_tasks": 4 })).await;
        assert_eq!((&reply["status"], &reply["reason"]), (&json!("completed"), &json!("compiled")), "{goal}");
    }
}
