//! Where OpenClaw's tools for waiting are switched off, sessions are run by its sub-agent calls.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, plain_task, step};
use super::fanout;

/// A run of several agents, and one that is stopped, while the gateway has no `agents_wait`.
///
/// # Errors
/// If it does not end as by the usual way.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    step("switch the tools for waiting off", || {
        gateway.reconfigure(&json!({ "tools": { "swarm": false } }), &json!({}))
    })?;
    step("run agents by the fallback", || completes(gateway))?;
    step("stop a run of the fallback's", || is_cancelled(gateway))?;
    step("switch the tools for waiting on", || gateway.reconfigure(&fanout::limits(), &json!({})))
}

fn request(tasks: usize) -> Value {
    json!({ "tasks": vec![plain_task(); tasks] })
}

fn completes(gateway: &Gateway) -> Result<()> {
    let mut request = request(3);
    (request["timeoutSeconds"], request["detail"]) = (json!(120), json!(true));
    let reply = gateway.call_in("fallback", "parallel_agents_run", &request)?;
    let census = reply.pointer("/result/census/completed");
    ensure!(census == Some(&json!(3)), "{reply:#}");
    let key = reply.pointer("/result/results/0/session_key").and_then(Value::as_str).unwrap_or_default();
    ensure!(key.contains(":subagent:parallel-agents-"), "{key} is no session of the fallback's");
    gateway.check_idle()
}

fn is_cancelled(gateway: &Gateway) -> Result<()> {
    let mut request = request(8);
    (request["max_concurrent"], request["timeoutSeconds"]) = (json!(1), json!(1));
    let begun = gateway.call_in("fallback", "parallel_agents_run", &request)?;
    let cancel = json!({ "action": "cancel", "run_id": begun["run_id"], "timeoutSeconds": 60 });
    let reply = gateway.call_in("fallback", "parallel_agents_runs", &cancel)?;
    let last = reply.pointer("/result/results/7/status");
    ensure!(last == Some(&json!("cancelled")), "{reply:#}");
    gateway.check_idle()
}
