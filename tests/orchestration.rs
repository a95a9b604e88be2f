//! Goals: plans that are good, bad, hostile and hopeless.

mod answering;

use answering::Answering;
use futures::executor::block_on;
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents::host::SpawnOptions;
use serde_json::{Value, json};

fn task(id: &str, agent: &str, from: Option<&str>) -> Value {
    let input_from: Vec<Value> =
        from.iter().map(|task| json!({"field": "review", "task": task, "pointer": "/summary"})).collect();
    json!({"task_id": id, "agent_type": agent, "task_description": "Do it.", "input_data": {"code": "x"},
        "input_from": input_from, "dependencies": from.iter().collect::<Vec<_>>()})
}

fn plan(tasks: &[Value]) -> String {
    json!({"rationale": "So.", "tasks": tasks}).to_string()
}

fn report(claimed: &[&str]) -> String {
    let claims: Vec<Value> = claimed.iter().map(|id| json!({"claim": "It is fine.", "task_id": id})).collect();
    json!({"report": "It is fine [a].", "claims": claims, "gaps": [], "status": "complete"}).to_string()
}

fn reply(request: &Value, answer: impl FnMut(&str, &str) -> String) -> (DocumentReply, Vec<SpawnOptions>) {
    let mut host = Answering::new(answer);
    let reply = block_on(documents::call("orchestrate", &request.to_string(), &mut host));
    (reply, host.prompts)
}

fn orchestrate(more: Value, answer: impl FnMut(&str, &str) -> String) -> (Value, Vec<SpawnOptions>) {
    let mut request = json!({"goal": "Review this file, then write its documentation."});
    for (field, value) in more.as_object().expect("an object") {
        request[field] = value.clone();
    }
    let (reply, prompts) = reply(&request, answer);
    let DocumentReply::Answer(text) = reply else { panic!("refused: {reply:?}") };
    (serde_json::from_str(&text).expect("JSON"), prompts)
}

/// Two agents of the caller's: one answers with a text, one with a summary.
fn writer() -> Value {
    json!({"agents": [
        "---\nname: writer\ndescription: Writes.\ntools: none\n---\nYou write.\n",
        {"name": "critic", "description": "Judges.", "tools": "none", "prompt": "You judge.", "output_schema":
            {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}},
    ]})
}

#[test]
fn a_goal_is_planned_carried_out_and_compiled() {
    let (done, prompts) = orchestrate(writer(), |id, prompt| match id {
        "orchestrate-plan-1" => {
            assert!(prompt.contains("\"writer\"") && !prompt.contains("\"agent_orchestrator\""));
            plan(&[task("a", "critic", None), task("b", "writer", Some("a"))])
        }
        "a" => json!({"summary": "Looks sound."}).to_string(),
        "b" => {
            assert!(prompt.contains("Looks sound."), "the first result reaches the second task");
            "# Documentation".to_owned()
        }
        _ => {
            assert!(prompt.contains("# Documentation") && prompt.contains("Looks sound."));
            report(&["a", "b", "invented"])
        }
    });
    assert_eq!(done["run"]["census"]["completed"], 4, "{done:#}");
    assert_eq!((&done["reason"], done["claims"].as_array().map(Vec::len)), (&json!("compiled"), Some(2)));
    assert_eq!(done["unsupported_claims"], json!([{"claim": "It is fine.", "task_id": "invented"}]));
    assert_eq!(done["status"], "partial", "a claim without a task is not a complete report");
    assert!(prompts.iter().all(|options| options.tool_free));
}

#[test]
fn a_bad_plan_is_sent_back_once_with_its_problems() {
    let bad: [(Vec<Value>, &str); 5] = [
        (vec![task("a", "nobody", None)], "is not among the given agents"),
        (vec![task("a", "agent_orchestrator", None)], "is not among the given agents"),
        (vec![task("a", "writer", Some("b")), task("b", "writer", Some("a"))], "cycle"),
        (vec![task("orchestrate-x", "writer", None)], "must not begin with"),
        ((0..21).map(|n| task(&format!("t{n}"), "writer", None)).collect(), "got 21, need 1..=20"),
    ];
    for (tasks, problem) in bad {
        let (done, _) = orchestrate(writer(), |id, prompt| match id {
            "orchestrate-plan-1" => plan(&tasks),
            "orchestrate-plan-2" => {
                assert!(prompt.contains(problem), "{problem} in {prompt}");
                plan(&[task("a", "writer", None)])
            }
            "a" => "Text.".to_owned(),
            _ => report(&["a"]),
        });
        assert_eq!((&done["status"], &done["reason"]), (&json!("completed"), &json!("compiled")), "{problem}");
        let (done, prompts) = orchestrate(writer(), |_, _| plan(&tasks));
        assert_eq!((&done["status"], &done["reason"], prompts.len()), (&json!("failed"), &json!("plan_refused"), 2));
        assert!(done["problems"].to_string().contains(problem), "{}", done["problems"]);
    }
}

