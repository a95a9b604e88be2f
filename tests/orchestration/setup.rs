//! What planners, makers, judges and compilers say, and calls with hosts that say it.

use gateway_sim::answering;
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::SpawnOptions;
use serde_json::{Value, json};

pub fn task(id: &str, agent: &str, from: Option<&str>) -> Value {
    let input_from: Vec<Value> =
        from.iter().map(|task| json!({"field": "review", "task": task, "pointer": "/summary"})).collect();
    json!({"task_id": id, "agent_type": agent, "task_description": "Do it.", "input_data": {"code": "x"},
        "input_from": input_from, "dependencies": from.iter().collect::<Vec<_>>()})
}

pub fn plan(tasks: &[Value]) -> String {
    json!({"rationale": "So.", "tasks": tasks}).to_string()
}

/// A plan with more in it than tasks.
pub fn plan_with(tasks: &[Value], more: Value) -> String {
    let mut plan = json!({"rationale": "So.", "tasks": tasks});
    for (field, value) in more.as_object().expect("an object") {
        plan[field] = value.clone();
    }
    plan.to_string()
}

pub fn report(claimed: &[&str]) -> String {
    let claims: Vec<Value> = claimed.iter().map(|id| json!({"claim": "It is fine.", "task_id": id})).collect();
    json!({"report": "It is fine [a].", "claims": claims, "gaps": [], "status": "complete"}).to_string()
}

pub fn reply(request: &Value, answer: impl FnMut(&str, &str) -> String) -> (DocumentReply, Vec<SpawnOptions>) {
    let done = answering::call("orchestrate", &request.to_string(), answer);
    (done.reply, done.prompts)
}

pub fn orchestrate(more: Value, answer: impl FnMut(&str, &str) -> String) -> (Value, Vec<SpawnOptions>) {
    let mut request = json!({"goal": "Review this file, then write its documentation."});
    for (field, value) in more.as_object().expect("an object") {
        request[field] = value.clone();
    }
    let (reply, prompts) = reply(&request, answer);
    let DocumentReply::Answer(text) = reply else { panic!("refused: {reply:?}") };
    (serde_json::from_str(&text).expect("JSON"), prompts)
}

/// Two agents of the caller's: one answers with a text, one with a summary.
pub fn writer() -> Value {
    json!({"agents": [
        "---\nname: writer\ndescription: Writes.\ntools: none\n---\nYou write.\n",
        {"name": "critic", "description": "Judges.", "tools": "none", "prompt": "You judge.", "output_schema":
            {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}},
    ]})
}

pub fn made(name: &str) -> String {
    let definition = json!({"name": name, "description": "Helps.", "category": "custom", "tier": "economy",
        "tools": "inherit", "timeout_seconds": 60, "output_format": "text", "prompt": format!("I am {name}."),
        "input": "- `code`", "output_schema": {}, "example_input": {}});
    json!({"definition": definition, "rationale": "So.", "limits": ["Not for prose."], "open_questions": []})
        .to_string()
}

pub fn review(score: f64) -> String {
    json!({"overall_score": score, "issues": [], "verdict": "needs_work", "summary": "Judged.", "dimensions":
        {"clarity": 7, "completeness": 7, "correctness": 7, "safety": 7, "usability": 7, "testability": 7}})
    .to_string()
}

pub fn refined(draft: &Value) -> String {
    json!({"draft": draft, "changes": [], "unresolved": []}).to_string()
}

/// Status of each task by its id.
pub fn statuses(done: &Value) -> Vec<(&str, &str)> {
    let results = done["run"]["results"].as_array().expect("results");
    results.iter().map(|r| (r["task_id"].as_str().expect("an id"), r["status"].as_str().expect("a status"))).collect()
}
