//! Agents that are made and used in the same call.

#![expect(clippy::disallowed_methods, reason = "definitions are files")]

use futures::executor::block_on;
use gateway_sim::answering;
use gateway_sim::odd_host::NoHost;
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::SpawnOptions;
use serde_json::{Value, json};

fn definition(name: &str) -> Value {
    json!({"name": name, "description": "Finds bugs.", "category": "custom", "tier": "economy", "tools": "inherit",
        "timeout_seconds": 60, "output_format": "json", "prompt": format!("You are {name}."), "input": "- `code`",
        "output_schema": {"type": "object", "required": ["found"]}, "example_input": {}})
}

fn made(name: &str) -> String {
    json!({"definition": definition(name), "rationale": "So.", "limits": ["Not for prose."], "open_questions": []})
        .to_string()
}

fn review(score: f64) -> String {
    json!({"overall_score": score, "issues": [], "verdict": "needs_work", "summary": "Judged.", "dimensions":
        {"clarity": 7, "completeness": 7, "correctness": 7, "safety": 7, "usability": 7, "testability": 7}})
    .to_string()
}

fn reply(request: &Value) -> (DocumentReply, Vec<SpawnOptions>) {
    // `bad_one` never becomes good; everybody else is at once.
    let done =
        answering::call("create_agents", &request.to_string(), |id, _| match id.split('-').collect::<Vec<_>>()[..] {
            [name, "create", _] => made(name),
            [name, _, "judge", _] => review(if name == "bad_one" { 5.0 } else { 9.0 }),
            [name, _, "refine", _] => json!({"draft": definition(name), "changes": [], "unresolved": []}).to_string(),
            _ => json!({"found": format!("the words of {id}")}).to_string(),
        });
    (done.reply, done.prompts)
}

fn create(request: &Value) -> (Value, Vec<SpawnOptions>) {
    let (reply, prompts) = reply(request);
    let DocumentReply::Answer(text) = reply else { panic!("refused: {reply:?}") };
    (serde_json::from_str(&text).expect("JSON"), prompts)
}

fn task(id: &str, agent: &str, on: &[&str]) -> Value {
    json!({"task_id": id, "agent_type": agent, "task_description": "Do it.", "dependencies": on})
}

fn agent_specs() -> Value {
    json!([{"name": "good_one", "purpose": "Find bugs"}, {"name": "bad_one", "purpose": "Find more"}])
}

/// Id, status and error code of the last results.
fn ends(report: &Value, count: usize) -> Vec<(String, String, Value)> {
    let results = report["run"]["results"].as_array().expect("results");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let last = results.iter().skip(results.len() - count);
    last.map(|r| (text(&r["task_id"]), text(&r["status"]), r["error"]["code"].clone())).collect()
}

#[test]
fn an_agent_works_in_the_run_that_made_it() {
    let mut second = task("second", "good_one", &["first"]);
    second["input_from"] = json!([{"field": "before", "task": "first", "pointer": "/found"}]);
    let request = json!({"new_agents": [agent_specs()[0]], "tasks": [task("first", "good_one", &[]), second]});
    let (report, prompts) = create(&request);
    assert_eq!((&report["status"], &report["run"]["status"]), (&json!("completed"), &json!("completed")), "{report:#}");
    let workers: Vec<&SpawnOptions> = prompts.iter().filter(|p| p.label.starts_with("good_one ")).collect();
    assert_eq!(workers.len(), 2);
    assert!(workers[0].task.contains("You are good_one.") && workers[1].task.contains("the words of first"));
    assert_eq!(workers[0].run_timeout_seconds, 60, "the definition's own");
    assert!(prompts.iter().all(|prompt| prompt.tool_free), "its definition wants tools, and nobody has read it yet");
    assert_eq!(report["registry"][0]["definition"]["tools"], "inherit", "the definition itself stays as it was judged");
}

