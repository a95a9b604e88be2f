//! A random request. Every request is a valid one: what has to be refused is tested elsewhere.

use parallel_agents_engine::ids::TaskId;
use serde_json::{Map, Value, json};

use super::draws::Draws;

/// Agent types of different tiers, with and without tools.
const AGENTS: [&str; 4] = ["content_writer_funny", "code_reviewer", "api_designer", "backend_developer"];

/// Those of them that have tools.
const TOOLED: [&str; 2] = ["api_designer", "backend_developer"];

/// The type that judges. It is none of those that work: from outside, only the type tells a judge's session from another.
const JUDGE: &str = "agent_design_reviewer";

/// The shortest deadline, in seconds; no task has a longer timeout than that unless the deadline is longer too.
const MIN_DEADLINE: u64 = 20;

/// Draws a request of at most `size` tasks.
pub(super) fn draw(draws: &mut Draws, size: u32) -> Value {
    let count = draws.between(1, size.into()) as usize;
    let deadline = if draws.happens(30) { draws.between(MIN_DEADLINE, 400) } else { 1_800 };
    let tasks: Vec<Value> = (0..count).map(|index| task(draws, index, deadline)).collect();
    let mut run = Map::new();
    run.insert("tasks".to_owned(), tasks.into());
    let mut put = |name: &str, value: Value| run.insert(name.to_owned(), value);
    put("deadline_seconds", deadline.into());
    put("max_concurrent", draws.between(1, 12).into());
    if draws.happens(30) {
        put("cleanup", draws.pick(&["keep", "delete"]).into());
    }
    if draws.happens(20) {
        put("model", draws.pick(&["sim/economy", "sim/standard", "sim/premium"]).into());
    }
    trying(draws, &mut put);
    spending(draws, &mut put, count);
    pacing(draws, &mut put, count);
    Value::Object(run)
}

/// Retries, corrections, the ladder, judges.
pub(super) fn trying(draws: &mut Draws, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    if draws.happens(60) {
        put("retries", draws.between(0, 5).into());
    }
    if draws.happens(40) {
        let base = draws.between(100, 5_000);
        put("backoff", json!({ "base_ms": base, "max_ms": draws.between(base, 60_000) }));
    }
    if draws.happens(30) {
        put("retry_budget", draws.between(0, 20).into());
    }
    if draws.happens(40) {
        put("corrections", draws.between(0, 1).into());
    }
    if draws.happens(40) {
        put("models", json!({ "economy": "sim/economy", "standard": "sim/standard", "premium": "sim/premium" }));
        if draws.happens(30) {
            put("escalate", draws.happens(50).into());
        }
    }
    if draws.happens(20) {
        put("strict_model", true.into());
    }
    if draws.happens(15) {
        put("judge", json!({ "agent": JUDGE, "threshold": draws.between(0, 10) }));
    }
    if draws.happens(20) {
        put("on_dependency_failure", draws.pick(&["skip", "run", "fail_fast"]).into());
    }
    if draws.happens(20) {
        put("start_timeout_seconds", draws.between(1, 120).into());
    }
}

/// Budgets and prices.
pub(super) fn spending(draws: &mut Draws, put: &mut impl FnMut(&str, Value) -> Option<Value>, count: usize) {
    if draws.happens(40) {
        let mut budget = Map::new();
        // Enough for a part of the tasks, for all of them, or for more.
        let share = draws.between(1, 3 * count as u64);
        let mut set = |name: &str, value: u64| budget.insert(name.to_owned(), value.into());
        set("session_tokens", draws.between(500, 4_000));
        match draws.between(0, 3) {
            0 => set("tokens", 8_000 * share),
            1 => set("micro_usd", 60_000 * share),
            2 => set("spawns", share),
            _ => set("seconds", draws.between(10, 600)),
        };
        put("budget", Value::Object(budget));
        let prices = json!({
            "sim/economy": { "input": 1_000, "output": 5_000 },
            "sim/premium": { "input": 15_000, "output": 75_000 },
            "*": { "input": 3_000, "output": 15_000 },
        });
        put("prices", prices);
    }
}

/// Waiting, waves, hedges, speed.
pub(super) fn pacing(draws: &mut Draws, put: &mut impl FnMut(&str, Value) -> Option<Value>, count: usize) {
    if draws.happens(35) {
        let enough = draws.between(1, count as u64);
        let wait = match draws.between(0, 4) {
            0 => json!({ "mode": "all" }),
            1 => json!({ "mode": "any" }),
            2 => json!({ "mode": "first", "count": enough }),
            3 => json!({ "mode": "quorum", "count": enough, "pointer": "/verdict" }),
            _ => json!({ "mode": "until", "seconds": draws.between(1, 120) }),
        };
        put("wait", wait);
    }
    if draws.happens(20) {
        put("canary", draws.between(1, 20).into());
    }
    if draws.happens(30) {
        put("breaker", draws.happens(50).into());
    }
    if draws.happens(30) {
        put("hedge", true.into());
    }
    if draws.happens(20) {
        put("start_interval_ms", draws.between(0, 3_000).into());
    }
}

