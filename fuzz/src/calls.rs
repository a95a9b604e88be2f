//! Requests that make sense, chosen by bytes, and calls without sessions.

use arbitrary::{Result, Unstructured};
use futures::executor::block_on;
use gateway_sim::odd_host::{self, OddHost, Replies};
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{Command, Host, HostError};
use serde_json::{Map, Value, json};

const AGENTS: [&str; 5] =
    ["code_reviewer", "content_writer_funny", "backend_developer", "test_engineer", "agent_design_reviewer"];

/// Makes a call and returns its reply.
pub fn call(function: &str, arguments: &str, host: &mut impl Host) -> DocumentReply {
    block_on(documents::call_named(function, arguments.to_owned(), host))
}

/// A host without sessions.
pub fn refusing() -> OddHost<impl FnMut(&mut Replies, Command)> {
    odd_host::refusing(odd_host::facts(), HostError::Unsupported("no sessions here".to_owned()))
}

/// The most tasks of a request.
const MAX_TASKS: usize = 6;

/// A function and its arguments.
pub fn any(source: &mut Unstructured<'_>) -> Result<(&'static str, Value)> {
    Ok(match source.int_in_range(0..=9)? {
        0 => ("run_iterative_refinement", refinement(source)?),
        1 => ("create_agents", creation(source)?),
        2 => ("orchestrate", goal(source)?),
        3 => ("collect_results", json!({"sessions": ["s1", "s2", "s3"], "wait_seconds": source.int_in_range(0..=90)?})),
        4 => ("spawn_with_model_hierarchy", json!({ "task": task(source, 0)? })),
        5 => ("spawn_with_retry", json!({"task": task(source, 0)?, "max_retries": source.int_in_range(0..=5)?})),
        _ => ("run_tasks", run(source)?),
    })
}

fn run(source: &mut Unstructured<'_>) -> Result<Value> {
    let count = source.int_in_range(1..=MAX_TASKS)?;
    let tasks = (0..count).map(|index| task(source, index)).collect::<Result<Vec<_>>>()?;
    let mut request = Map::new();
    request.insert("tasks".to_owned(), Value::from(tasks));
    rules(source, &mut request, count)?;
    Ok(Value::Object(request))
}

fn task(source: &mut Unstructured<'_>, index: usize) -> Result<Value> {
    let mut task =
        json!({"agent_type": source.choose(&AGENTS)?, "task_description": "Do it.", "task_id": format!("t{index}")});
    let on: Vec<String> =
        (0..index).filter(|_| source.ratio(1, 4).unwrap_or(false)).map(|on| format!("t{on}")).collect();
    if let (Some(first), true) = (on.first(), source.ratio(1, 4)?) {
        task["input_from"] = json!([{"field": "earlier", "task": first, "pointer": "/summary"}]);
    }
    task["dependencies"] = json!(on);
    let rare = |source: &mut Unstructured<'_>| source.ratio(1_u8, 6);
    if rare(source)? {
        task["output_format"] = json!(source.choose(&["json", "markdown", "code", "text"])?);
    }
    if rare(source)? {
        task["timeout_seconds"] = json!(source.int_in_range(1..=300)?);
    }
    if rare(source)? {
        task["idempotent"] = json!(true);
    }
    if rare(source)? {
        task["required"] = json!(false);
    }
    if rare(source)? {
        task["on_dependency_failure"] = json!(source.choose(&["skip", "run", "fail_fast"])?);
    }
    if rare(source)? {
        task["proof"] = json!({ "min_tool_calls": source.int_in_range(0..=2)? });
    }
    if rare(source)? {
        task["priority"] = json!(source.int_in_range(-3..=3)?);
    }
    Ok(task)
}

/// Rules of a run, each with a chance of its own.
fn rules(source: &mut Unstructured<'_>, request: &mut Map<String, Value>, tasks: usize) -> Result<()> {
    common(source, request)?;
    let mut set = |source: &mut Unstructured<'_>, name: &str, value: Value| -> Result<()> {
        if source.ratio(1_u8, 5)? {
            request.insert(name.to_owned(), value);
        }
        Ok(())
    };
    let wait = match source.int_in_range(0..=3)? {
        0 => json!({"mode": "any"}),
        1 => json!({"mode": "first", "count": source.int_in_range(1..=tasks)?}),
        2 => json!({"mode": "quorum", "count": source.int_in_range(1..=tasks)?, "pointer": "/summary"}),
        _ => json!({"mode": "until", "seconds": source.int_in_range(1..=100)?}),
    };
    set(source, "wait", wait)?;
    set(source, "canary", json!(1))?;
    set(source, "hedge", json!(true))?;
    set(source, "judge", json!({"threshold": 7}))?;
    set(source, "on_dependency_failure", json!("run"))
}

/// Rules that workflows have too.
fn common(source: &mut Unstructured<'_>, request: &mut Map<String, Value>) -> Result<()> {
    let number = source.int_in_range(1..=5_u32)?;
    // A report is held to it.
    request.insert("deadline_seconds".to_owned(), json!(1_800));
    let mut set = |source: &mut Unstructured<'_>, name: &str, value: Value| -> Result<()> {
        if source.ratio(1_u8, 5)? {
            request.insert(name.to_owned(), value);
        }
        Ok(())
    };
    set(source, "max_concurrent", json!(number))?;
    set(source, "deadline_seconds", json!(number * 100))?;
    set(source, "cleanup", json!("delete"))?;
    set(source, "retries", json!(number))?;
    set(source, "retry_budget", json!(number))?;
    set(source, "escalate", json!(true))?;
    set(source, "strict_model", json!(true))?;
    set(source, "start_timeout_seconds", json!(number * 10))?;
    set(source, "start_interval_ms", json!(number * 100))?;
    set(source, "breaker", json!(false))?;
    set(source, "budget", json!({"tokens": 50_000 * number, "spawns": number, "seconds": 60 * number}))
}

fn refinement(source: &mut Unstructured<'_>) -> Result<Value> {
    let mut request = Map::new();
    request.insert("drafts".to_owned(), json!([{"name": "post", "draft": "A first version.", "kind": "blog post"}]));
    request.insert("judges".to_owned(), json!(source.int_in_range(1..=3)?));
    request.insert("max_rounds".to_owned(), json!(source.int_in_range(1..=3)?));
    common(source, &mut request)?;
    Ok(Value::Object(request))
}

fn creation(source: &mut Unstructured<'_>) -> Result<Value> {
    let mut request = Map::new();
    let agent_spec = json!({"name": "tone_checker", "purpose": "Checks the tone of a text."});
    request.insert("new_agents".to_owned(), json!([agent_spec]));
    if source.arbitrary()? {
        request.insert("tasks".to_owned(), json!([{"agent_type": "tone_checker", "task_description": "Check it."}]));
    }
    common(source, &mut request)?;
    Ok(Value::Object(request))
}

fn goal(source: &mut Unstructured<'_>) -> Result<Value> {
    let mut request = Map::new();
    request.insert("goal".to_owned(), json!("Have a release announced."));
    request.insert("max_replans".to_owned(), json!(source.int_in_range(0..=2)?));
    common(source, &mut request)?;
    Ok(Value::Object(request))
}