#[test]
fn what_was_not_good_enough_is_not_used_and_every_task_has_its_result() {
    let tasks = [
        task("a", "bad_one", &[]),
        task("b", "good_one", &[]),
        task("c", "code_reviewer", &["a"]),
        task("d", "good_one", &["c"]),
        json!({"agent_type": "good_one", "task_description": "Do it.", "dependencies": ["b"]}),
    ];
    let (report, prompts) = create(&json!({"new_agents": agent_specs(), "tasks": tasks}));
    let row = |id: &str, status: &str, code: Value| (id.to_owned(), status.to_owned(), code);
    assert_eq!(
        ends(&report, 5),
        [
            row("a", "skipped", json!("E_AGENT_NOT_PROMOTED")),
            row("b", "completed", Value::Null),
            row("c", "skipped", json!("E_DEP_FAILED")),
            row("d", "skipped", json!("E_DEP_FAILED")),
            row("task-5", "completed", Value::Null),
        ]
    );
    let (run, census) = (&report["run"], &report["run"]["census"]);
    assert_eq!(
        (&report["status"], &run["status"], &census["skipped"]),
        (&json!("partial"), &json!("partial"), &json!(3))
    );
    assert_eq!(census["tasks"], run["results"].as_array().map_or(0, Vec::len));
    assert!(!prompts.iter().any(|prompt| prompt.label.starts_with("bad_one ")));
    let last_judge = prompts.iter().rposition(|prompt| prompt.label.contains("-judge-")).expect("a judge");
    let first_task = prompts.iter().position(|prompt| prompt.label.starts_with("good_one b ")).expect("the task");
    assert!(last_judge < first_task, "tasks begin when every agent is made");
}

#[test]
fn a_registry_that_was_handed_over_can_be_used_and_keeps_its_tools() {
    let (first, _) = create(&json!({"new_agents": [agent_specs()[0]]}));
    let request = json!({"new_agents": [{"name": "other_one", "purpose": "Help"}], "registry": first["registry"],
        "tasks": [task("a", "good_one", &[]), task("b", "other_one", &[])]});
    let (report, prompts) = create(&request);
    assert_eq!(report["status"], "completed", "{report:#}");
    let tool_free = |label: &str| prompts.iter().find(|p| p.label.starts_with(label)).map(|p| p.tool_free);
    assert_eq!((tool_free("good_one a"), tool_free("other_one b")), (Some(false), Some(true)));
}

#[test]
fn a_schema_of_the_task_goes_before_the_form_that_the_agent_prefers() {
    let mut wanted = task("a", "good_one", &[]);
    wanted["output_schema"] = json!({"type": "object", "required": ["found"]});
    let (report, _) = create(&json!({"new_agents": [agent_specs()[0]], "tasks": [wanted]}));
    assert_eq!(report["run"]["results"][2]["output"], json!({"found": "the words of a"}));
}

#[test]
fn bad_tasks_are_refused_before_anything_is_made() {
    let task = |id: &str, agent: &str| task(id, agent, &[]);
    let mut dear = task("a", "good_one");
    dear["timeout_seconds"] = json!(2_000);
    let rows = [
        (json!([task("a", "nobody")]), "E_AGENT_UNKNOWN", "/tasks/0/agent_type"),
        (json!([task("a", "good_one"), task("a", "good_one")]), "E_ID_DUPLICATE", "/tasks/1/task_id"),
        (json!([task("good_one-create-1", "good_one")]), "E_ID_RESERVED", "/tasks/0/task_id"),
        (json!([task("good_one-r1-judge-1", "good_one")]), "E_ID_RESERVED", "/tasks/0/task_id"),
        (json!([dear]), "E_TIMEOUT_GT_DEADLINE", "/tasks/0/timeout_seconds"),
        (
            json!([{"agent_type": "good_one", "task_description": "x", "colour": 1}]),
            "E_UNKNOWN_FIELD",
            "/tasks/0/colour",
        ),
        (json!([1]), "E_TASK_TYPE", "/tasks/0"),
        (json!([]), "E_TASK_COUNT", "/tasks"),
    ];
    for (tasks, code, path) in rows {
        let (reply, prompts) = reply(&json!({"new_agents": [agent_specs()[0]], "tasks": tasks}));
        let DocumentReply::Refused(text) = reply else { panic!("accepted {tasks}") };
        let refusal: Value = serde_json::from_str(&text).expect("JSON");
        let told: Vec<(&Value, &Value)> =
            refusal["errors"].as_array().expect("a list").iter().map(|e| (&e["code"], &e["path"])).collect();
        assert_eq!(told, [(&json!(code), &json!(path))], "{tasks}");
        assert!(prompts.is_empty());
    }
}