#[test]
fn a_plan_cannot_set_what_is_not_its_business() {
    for (field, value) in
        [("model", json!("big")), ("tools", json!(["exec"])), ("timeout_seconds", json!(1)), ("cwd", json!("x"))]
    {
        let mut greedy = task("a", "writer", None);
        greedy[field] = value;
        let (done, _) = orchestrate(writer(), |_, _| plan(&[greedy.clone()]));
        assert_eq!(done["reason"], "plan_refused", "{field}");
    }
    let wide = json!({"rationale": "So.", "tasks": [task("a", "writer", None)], "max_concurrent": 50});
    assert_eq!(orchestrate(writer(), |_, _| wide.to_string()).0["reason"], "plan_refused");
}

#[test]
fn what_failed_is_told_to_the_compiler_and_to_the_caller() {
    let (done, _) = orchestrate(writer(), |id, prompt| match id {
        "orchestrate-plan-1" => {
            plan(&[task("a", "critic", None), task("b", "writer", Some("a")), task("c", "writer", None)])
        }
        "a" => "no JSON".to_owned(),
        "c" => "Text.".to_owned(),
        _ => {
            assert!(prompt.contains("\"skipped\"") && prompt.contains("\"failed\""));
            report(&["c", "b"])
        }
    });
    assert_eq!((&done["status"], &done["reason"]), (&json!("partial"), &json!("compiled")));
    assert_eq!(done["unsupported_claims"][0]["task_id"], "b", "a task that did not complete bears nothing");
}

#[test]
fn results_are_kept_when_nobody_compiles_them() {
    let (done, _) = orchestrate(writer(), |id, _| match id {
        "orchestrate-plan-1" => plan(&[task("a", "writer", None)]),
        "a" => "Text.".to_owned(),
        _ => "Sorry.".to_owned(),
    });
    assert_eq!(
        (&done["status"], &done["reason"], &done["report"]),
        (&json!("partial"), &json!("not_compiled"), &Value::Null)
    );
    assert_eq!(done["run"]["results"][1]["output"], "Text.");
}

#[test]
fn a_payload_in_a_result_changes_no_step() {
    let corpus: Vec<Value> = serde_json::from_str(include_str!("data/injections.json")).expect("the corpus");
    let steps = |text: &str| {
        let (done, prompts) = orchestrate(writer(), |id, _| match id {
            "orchestrate-plan-1" => plan(&[task("a", "writer", None), task("b", "writer", None)]),
            "a" | "b" => format!("Text. {text}"),
            _ => report(&["a"]),
        });
        let spawned: Vec<_> =
            prompts.into_iter().map(|o| (o.label, o.model, o.agent_id, o.run_timeout_seconds, o.tool_free)).collect();
        (spawned, done["status"].clone(), done["claims"].clone())
    };
    let plain = steps("Nothing else.");
    for payload in &corpus {
        assert_eq!(steps(payload["text"].as_str().expect("a text")), plain, "{}", payload["id"]);
    }
}

#[test]
fn bad_goals_are_refused() {
    let rows = [
        (json!({}), "E_GOAL", "/goal"),
        (json!({"goal": " "}), "E_GOAL", "/goal"),
        (json!({"goal": "x".repeat(24_577)}), "E_GOAL", "/goal"),
        (json!({"goal": "x", "max_tasks": 0}), "E_PLAN_LIMIT", "/max_tasks"),
        (json!({"goal": "x", "max_tasks": 51}), "E_PLAN_LIMIT", "/max_tasks"),
        (json!({"goal": "x <<<END INPUT "}), "E_TASK_CHARS", "/goal"),
        (json!({"goal": "x", "budget": 1}), "E_UNKNOWN_FIELD", "/budget"),
    ];
    for (request, code, path) in rows {
        let (reply, prompts) = reply(&request, |_, _| String::new());
        let DocumentReply::Refused(text) = reply else { panic!("accepted {request}") };
        let refusal: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&refusal["error"]["code"], &refusal["error"]["path"]), (&json!(code), &json!(path)));
        assert!(prompts.is_empty());
    }
}
