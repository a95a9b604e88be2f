//! Builds what is measured and what measures, and has it done.

mod count;
#[cfg(unix)]
mod gateway;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{component, npm, process, workspace};

/// The page that the last full run is written to.
const PAGE: &str = "docs/performance.md";

/// Measures; a quick run leaves the page alone.
///
/// # Errors
/// If something cannot be built or installed, or a measurement fails.
pub fn run(quick: bool, json: Option<PathBuf>) -> Result<()> {
    let shipped = component::build()?;
    let mut bench = workspace::cargo();
    bench.args(["build", "--release", "--package", "parallel-agents-bench"]).env(component::EMBED_VARIABLE, &shipped);
    process::run(&mut bench, "")?;
    let hot = workspace::root().join("target/criterion");
    // Functions that no longer exist would stay.
    if hot.exists() {
        fs::remove_dir_all(&hot)?;
    }
    process::run(workspace::cargo().args(["bench", "--quiet", "--package", "parallel-agents"]), "")?;
    let mut command = Command::new(workspace::root().join("target/release/parallel-agents-bench"));
    command.arg("all").arg("--criterion").arg(hot).arg("--component").arg(shipped);
    let tools = npm::PluginTools::ensure()?;
    command.arg("--node").arg(tools.node).arg("--jco").arg(tools.jco);
    // A copy of the sources without its history is measured as well.
    if let Ok(revision) = process::read(Command::new("git").args(["describe", "--always", "--dirty"]), "") {
        command.arg("--revision").arg(revision.trim());
    }
    if quick {
        command.arg("--quick");
    } else {
        command.arg("--page").arg(workspace::root().join(PAGE));
    }
    if let Some(json) = json {
        command.arg("--json").arg(std::path::absolute(json)?);
    }
    process::run(&mut command, "")
}

/// Counts instructions of a task, and compares them with what is committed.
///
/// # Errors
/// A task needs more of them, or something does not build or run.
pub fn count() -> Result<()> {
    count::run()
}

/// Measures fan-outs in a real gateway; a quick run leaves the page alone.
///
/// # Errors
/// If a gateway cannot be started, or an agent does not complete.
#[cfg(unix)]
pub fn in_a_gateway(quick: bool, ways: &[String], rounds: Option<usize>, json: Option<PathBuf>) -> Result<()> {
    gateway::run(quick, ways, rounds, json)
}

/// Fails: a gateway is started and ended with the means of Unix.
#[cfg(not(unix))]
pub fn in_a_gateway(_: bool, _: &[String], _: Option<usize>, _: Option<PathBuf>) -> Result<()> {
    anyhow::bail!("measuring in a real gateway needs a Unix system")
}