#[test]
fn a_registry_whose_definitions_cannot_be_used_is_refused() {
    let (first, _) = create(&json!({"new_agents": [agent_specs()[0]]}));
    let entry = &first["registry"][0];
    let mut renamed = entry.clone();
    renamed["name"] = json!("another");
    let mut changed = entry.clone();
    changed["definition"]["prompt"] = json!("You are somebody else.");
    for bad in [renamed, changed] {
        let (reply, _) = reply(&json!({"new_agents": [agent_specs()[1]], "registry": [bad]}));
        assert!(matches!(&reply, DocumentReply::Refused(text) if text.contains("E_REGISTRY")), "{reply:?}");
    }
}

fn call(function: &str, arguments: &Value) -> Result<Value, Value> {
    match block_on(documents::call_named(function, arguments.to_string(), &mut NoHost)) {
        DocumentReply::Answer(text) => Ok(serde_json::from_str(&text).expect("JSON")),
        DocumentReply::Refused(text) => Err(serde_json::from_str(&text).expect("JSON")),
    }
}

#[test]
fn a_definition_has_two_forms_that_say_the_same() {
    let (report, _) = create(&json!({"new_agents": [agent_specs()[0]]}));
    let entry = &report["registry"][0];
    let from_object = call("definition_file", &json!({"definition": entry["definition"]})).expect("good");
    assert_eq!((&from_object["hash"], &from_object["definition"]), (&entry["hash"], &entry["definition"]));
    let from_file = call("definition_file", &json!({"definition": from_object["file"]})).expect("good");
    assert_eq!(from_file, from_object);
    // Every built-in type has both forms too: what is described can be written down.
    let listed = call("list_agents", &json!({})).expect("a list");
    for agent in listed["agents"].as_array().expect("a list") {
        let name = agent["name"].as_str().expect("a name");
        let text = std::fs::read_to_string(format!("{}/prompts/agents/{name}.md", env!("CARGO_MANIFEST_DIR")));
        let forms = call("definition_file", &json!({"definition": text.expect("a file")})).expect("good");
        let again = call("definition_file", &json!({"definition": forms["definition"]})).expect("good");
        assert_eq!(again, forms, "{name}");
    }
}

#[test]
fn what_has_no_text_form_is_told() {
    let mut bad = definition("good_one");
    bad["prompt"] = json!("Do it.\n\n# Input\n\nNothing.");
    let refusal = call("definition_file", &json!({ "definition": bad })).expect_err("bad");
    assert_eq!(
        (&refusal["error"]["code"], &refusal["error"]["path"]),
        (&json!("E_AGENT_DEFINITION"), &json!("/definition"))
    );
    // A creator that writes such a one is told so, and asked once more.
    let request = json!({"new_agents": [agent_specs()[0]]}).to_string();
    let done = answering::call("create_agents", &request, |id, prompt| match id {
        "good_one-create-1" => {
            json!({"definition": bad, "rationale": "So.", "limits": ["Not for prose."], "open_questions": []})
                .to_string()
        }
        "good_one-create-2" => {
            assert!(prompt.contains("prompt: has no text form"), "{prompt}");
            let mut padded = definition("good_one");
            padded["prompt"] = json!("You are good_one.\n");
            json!({"definition": padded, "rationale": "So.", "limits": ["Not for prose."], "open_questions": []})
                .to_string()
        }
        _ => review(9.0),
    });
    let DocumentReply::Answer(text) = done.reply else { panic!("refused") };
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let entry = &report["registry"][0];
    assert_eq!(entry["definition"]["prompt"], "You are good_one.", "kept as it can be written down");
    let forms = call("definition_file", &json!({"definition": entry["definition"]})).expect("good");
    assert_eq!(forms["hash"], entry["hash"]);
}
