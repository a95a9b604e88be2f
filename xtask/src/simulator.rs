//! The simulator's program.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{process, workspace};

/// Builds the program and returns its path, as cargo reports it.
///
/// # Errors
/// If it does not compile.
pub fn build() -> Result<PathBuf> {
    let mut command = workspace::cargo();
    command.args(["build", "--package", "parallel-agents-host-sim"]);
    command.args(["--bin", "parallel-agents-sim", "--message-format=json-render-diagnostics"]);
    let messages = process::read(&mut command, "")?;
    let program = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    program.context("cargo reported no program")
}
