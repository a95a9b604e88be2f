//! A review team, asked for by an agent in a real gateway, against the same team in the simulator.
//!
//! Both sides run the same component with the same script and the same seed, so both reports have to be the same but
//! for the few fields that `compare` names.

mod compare;

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::workspace;

use super::bench::{self, Bench, SCRIPT, SEED, step};

/// Reviewed on both sides.
const FILE: &str = "src/task/spec.rs";

/// Runs the review on both sides and compares.
///
/// # Errors
/// All differences.
pub fn run(bench: &Bench) -> Result<()> {
    let expected = step("review in the simulator", || simulate(bench))?;
    let plugin = json!({ "seed": SEED.parse::<u64>()? });
    bench.gateway("review", &json!({}), &plugin, |gateway| {
        let request =
            json!({ "team": "review", "code": source()?, "file": FILE, "timeoutSeconds": 240, "max_chars": 1_000 });
        let short = step("review in the gateway", || gateway.call("parallel_agents_team", &request))?;
        // Longer than a conversation takes; the whole of it is where the plugin keeps results.
        let run = short.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {short}"))?;
        let report = gateway.kept_result(run)?;
        compare::reports(&report, &expected)?;
        gateway.check_sessions(&report)
    })
}

fn source() -> Result<String> {
    fs::read_to_string(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))
}

fn simulate(bench: &Bench) -> Result<Value> {
    let mut command = Command::new(&bench.simulator);
    command.args(["review", FILE, "--json", "--seed", SEED, "--script", SCRIPT]);
    let printed = bench::printed("simulator", &mut command, &bench.place("review")?)?;
    let report: Value = serde_json::from_str(&printed).context("the simulator printed no JSON")?;
    if report.get("status").and_then(Value::as_str) != Some("completed") {
        bail!("the review in the simulator is not completed: {report:#}");
    }
    Ok(report)
}
