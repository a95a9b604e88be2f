//! A random workflow, run over items or team. Like the random runs, every request is a valid one.

use serde_json::{Map, Value, json};

use super::draws::Draws;
use super::request;
use crate::script::Script;

/// Judges who go beyond their scale now and then.
const ENTHUSIASTS: &str = r#"
version = 1
[[answers]]
agent_type = "agent_design_reviewer"
template = """
{% set score = number(10, 14) -%}
{"issues": [], "dimensions": {"clarity": 9, "completeness": 9, "correctness": 9, "safety": 9, "usability": 9,
 "testability": 9}, "overall_score": {{ score }}, "verdict": "ready", "summary": "It is fine."}
"""
"#;

/// The function that does the same with each of many items. Its agents answer as those of tasks do.
pub(super) const MAP: &str = "map_tasks";

/// Of a hundred workflows, how many have such judges.
const ENTHUSIASTIC: u64 = 30;

/// Agent types or drafts of one workflow at the most: each of them is several tasks.
const MOST: u64 = 4;

/// Draws a function and its request, of at most about `size` tasks.
pub(super) fn draw(draws: &mut Draws, size: u32) -> (&'static str, Value) {
    let parts = draws.between(1, u64::from(size).div_ceil(3).min(MOST));
    let function = draws.pick(&["run_iterative_refinement", "create_agents", "orchestrate", "team", MAP]);
    let (function, mut fields) = match function {
        MAP => (function, items(draws, size)),
        "run_iterative_refinement" => (function, drafts(draws, parts)),
        "create_agents" => (function, new_agents(draws, parts)),
        "orchestrate" => (function, goal(draws)),
        _ => team(draws, parts),
    };
    let (is_team, reduces) = (fields.contains_key("run"), fields.contains_key("reduce"));
    if !is_team && function != MAP {
        judging(draws, &mut fields);
    }
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("max_concurrent", draws.between(1, 12).into());
    put("deadline_seconds", if draws.happens(30) { draws.between(60, 600) } else { 3_600 }.into());
    if draws.happens(30) {
        put("cleanup", draws.pick(&["keep", "delete"]).into());
    }
    request::trying(draws, &mut put);
    request::spending(draws, &mut put, 4 * parts as usize);
    if is_team {
        request::pacing(draws, &mut put, 2);
    }
    if function == MAP {
        // Items have no values to agree on, and what is made of all of them needs all.
        let fits = |value: &Value| value["mode"] != "quorum" && (!reduces || value["mode"] == "all");
        request::pacing(draws, &mut |name, value| (name != "wait" || fits(&value)).then(|| put(name, value))?, 2);
    }
    (function, Value::Object(fields))
}

/// The agents of a workflow: those of the bundled script, with the odds of a drawn one.
pub(super) fn script(draws: &mut Draws, drawn: Script) -> Script {
    let script = drawn.answering_like(&Script::bundled());
    if !draws.happens(ENTHUSIASTIC) {
        return script;
    }
    match Script::from_toml(ENTHUSIASTS) {
        Ok(enthusiasts) => script.answering_like(&enthusiasts),
        // It never changes, and a test draws many.
        Err(error) => unreachable!("the judges' script is valid: {error}"),
    }
}

fn judging(draws: &mut Draws, fields: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if draws.happens(60) {
        put("target_score", json!(draws.between(0, 20) as f64 / 2.0));
    }
    if draws.happens(60) {
        put("max_rounds", draws.between(1, 4).into());
    }
    if draws.happens(40) {
        put("judges", draws.between(1, 3).into());
    }
}

/// One to three steps for each item, and at times one answer made of those of all.
fn items(draws: &mut Draws, size: u32) -> Map<String, Value> {
    let steps = draws.between(1, 3.min(u64::from(size)));
    let items: Vec<Value> = (1..=draws.between(1, u64::from(size) / steps))
        .map(|number| match number % 3 {
            0 => json!({ "harbour": format!("harbour {number}"), "depth": number }),
            1 => json!(format!("harbour {number}")),
            _ => number.into(),
        })
        .collect();
    let steps: Vec<Value> = (0..steps as usize)
        .map(|index| {
            let mut step = request::task(draws, index, 60);
            step["task_description"] = format!("Do part {index} of the work for {{{{item}}}}.").into();
            step
        })
        .collect();
    let mut fields = object(json!({ "items": items, "steps": steps }));
    if draws.happens(40) {
        let mut task = object(request::task(draws, 0, 60));
        task.remove("task_id");
        fields.insert("reduce".to_owned(), json!({ "task": task, "group_size": draws.between(2, 5) }));
    }
    fields
}

fn drafts(draws: &mut Draws, count: u64) -> Map<String, Value> {
    let drafts: Vec<Value> = (1..=count)
        .map(|number| {
            let draft = json!({
                "name": format!("notice-{number}"), "kind": "notice", "purpose": "Tell visitors when the harbour is open.",
                "draft": "The harbour opens at ten.\nIt closes at six.",
            });
            draft
        })
        .collect();
    let mut fields = object(json!({ "drafts": drafts }));
    if draws.happens(10) {
        fields.insert("judge_agent".to_owned(), "agent_design_reviewer".into());
    }
    fields
}

fn new_agents(draws: &mut Draws, count: u64) -> Map<String, Value> {
    let names: Vec<String> = (1..=count).map(|number| format!("tide_reader_{number}")).collect();
    let agent_specs: Vec<Value> = names
        .iter()
        .map(|name| json!({ "name": name, "purpose": "Read tide tables and name the next high water.", "domain": "harbours" }))
        .collect();
    let mut fields = object(json!({ "new_agents": agent_specs }));
    if draws.happens(50) {
        let tasks: Vec<Value> = (1..=draws.between(1, 3))
            .map(|number| {
                let agent = names[draws.between(0, count - 1) as usize].clone();
                json!({
                    "task_id": format!("use-{number}"), "agent_type": agent, "input_data": { "table": "06:10 4.1 m" },
                    "task_description": "Name the next high water.",
                })
            })
            .collect();
        fields.insert("tasks".to_owned(), tasks.into());
    }
    fields
}

fn goal(draws: &mut Draws) -> Map<String, Value> {
    let mut fields = object(json!({ "goal": "Describe the harbour of a small town for its visitors." }));
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if draws.happens(50) {
        put("max_tasks", draws.between(1, 8).into());
    }
    if draws.happens(50) {
        put("max_replans", draws.between(0, 3).into());
    }
    if draws.happens(50) {
        put("max_new_agents", draws.between(0, 3).into());
    }
    fields
}

fn team(draws: &mut Draws, count: u64) -> (&'static str, Map<String, Value>) {
    let agent_spec = |number: u64| json!({ "name": format!("tide_reader_{number}"), "purpose": "Read tide tables." });
    let (function, mut request) = match draws.between(0, 4) {
        0 => ("content_team", json!({ "topic": "tides", "platform": "bluesky" })),
        1 => ("development_team", json!({ "app_name": "Beacon", "features": ["login"] })),
        2 => ("review_team", json!({ "code": "let x = 1;", "file": "x.rs" })),
        3 => ("custom_agent", agent_spec(1)),
        _ => ("meta_workflow", json!({ "purposes": (1..=count).map(agent_spec).collect::<Vec<_>>() })),
    };
    request["run"] = true.into();
    (function, object(request))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
