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

/// A plan with more in it than tasks.
fn plan_with(tasks: &[Value], more: Value) -> String {
    let mut plan = json!({"rationale": "So.", "tasks": tasks});
    for (field, value) in more.as_object().expect("an object") {
        plan[field] = value.clone();
    }
    plan.to_string()
}

fn made(name: &str) -> String {
    let definition = json!({"name": name, "description": "Helps.", "category": "custom", "tier": "economy",
        "tools": "inherit", "timeout_seconds": 60, "output_format": "text", "prompt": format!("I am {name}."),
        "input": "- `code`", "output_schema": {}, "example_input": {}});
    json!({"definition": definition, "rationale": "So.", "limits": ["Not for prose."], "open_questions": []})
        .to_string()
}

fn review(score: f64) -> String {
    json!({"overall_score": score, "issues": [], "verdict": "needs_work", "summary": "Judged.", "dimensions":
        {"clarity": 7, "completeness": 7, "correctness": 7, "safety": 7, "usability": 7, "testability": 7}})
    .to_string()
}

fn refined(draft: &Value) -> String {
    json!({"draft": draft, "changes": [], "unresolved": []}).to_string()
}

/// Status of each task by its id.
fn statuses(done: &Value) -> Vec<(&str, &str)> {
    let results = done["run"]["results"].as_array().expect("results");
    results.iter().map(|r| (r["task_id"].as_str().expect("an id"), r["status"].as_str().expect("a status"))).collect()
}

#[test]
fn agents_are_made_before_the_tasks_that_use_them() {
    let new = json!({"new_agents": [{"name": "helper", "purpose": "Help"}, {"name": "dud", "purpose": "Fail"}],
        "target_score": 9});
    let (done, prompts) = orchestrate(writer(), |id, prompt| match id {
        "orchestrate-plan-1" => {
            assert!(prompt.contains("max_new_agents") && prompt.contains("least_target_score"));
            plan_with(&[task("a", "helper", None), task("b", "dud", None)], new.clone())
        }
        "helper-r1-judge-1" => review(9.0),
        "dud-r1-judge-1" => review(8.9),
        "a" => "Text.".to_owned(),
        "orchestrate-replace-1-1" => {
            assert!(prompt.contains("E_AGENT_NOT_PROMOTED") && prompt.contains("\"helper\""), "{prompt}");
            plan_with(&[], json!({}))
        }
        "orchestrate-compile" => {
            assert!(prompt.contains("\"good_enough\": true") && prompt.contains("\"good_enough\": false"), "{prompt}");
            report(&["a", "helper-r1-judge-1", "dud-create-1"])
        }
        id if id.contains("-create-") => made(id.split('-').next().expect("a name")),
        id if id.contains("-judge-") => review(8.0),
        _ => made("another"),
    });
    let statuses = statuses(&done);
    let at = |id: &str| statuses.iter().position(|(known, _)| *known == id).unwrap_or_else(|| panic!("{id}: {done:#}"));
    assert!(at("helper-r1-judge-1") < at("a") && at("dud-r1-judge-1") < at("a"), "{statuses:?}");
    assert_eq!(statuses[at("b")].1, "skipped");
    let created: Vec<(&Value, &Value)> =
        done["created"].as_array().expect("a list").iter().map(|made| (&made["name"], &made["promotion"])).collect();
    assert_eq!(created, [(&json!("helper"), &json!("promoted")), (&json!("dud"), &json!("not_good_enough"))]);
    assert_eq!((&done["status"], &done["registry"][0]["name"]), (&json!("partial"), &json!("helper")));
    assert_eq!(done["unsupported_claims"].as_array().map(Vec::len), Some(1), "only a judge bears a word on an agent");
    assert!(prompts.iter().all(|prompt| prompt.tool_free), "nobody has read what was made");
}

#[test]
fn a_goal_may_be_nothing_but_new_agents() {
    let new = json!({"new_agents": [{"name": "helper", "purpose": "Help"}]});
    let (done, _) = orchestrate(json!({}), |id, _| match id {
        "orchestrate-plan-1" => plan_with(&[], new.clone()),
        "helper-create-1" => made("helper"),
        "helper-r1-judge-1" => review(8.5),
        _ => report(&["helper-r1-judge-1"]),
    });
    assert_eq!((&done["status"], &done["reason"]), (&json!("completed"), &json!("compiled")), "{done:#}");
    // A registry that is handed over offers its agents.
    let (done, _) = orchestrate(json!({"registry": done["registry"]}), |id, prompt| match id {
        "orchestrate-plan-1" => {
            assert!(prompt.contains("\"helper\""));
            plan(&[task("a", "helper", None)])
        }
        "a" => {
            assert!(prompt.contains("I am helper."));
            "Text.".to_owned()
        }
        _ => report(&["a"]),
    });
    assert_eq!((&done["status"], &done["registry"][0]["version"]), (&json!("completed"), &json!(1)));
}

