//! What an operator limits while the gateway runs, and what those are told who meet the limit.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, of_results, plain_task, step};

/// What stands in the gateway's and in the plugin's configuration if nobody says anything else.
const DEFAULTS: [u32; 2] = [200, 80];

/// A run of four agents where a run may have two and a call one second.
///
/// # Errors
/// If a limit is not kept, or the agents that cannot be had fail without a word of what can be done.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    let limit = |gateway: &mut Gateway, [agents, seconds]: [u32; 2]| {
        let swarm = json!({ "tools": { "swarm": { "maxTotalPerGroup": agents } } });
        gateway.reconfigure(&swarm, &json!({ "timeoutSeconds": seconds }))
    };
    step("limit a run to two agents and a call to one second", || limit(gateway, [2, 1]))?;
    step("meet these limits", || are_met(gateway))?;
    step("lift them again", || limit(gateway, DEFAULTS))?;
    step("refuse a wrong value and go on with the one before", || is_refused(gateway))
}

/// The gateway names the field, and calls work as before.
fn is_refused(gateway: &Gateway) -> Result<()> {
    let said = gateway.refused(&json!({ "maxConcurrent": 0 }))?;
    ensure!(said.contains("maxConcurrent"), "the field is not named: {said}");
    let reply = gateway.call_in("refused", "parallel_agents_run", &json!({ "tasks": [plain_task()] }))?;
    ensure!(reply.pointer("/result/status") == Some(&json!("completed")), "{reply:#}");
    Ok(())
}

fn are_met(gateway: &Gateway) -> Result<()> {
    let request = json!({ "tasks": vec![plain_task(); 4], "max_concurrent": 1 });
    let begun = gateway.call_in("caps", "parallel_agents_run", &request)?;
    ensure!(begun.get("state") == Some(&json!("running")), "the call took longer than it may: {begun:#}");
    // It goes on after its turn, although the configuration has changed since the plugin was loaded.
    let status = json!({ "action": "status", "run_id": begun["run_id"], "timeoutSeconds": 120 });
    let reply = gateway.call_in("caps", "parallel_agents_runs", &status)?;
    let report = reply.get("result").with_context(|| format!("no result: {reply:#}"))?;
    ensure!(of_results(report, "/status") == ["completed", "completed", "failed", "failed"], "{report:#}");
    ensure!(of_results(report, "/error/code") == ["E_HOST_TOTAL_CAP"; 2], "{report:#}");
    let refused = report.pointer("/results/2/error/message").and_then(Value::as_str).unwrap_or_default();
    ensure!(refused.contains("(2/2)") && refused.contains("raise tools.swarm.maxTotalPerGroup"), "{report:#}");
    gateway.check_idle()
}
