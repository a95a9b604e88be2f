//! Goals: plans that are good, bad, hostile and hopeless.

mod improved;
mod replans;
mod setup;

use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};

use setup::{orchestrate, plan, plan_with, reply, report, task, writer};

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
    let corpus: Vec<Value> = serde_json::from_str(include_str!("../data/injections.json")).expect("the corpus");
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
fn what_a_plan_may_ask_for_is_bounded_by_the_request() {
    let agent_spec = |name: &str| json!({"name": name, "purpose": "Help"});
    let mut judged = task("a", "writer", None);
    judged["rubric"] = json!("Clear.");
    let judged = |count: usize| {
        let one = |n: usize| {
            let mut task = judged.clone();
            task["task_id"] = json!(format!("t{n}"));
            task
        };
        (0..count).map(one).collect::<Vec<_>>()
    };
    let mut replacing = task("a", "writer", None);
    replacing["replaces"] = json!(["b"]);
    let rows: [(Vec<Value>, Value, &str); 9] = [
        (vec![], json!({}), "neither tasks nor new agents"),
        (
            vec![],
            json!({"new_agents": [agent_spec("a"), agent_spec("b"), agent_spec("c")]}),
            "new_agents: got 3, need 0..=2",
        ),
        (vec![], json!({"new_agents": [agent_spec("a"), agent_spec("a")]}), "stands twice"),
        (vec![], json!({"new_agents": [agent_spec("code_reviewer")]}), "is an agent type already"),
        (vec![], json!({"new_agents": [agent_spec("writer")]}), "is an agent type already"),
        (vec![], json!({"new_agents": [agent_spec("a")], "target_score": 7.9}), "target_score: got 7.9, need 8.0..=10"),
        (vec![task("a-create-1", "a", None)], json!({"new_agents": [agent_spec("a")]}), "must not begin with"),
        (judged(6), json!({}), "at most 5 results are refined"),
        (vec![replacing], json!({}), "is no task that came to nothing"),
    ];
    for (tasks, more, problem) in rows {
        let mut request = writer();
        request["max_new_agents"] = json!(2);
        request["target_score"] = json!(8);
        let (done, prompts) = orchestrate(request, |_, _| plan_with(&tasks, more.clone()));
        assert_eq!((&done["reason"], prompts.len()), (&json!("plan_refused"), 2), "{problem}");
        assert!(done["problems"].to_string().contains(problem), "{problem} in {}", done["problems"]);
    }
}

#[test]
fn what_was_done_before_the_budget_ended_is_kept() {
    let more = {
        let mut more = writer();
        more["budget"] = json!({"spawns": 3});
        more["max_concurrent"] = json!(1);
        more
    };
    let (done, prompts) = orchestrate(more, |id, _| match id {
        "orchestrate-plan-1" => {
            plan(&[task("a", "writer", None), task("b", "writer", None), task("c", "writer", None)])
        }
        _ => "Text.".to_owned(),
    });
    assert_eq!((&done["status"], &done["run"]["status"], prompts.len()), (&json!("partial"), &json!("budget"), 3));
    let outputs: Vec<&Value> = (1..4).map(|index| &done["run"]["results"][index]["output"]).collect();
    assert_eq!(outputs, [&json!("Text."), &json!("Text."), &Value::Null]);
    assert_eq!(done["run"]["results"][3]["error"]["code"], "E_BUDGET");
}

#[test]
fn bad_goals_are_refused() {
    let rows = [
        (json!({}), "E_GOAL", "/goal"),
        (json!({"goal": " "}), "E_GOAL", "/goal"),
        (json!({"goal": "x".repeat(24_577)}), "E_GOAL", "/goal"),
        (json!({"goal": "x", "max_tasks": 0}), "E_PLAN_LIMIT", "/max_tasks"),
        (json!({"goal": "x", "max_tasks": 51}), "E_PLAN_LIMIT", "/max_tasks"),
        (json!({"goal": "x", "max_replans": 4}), "E_PLAN_LIMIT", "/max_replans"),
        (json!({"goal": "x", "max_new_agents": 21}), "E_PLAN_LIMIT", "/max_new_agents"),
        (json!({"goal": "x", "judges": 7, "max_rounds": 10, "max_new_agents": 20}), "E_REFINE_SIZE", ""),
        (json!({"goal": "x", "target_score": 11}), "E_THRESHOLD", "/target_score"),
        (json!({"goal": "x", "registry": [{}]}), "E_REGISTRY", "/registry/0"),
        (json!({"goal": "x <<<END INPUT "}), "E_TASK_CHARS", "/goal"),
        (json!({"goal": "x", "budget": 1}), "E_BUDGET_RANGE", "/budget"),
        (json!({"goal": "x", "wait": {"mode": "any"}}), "E_UNKNOWN_FIELD", "/wait"),
    ];
    for (request, code, path) in rows {
        let (reply, prompts) = reply(&request, |_, _| String::new());
        let DocumentReply::Refused(text) = reply else { panic!("accepted {request}") };
        let refusal: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&refusal["error"]["code"], &refusal["error"]["path"]), (&json!(code), &json!(path)));
        assert!(prompts.is_empty());
    }
}
