//! What failed is planned again.

use parallel_agents_engine::host::SpawnOptions;
use serde_json::{Value, json};

use crate::setup::{orchestrate, plan, plan_with, report, statuses, task, writer};

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
fn a_payload_changes_no_step_of_a_replan() {
    let corpus: Vec<Value> = serde_json::from_str(include_str!("../data/injections.json")).expect("the corpus");
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
