//! A review team, asked for by an agent in a real gateway, against the same team in the simulator.
//!
//! Both sides run the same component with the same script and the same seed, so both reports have to be the same but
//! for the few fields that `compare` names. All that is started here ends with it, whatever happens.

mod compare;
mod gateway;
mod http;
mod model;
mod plugin;
mod started;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::npm::Tools;
use crate::{component, engines, workspace};

use gateway::Gateway;
use model::ModelServer;
use started::Started;

/// Reviewed on both sides. Its report is well below the 64,000 characters of a tool result that OpenClaw shows a model.
const FILE: &str = "src/task/spec.rs";
const SCRIPT: &str = "host-sim/scripts/default.toml";
const SEED: &str = "7";

/// Builds the plugin, runs its own tests, then the review on both sides.
///
/// # Errors
/// The first thing that fails; for programs with the end of what they printed.
pub fn run(tools: &Tools) -> Result<()> {
    let begin = Instant::now();
    let component = component::build()?;
    let simulator = step("build the simulator", engines::simulator)?;
    let place = tempfile::Builder::new()
        .prefix("parallel-agents-e2e-")
        .tempdir()
        .context("cannot create a temporary directory")?;
    started::end_on_signal(place.path())?;
    let place = place.path();

    step("build the plugin", || plugin::build(tools, &component, place))?;
    step("test the plugin", || plugin::test(tools, place))?;
    let archive = step("pack the plugin", || plugin::pack(place))?;
    let expected = step("review in the simulator", || simulate(&simulator, place))?;

    let model = ModelServer::start(&simulator, SCRIPT, SEED, place)?;
    let gateway = step("start the gateway", || Gateway::start(tools, &archive, &model, SEED, place))?;
    let request = serde_json::json!({
        "function": "review_team",
        "arguments": { "code": source()?, "file": FILE, "run": true },
        "max_chars": 200_000,
    });
    let report = step("review in the gateway", || gateway.call_from_a_turn(plugin::TOOL, &request))?;
    let outcome = compare::reports(&report, &expected).and_then(|()| gateway.check_sessions(&report));
    step("stop the gateway", || gateway.stop())?;
    model.stop()?;
    outcome?;
    eprintln!("The gateway and the simulator agree. {} s", begin.elapsed().as_secs());
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let begin = Instant::now();
    let outcome = work().with_context(|| format!("cannot {name}"))?;
    eprintln!("{:>6.1} s  {name}", begin.elapsed().as_secs_f64());
    Ok(outcome)
}

fn source() -> Result<String> {
    fs::read_to_string(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))
}

fn simulate(simulator: &Path, place: &Path) -> Result<Value> {
    let mut command = Command::new(simulator);
    command.args(["review", FILE, "--json", "--seed", SEED, "--script", SCRIPT]);
    command.current_dir(workspace::root());
    let printed = Started::start("simulator", &mut command, place)?.finish(Duration::from_secs(120))?;
    let report: Value = serde_json::from_str(&printed).context("the simulator printed no JSON")?;
    if report.get("status").and_then(Value::as_str) != Some("completed") {
        bail!("the review in the simulator is not completed: {report:#}");
    }
    Ok(report)
}