#[test]
fn what_a_plan_may_ask_for_is_bounded_by_the_request() {
    let wish = |name: &str| json!({"name": name, "purpose": "Help"});
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
        (vec![], json!({"new_agents": [wish("a"), wish("b"), wish("c")]}), "new_agents: got 3, need 0..=2"),
        (vec![], json!({"new_agents": [wish("a"), wish("a")]}), "stands twice"),
        (vec![], json!({"new_agents": [wish("code_reviewer")]}), "is an agent type already"),
        (vec![], json!({"new_agents": [wish("writer")]}), "is an agent type already"),
        (vec![], json!({"new_agents": [wish("a")], "target_score": 7.9}), "target_score: got 7.9, need 8.0..=10"),
        (vec![task("a-create-1", "a", None)], json!({"new_agents": [wish("a")]}), "must not begin with"),
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

/// `a` comes to something, `b` does not, `c` waits for `b`; `replacement` is what the second plan says.
fn replanned(more: Value, replacement: impl Fn(u32) -> String) -> (Value, Vec<SpawnOptions>) {
    let mut request = writer();
    for (field, value) in more.as_object().expect("an object") {
        request[field] = value.clone();
    }
    let mut asked = 0;
    orchestrate(request, |id, prompt| match id {
        "orchestrate-plan-1" => {
            plan(&[task("a", "critic", None), task("b", "critic", None), task("c", "writer", Some("b"))])
        }
        "a" => json!({"summary": "A looks sound."}).to_string(),
        "b" => "Words only, alas.".to_owned(),
        id if id.starts_with("orchestrate-replace-") => {
            assert!(prompt.contains("E_OUTPUT_INVALID") && prompt.contains("E_DEP_FAILED"), "{prompt}");
            assert!(!prompt.contains("alas"), "what a failed task said is not handed on");
            asked += 1;
            replacement(asked)
        }
        "orchestrate-compile" => report(&["a"]),
        id if id.starts_with("bad") => "Words only, alas.".to_owned(),
        _ => format!("Done with {}.", if prompt.contains("A looks sound.") { "it" } else { "nothing" }),
    })
}

fn replacing(id: &str, from: Option<&str>, replaces: &[&str]) -> Value {
    let mut task = task(id, "writer", from);
    task["replaces"] = json!(replaces);
    task
}

#[test]
fn what_failed_is_replaced_once_and_builds_on_what_is_there() {
    let (done, _) = replanned(json!({}), |_| plan(&[replacing("d", Some("a"), &["b", "c"])]));
    assert_eq!((&done["status"], &done["reason"]), (&json!("completed"), &json!("compiled")), "{done:#}");
    let ids: Vec<&str> = statuses(&done).iter().map(|(id, _)| *id).collect();
    assert_eq!(
        ids,
        ["orchestrate-plan-1", "a", "b", "c", "orchestrate-replace-1-1", "d", "orchestrate-compile"],
        "what was replaced stays in the report"
    );
    assert_eq!(done["run"]["results"][5]["output"], "Done with it.", "the result of an earlier plan reaches it");
    assert_eq!(done["replacements"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_part_that_nothing_replaces_is_missing() {
    for tasks in [vec![], vec![replacing("d", None, &["b"])], vec![replacing("d", None, &[])]] {
        let (done, _) = replanned(json!({}), |_| plan(&tasks));
        assert_eq!((&done["status"], &done["reason"]), (&json!("partial"), &json!("compiled")), "{tasks:?}");
    }
}

#[test]
fn replacing_ends() {
    let count = |done: &Value| statuses(done).iter().filter(|(id, _)| id.starts_with("orchestrate-replace-")).count();
    for (max_replans, asked) in [(0, 0), (1, 1), (3, 3)] {
        // Each replacement fails like what it replaces.
        let (done, _) = replanned(json!({"max_replans": max_replans}), |asked| {
            let mut again = task(&format!("bad-{asked}"), "critic", None);
            again["replaces"] = if asked == 1 { json!(["b"]) } else { json!([format!("bad-{}", asked - 1)]) };
            plan(&[again])
        });
        assert_eq!((&done["status"], count(&done)), (&json!("partial"), asked), "{max_replans}");
        assert_eq!(done["reason"], "compiled");
    }
    // A replacement that is refused twice ends it as well, and its problems are told.
    for (tasks, problem) in [
        (vec![replacing("a", None, &["b"])], "stands for an earlier task"),
        (vec![replacing("d", Some("b"), &["b"])], "not known"),
        (vec![replacing("d", None, &["a"])], "is no task that came to nothing"),
    ] {
        let (done, prompts) = replanned(json!({"max_replans": 3}), |_| plan(&tasks));
        assert_eq!((&done["status"], count(&done)), (&json!("partial"), 2), "{problem}");
        assert!(done["problems"].to_string().contains(problem), "{problem} in {}", done["problems"]);
        let second = prompts.iter().find(|p| p.label.contains("orchestrate-replace-1-2 [")).expect("a second try");
        assert!(second.task.contains("came to nothing") && second.task.contains(problem), "{}", second.task);
    }
    let (done, _) = replanned(json!({}), |_| {
        plan_with(&[replacing("d", None, &["b"])], json!({"new_agents": [{"name": "x", "purpose": "Help"}]}))
    });
    assert!(done["problems"].to_string().contains("makes no agents"), "{}", done["problems"]);
}

#[test]
fn a_result_with_a_rubric_is_judged_and_improved() {
    let (mut text, mut data) = (task("a", "writer", None), task("b", "critic", None));
    text["rubric"] = json!("Short and clear.");
    data["rubric"] = json!("Exact.");
    let mut request = writer();
    request["target_score"] = json!(8.37);
    let (done, prompts) = orchestrate(request, |id, prompt| match id {
        "orchestrate-plan-1" => plan(&[text.clone(), data.clone()]),
        "a" => "First words.".to_owned(),
        "b" => json!({"summary": "First summary."}).to_string(),
        id if id.contains("-r1-judge-") => review(7.0),
        "orchestrate-refine-1-r2-judge-1" => review(9.0),
        "orchestrate-refine-1-r1-refine-1" => {
            assert!(prompt.contains("Short and clear.") && prompt.contains("First words."));
            refined(&json!("Better words."))
        }
        // What does not fit the schema of the task is no version of its result.
        id if id.starts_with("orchestrate-refine-2-") && id.contains("-refine-") => {
            refined(&json!({"colour": "crimson"}))
        }
        _ => {
            assert!(prompt.contains("Better words.") && !prompt.contains("First words."), "{prompt}");
            assert!(prompt.contains("First summary.") && !prompt.contains("crimson"));
            report(&["a", "b"])
        }
    });
    let refined = done["refined"].as_array().expect("a list");
    let shown: Vec<_> = refined.iter().map(|r| (&r["name"], &r["reason"], &r["draft"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("a"), &json!("target_reached"), &json!("Better words.")),
            (&json!("b"), &json!("no_progress"), &json!({"summary": "First summary."})),
        ]
    );
    assert_eq!(done["status"], "partial", "one result is weaker than the goal allows");
    assert_eq!(done["run"]["results"][1]["output"], "First words.", "what the session said stays on record");
    let readers = prompts.iter().filter(|p| p.label.contains("orchestrate-refine-"));
    assert!(readers.clone().count() >= 5 && readers.clone().all(|p| p.tool_free && !p.task.contains("8.37")));
}

#[test]
fn a_payload_changes_no_step_of_a_replan() {
    let corpus: Vec<Value> = serde_json::from_str(include_str!("data/injections.json")).expect("the corpus");
    let steps = |text: &str| {
        let (done, prompts) = orchestrate(writer(), |id, prompt| match id {
            "orchestrate-plan-1" => plan(&[task("a", "writer", None), task("b", "critic", None)]),
            "a" => format!("Text. {text}"),
            "b" => json!({"wrong": format!("Text. {text}")}).to_string(),
            "orchestrate-replace-1-1" => {
                assert!(
                    !prompt.contains(&format!("Text. {text}")),
                    "neither a result nor a failed answer is handed to who plans"
                );
                plan(&[replacing("c", None, &["b"])])
            }
            "c" => format!("Text. {text}"),
            _ => report(&["a", "c"]),
        });
        let spawned: Vec<_> =
            prompts.into_iter().map(|o| (o.label, o.model, o.agent_id, o.run_timeout_seconds, o.tool_free)).collect();
        (spawned, done["status"].clone(), done["claims"].clone(), done["replacements"].clone())
    };
    let plain = steps("Nothing else here.");
    assert_eq!(plain.1, "completed");
    for payload in &corpus {
        assert_eq!(steps(payload["text"].as_str().expect("a text")), plain, "{}", payload["id"]);
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