/// A task whose answer fits those of `faults::script`, and which may depend on those with a lower index.
pub(super) fn task(draws: &mut Draws, index: usize, deadline: u64) -> Value {
    let mut task = Map::new();
    let mut put = |name: &str, value: Value| task.insert(name.to_owned(), value);
    let agent = draws.pick(&AGENTS);
    put("agent_type", agent.into());
    put("task_id", id(index).into());
    put("task_description", format!("Do part {index} of the work.").into());
    put("input_data", json!({ "topic": "lighthouses", "code": "let x = 1;", "project_name": "Beacon" }));
    put("output_schema", answer_schema());
    put("timeout_seconds", draws.between(5, deadline.min(200)).into());
    if draws.happens(30) {
        put("priority", draws.between(0, 10).into());
    }
    let mut dependencies: Vec<String> = Vec::new();
    let mut reads_others = false;
    if index > 0 && draws.happens(35) {
        for _ in 0..draws.between(1, 3) {
            let on = id(draws.between(0, index as u64 - 1) as usize);
            if !dependencies.contains(&on) {
                dependencies.push(on);
            }
        }
        if draws.happens(50) {
            let pointer = draws.pick(&["", "/verdict", "/nothing"]);
            reads_others = true;
            put("input_from", json!([{ "field": "draft", "task": dependencies[0], "pointer": pointer }]));
        }
        put("dependencies", dependencies.into());
    }
    if draws.happens(10) {
        put("model", draws.pick(&["sim/economy", "sim/premium", "sim/retired"]).into());
    } else if draws.happens(15) {
        put("tier", draws.pick(&["economy", "standard", "premium"]).into());
    }
    if draws.happens(15) {
        put("retries", draws.between(0, 5).into());
    }
    if draws.happens(15) {
        put("on_dependency_failure", draws.pick(&["skip", "run", "fail_fast"]).into());
    }
    if draws.happens(30) {
        put("idempotent", true.into());
    }
    if draws.happens(15) {
        put("required", false.into());
    }
    if draws.happens(15) {
        let mut proof = json!({ "fields": ["/verdict"] });
        // Whoever has no tools cannot prove anything with them, and a request that asks for it is refused.
        if TOOLED.contains(&agent) && !reads_others {
            proof["min_tool_calls"] = draws.between(0, 3).into();
            proof["artefacts"] = json!(["/file"]);
        }
        put("proof", proof);
    }
    Value::Object(task)
}

/// Whether a session of a task may be done twice: it has no tools, or the request says so.
pub(super) fn is_repeatable(task: &Value) -> bool {
    let has_tools = TOOLED.iter().any(|agent| task["agent_type"] == *agent) && task["input_from"].is_null();
    !has_tools || task["idempotent"] == true
}

fn id(index: usize) -> String {
    format!("part-{}", index + 1)
}

/// What the answers of `faults::script` fit.
fn answer_schema() -> Value {
    json!({
        "type": "object",
        "properties": { "verdict": { "enum": ["yes", "no"] }, "file": { "type": "string" } },
        "required": ["verdict", "file"],
    })
}

/// When somebody wants work stopped: mostly never, sometimes twice.
pub(super) fn stops(draws: &mut Draws, request: &Value) -> Vec<(u64, Option<TaskId>)> {
    let count = request["tasks"].as_array().map_or(0, Vec::len);
    let mut stops = Vec::new();
    while count > 0 && stops.len() < 3 && draws.happens(25) {
        let task = draws.happens(60).then(|| TaskId::new(id(draws.between(0, count as u64 - 1) as usize)));
        stops.push((draws.between(0, 90_000), task));
    }
    stops
}

/// Takes out the fields that the subject does not know, of the run and of its tasks.
pub(super) fn keep_known(request: &mut Value, schema: &Value) {
    keep(request, &schema["properties"]);
    let of_task = &schema["properties"]["tasks"]["items"]["properties"];
    for task in request.get_mut("tasks").and_then(Value::as_array_mut).into_iter().flatten() {
        keep(task, of_task);
    }
}

fn keep(object: &mut Value, known: &Value) {
    if let (Some(fields), Some(known)) = (object.as_object_mut(), known.as_object()) {
        fields.retain(|name, _| known.contains_key(name));
    }
}
