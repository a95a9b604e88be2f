//! Plans with more in them than tasks: new agents, and results that are judged and improved.

use serde_json::{Value, json};

use crate::setup::{made, orchestrate, plan, plan_with, refined, report, review, statuses, task, writer};

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
