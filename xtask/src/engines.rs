//! The component in two engines: the same seeds give the same bytes, and neither engine's host is brought down by a
//! component that misbehaves.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::npm::PluginTools;
use crate::{component, package, process, simulator, workspace};

/// Runs that the tests compare: enough for every kind of fault to occur several times.
pub const RUNS: u64 = 300;

/// What a run can consist of. Only a call that is resumed attaches to sessions.
const KINDS: [&str; 14] = [
    "answered",
    "cancel",
    "delete",
    "ended",
    "history",
    "list",
    "opened",
    "progress",
    "refused",
    "spawn",
    "started",
    "stop",
    "timer-fired",
    "wait",
];

/// Builds what is needed, compares the engines, and runs the plugin with the component that misbehaves.
///
/// # Errors
/// Those of the first step that fails.
pub fn run(tools: &PluginTools, runs: u64) -> Result<()> {
    let component = component::build()?;
    let hostile = component::build_hostile()?;
    let simulator = simulator::build()?;
    package::build(tools, &component)?;

    let mut compare = Command::new(simulator);
    compare.arg("compare").arg("--component").arg(&component).args(["--seeds", &format!("0..{runs}")]);
    compare.arg("--json").arg("--").arg(&tools.node).arg("skill/test/engine.ts").current_dir(workspace::root());
    compared(&process::read(&mut compare, "")?, runs)?;

    transpile(tools, &hostile)?;
    let mut limits = Command::new(&tools.node);
    limits.args(["--test", "test/limits.ts"]).current_dir(package::directory());
    process::run(&mut limits, "")
}

/// Tells what was compared. A comparison that lacks something a run can consist of is none.
fn compared(printed: &str, runs: u64) -> Result<()> {
    let document: Value = serde_json::from_str(printed).context("the simulator printed no JSON")?;
    let number = |pointer: &str| document.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    eprintln!(
        "{} runs are the same in both engines, byte for byte: {} commands, waits and events in {} s.",
        number("/runs"),
        number("/lines"),
        document.pointer("/wall_seconds").unwrap_or(&Value::Null),
    );
    let missing: Vec<&str> = KINDS.into_iter().filter(|kind| number(&format!("/kinds/{kind}")) == 0).collect();
    if runs >= RUNS && !missing.is_empty() {
        bail!("nothing of this kind was compared: {}", missing.join(", "));
    }
    Ok(())
}

/// Puts the component that misbehaves as JavaScript where `skill/test/limits.ts` finds it.
fn transpile(tools: &PluginTools, hostile: &Path) -> Result<()> {
    let place = workspace::root().join("target/hostile/component");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    let mut jco = Command::new(&tools.node);
    jco.arg(&tools.jco).arg("transpile").arg(hostile).arg("-o").arg(&place);
    // Under the other's name: the worker that is tested knows no second one.
    jco.args(["--name", "parallel_agents", "--instantiation", "async", "--quiet"]);
    process::run(&mut jco, "")
}
