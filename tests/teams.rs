//! Ready-made teams: as tasks that may be edited, and run at once.

use gateway_sim::answering;
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::SpawnOptions;
use serde_json::{Value, json};

fn reply(function: &str, arguments: &Value) -> (DocumentReply, Vec<SpawnOptions>) {
    let done = answering::call(function, &arguments.to_string(), |id, _| answer(id));
    (done.reply, done.prompts)
}

#[track_caller]
fn call(function: &str, arguments: &Value) -> (Value, Vec<SpawnOptions>) {
    match reply(function, arguments) {
        (DocumentReply::Answer(text), prompts) => (serde_json::from_str(&text).expect("JSON"), prompts),
        (DocumentReply::Refused(text), _) => panic!("{function} refused {arguments}: {text}"),
    }
}

/// What the creator and the reviewer answer; everybody else says something that fits no schema.
fn answer(id: &str) -> String {
    if id.ends_with("-create") {
        let definition = json!({"name": "bug_hunter", "description": "Finds bugs.", "category": "custom",
            "tier": "economy", "tools": "none", "timeout_seconds": 60, "output_format": "json",
            "prompt": "Hunt them down.", "input": "- `code`: the code", "output_schema": {"type": "object"},
            "example_input": {}});
        return json!({"definition": definition, "rationale": "It is narrow.", "limits": ["Not for prose."],
            "open_questions": []})
        .to_string();
    }
    json!({"overall_score": 7.0, "issues": [], "verdict": "needs_work", "summary": "Judged.", "dimensions":
        {"clarity": 7, "completeness": 7, "correctness": 7, "safety": 7, "usability": 7, "testability": 7}})
    .to_string()
}

const AGENT_SPEC: &str =
    r#"{"name": "bug_hunter", "purpose": "Find bugs", "domain": "QA", "capabilities": ["reading"]}"#;

/// Function, arguments, number of tasks.
fn teams() -> [(&'static str, Value, usize); 5] {
    let agent_spec: Value = serde_json::from_str(AGENT_SPEC).expect("JSON");
    let mut other = agent_spec.clone();
    other["name"] = json!("idea_hunter");
    [
        ("content_team", json!({"topic": "tides", "platform": "bluesky"}), 5),
        ("development_team", json!({"app_name": "Beacon", "features": ["login"]}), 5),
        ("review_team", json!({"code": "let x = 1;", "file": "x.rs"}), 5),
        ("custom_agent", agent_spec.clone(), 2),
        ("meta_workflow", json!({"purposes": [agent_spec, other]}), 4),
    ]
}

#[test]
fn what_a_team_returns_is_a_request_for_run_tasks() {
    for (function, mut arguments, count) in teams() {
        for (field, value) in [
            ("max_concurrent", json!(2)),
            ("deadline_seconds", json!(900)),
            ("cleanup", json!("keep")),
            ("model", json!("big")),
            ("thinking", json!("low")),
            ("task_timeout_seconds", json!(700)),
        ] {
            arguments[field] = value;
        }
        let (request, prompts) = call(function, &arguments);
        assert!(prompts.is_empty(), "{function} only makes tasks");
        assert_eq!(request["tasks"].as_array().map(Vec::len), Some(count), "{function}");
        let (by_hand, by_hand_prompts) = call("run_tasks", &request);
        arguments["run"] = json!(true);
        let (at_once, at_once_prompts) = call(function, &arguments);
        assert_eq!(at_once, by_hand, "{function}");
        assert_eq!(at_once["results"].as_array().map(Vec::len), Some(count), "{function}");
        assert!(at_once_prompts == by_hand_prompts && at_once_prompts.len() >= count, "{function}");
        // Of the two tasks for one agent, the second waits for the first.
        assert_eq!(at_once["peak_in_flight"], if count == 2 { 1 } else { 2 }, "{function}");
        for prompt in &at_once_prompts {
            assert_eq!((prompt.model.as_deref(), prompt.thinking.as_deref()), (Some("big"), Some("low")), "{function}");
            assert_eq!(prompt.run_timeout_seconds, 700, "{function}");
        }
    }
}

#[test]
fn without_limits_the_request_holds_tasks_only() {
    for (function, mut arguments, _) in teams() {
        arguments["run"] = json!(false);
        let (request, prompts) = call(function, &arguments);
        let fields: Vec<&str> = request.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!((fields, prompts.len()), (vec!["tasks"], 0), "{function}");
    }
}

#[test]
fn the_reviewer_is_given_the_definition_itself() {
    let mut arguments: Value = serde_json::from_str(AGENT_SPEC).expect("JSON");
    arguments["run"] = json!(true);
    let (report, prompts) = call("custom_agent", &arguments);
    assert_eq!(report["status"], "completed", "{report:#}");
    assert!(prompts.iter().all(|prompt| prompt.tool_free), "neither needs tools");
    assert!(prompts[0].task.contains("Find bugs") && prompts[0].task.contains("reading"), "what the agent is for");
    assert!(
        prompts[1].task.contains("Hunt them down.") && !prompts[1].task.contains("It is narrow."),
        "the definition"
    );
}

#[test]
fn bad_agent_specs_are_refused_with_their_places() {
    let agent_spec = |name: &str| json!({"name": name, "purpose": "Find bugs"});
    let rows = [
        ("custom_agent", json!({"name": "bug_hunter"}), "E_AGENT_PURPOSE", "/purpose"),
        ("custom_agent", agent_spec("Bug hunter"), "E_ID_FORMAT", "/name"),
        ("custom_agent", agent_spec("main"), "E_AGENT_RESERVED", "/name"),
        ("custom_agent", agent_spec("code_reviewer"), "E_AGENT_EXISTS", "/name"),
        ("meta_workflow", json!({"purposes": []}), "E_AGENT_COUNT", "/purposes"),
        (
            "meta_workflow",
            json!({"purposes": [agent_spec("a"), agent_spec("a")]}),
            "E_ID_DUPLICATE",
            "/purposes/1/name",
        ),
        ("create_agents", json!({"new_agents": [agent_spec("code_reviewer")]}), "E_AGENT_EXISTS", "/new_agents/0/name"),
        (
            "custom_agent",
            json!({"name": "a", "purpose": "b", "max_concurrent": 2001}),
            "E_CONCURRENCY",
            "/max_concurrent",
        ),
        ("content_team", json!({"topic": "a", "platform": "b", "run": "yes"}), "E_TYPE", "/run"),
    ];
    for (function, arguments, code, path) in rows {
        let (reply, prompts) = reply(function, &arguments);
        let DocumentReply::Refused(text) = reply else { panic!("{function} accepted {arguments}") };
        let refusal: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&refusal["error"]["code"], &refusal["error"]["path"]), (&json!(code), &json!(path)), "{arguments}");
        assert!(prompts.is_empty());
    }
}
