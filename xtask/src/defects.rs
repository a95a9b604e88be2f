//! The seeded defects, and how many random runs it takes to find each.

use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::{process, simulator, workspace};

/// Looks for each of them and prints how many seeds it took.
///
/// # Errors
/// The program does not build, or a defect was not found.
pub fn run() -> Result<()> {
    process::run(&mut command()?, "")
}

/// The same as a document.
///
/// # Errors
/// As [`run`].
pub fn found() -> Result<Value> {
    let printed = process::read(command()?.arg("--json"), "")?;
    Ok(serde_json::from_str(&printed)?)
}

fn command() -> Result<Command> {
    let mut command = Command::new(simulator::build()?);
    command.args(["dev", "defects"]).current_dir(workspace::root());
    Ok(command)
}
