//! One template over many items. With 200 of them there are as many tasks as a run has by default, and more sessions than one OpenClaw
//! group keeps at once.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, step};

pub(super) const CALL: &str = "parallel_agents_call";
const RUNS: &str = "parallel_agents_runs";
const SESSION: &str = "items";

/// Items if nothing is said: 200 take the gateway two minutes more.
pub const FEW: u32 = 60;

/// What the plugin's `maxTasks` allows by default.
const MOST: u64 = 200;

/// Seconds of one call; the run takes what the machine needs.
const CALL_SECONDS: u32 = 300;

/// Every item is answered once, and its answer is found in each of the places that the guide names.
///
/// # Errors
/// If an item is not answered, or told twice, or not found.
pub fn run(gateway: &Gateway, items: u32) -> Result<()> {
    step(&format!("run one template over {items} items"), || are_answered(gateway, items.into()))?;
    step("refuse more items than the operator allows", || are_too_many(gateway))
}

/// One step over so many items, by the tool that calls any function.
pub(super) fn request(items: u64) -> Value {
    let step = json!({ "agent_type": "code_reviewer", "task_description": "Look at {{name}}.", "output_format": "text",
        "timeout_seconds": 300 });
    let items: Vec<Value> = (1..=items).map(|number| json!({ "name": format!("part-{number}.rs") })).collect();
    json!({ "function": "map_tasks", "arguments": { "steps": [step], "items": items, "max_concurrent": 50 },
        "timeoutSeconds": CALL_SECONDS })
}

fn are_answered(gateway: &Gateway, items: u64) -> Result<()> {
    let mut reply = gateway.call_in(SESSION, CALL, &request(items))?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?.to_owned();
    if reply.get("state") == Some(&json!("running")) {
        let ask = json!({ "action": "status", "run_id": run, "timeoutSeconds": CALL_SECONDS });
        reply = gateway.call_in(SESSION, RUNS, &ask)?;
    }
    have_answers(gateway, SESSION, &run, &reply, items)?;
    let sessions = gateway.receipts(&run).unwrap_or_default();
    ensure!(sessions.len() as u64 == items, "{} sessions were spawned", sessions.len());
    gateway.check_idle()
}

/// Each item has its answer once, in the lines in the workspace and on its page. `reply` is that of the run's end.
///
/// # Errors
/// The first that is not answered, or told twice, or not found.
pub(super) fn have_answers(gateway: &Gateway, session: &str, run: &str, reply: &Value, items: u64) -> Result<()> {
    ensure!(reply.pointer("/result/items/completed") == Some(&json!(items)), "not all are completed: {reply:#}");
    let file = gateway.workspace().join("parallel-agents").join(format!("{run}.jsonl"));
    let text = fs::read_to_string(&file).with_context(|| format!("no lines in the workspace: {}", file.display()))?;
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let once: BTreeSet<u64> = lines.iter().filter_map(|line| line.get("item")?.as_u64()).collect();
    ensure!(lines.len() as u64 == items && once == (1..=items).collect(), "{} lines for {once:?}", lines.len());
    let empty = lines.iter().find(|line| line.get("output").and_then(Value::as_str).is_none_or(str::is_empty));
    ensure!(empty.is_none(), "an item has no answer: {empty:?}");

    let page = json!({ "action": "page", "run_id": run, "task_id": "item-17" });
    let page = gateway.call_in(session, RUNS, &page)?;
    let answer = lines.iter().find(|line| line.get("item") == Some(&json!(17))).and_then(|line| line.get("output"));
    ensure!(page.pointer("/result/text") == answer, "{page:#} is not {answer:?}");
    Ok(())
}

fn are_too_many(gateway: &Gateway) -> Result<()> {
    let reply = gateway.call_in(SESSION, CALL, &request(MOST + 1))?;
    ensure!(reply.pointer("/errors/0/code") == Some(&json!("E_TASK_COUNT")), "{reply:#}");
    Ok(())
}
