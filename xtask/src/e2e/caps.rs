//! What an operator has limited, and what those are told who meet the limit.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, of_results, plain_task, step};

/// OpenClaw's own, for each run.
const DEFAULT: u32 = 200;

/// A run of four agents where a run may have two.
///
/// # Errors
/// If the others fail without a word of what can be done, or something of them goes on.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    let most = |agents: u32| json!({ "tools": { "swarm": { "maxTotalPerGroup": agents } } });
    step("limit the agents of a run to two", || gateway.reconfigure(&most(2), &json!({})))?;
    step("meet that limit", || is_met(gateway))?;
    step("lift it again", || gateway.reconfigure(&most(DEFAULT), &json!({})))
}

fn is_met(gateway: &Gateway) -> Result<()> {
    let request = json!({ "tasks": vec![plain_task(); 4], "max_concurrent": 1, "timeoutSeconds": 120 });
    let reply = gateway.call_in("caps", "parallel_agents_run", &request)?;
    let report = reply.get("result").with_context(|| format!("no result: {reply:#}"))?;
    ensure!(of_results(report, "/status") == ["completed", "completed", "failed", "failed"], "{report:#}");
    ensure!(of_results(report, "/error/code") == ["E_HOST_TOTAL_CAP"; 2], "{report:#}");
    let refused = report.pointer("/results/2/error/message").and_then(Value::as_str).unwrap_or_default();
    ensure!(refused.contains("(2/2)") && refused.contains("raise tools.swarm.maxTotalPerGroup"), "{report:#}");
    gateway.check_sessions("caps", &json!({ "results": report["results"].as_array().map(|all| &all[..2]) }))
}
