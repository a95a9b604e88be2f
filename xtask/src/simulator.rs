//! The simulator's program.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{process, workspace};

const PACKAGE: &str = "parallel-agents-cli";
const PROGRAM: &str = "parallel-agents";

/// Whether the tests of the workspace are built, and the program with them.
static BUILT_WITH_TESTS: AtomicBool = AtomicBool::new(false);

/// From now on the program is the one that the tests use. Built by itself, its dependencies have other features, and cargo
/// would compile most of them again.
pub fn built_with_tests() {
    BUILT_WITH_TESTS.store(true, Ordering::Relaxed);
}

/// Builds the program for many runs, optimized as tests are, and returns its path, as cargo reports it.
///
/// # Errors
/// If it does not compile.
pub fn build() -> Result<PathBuf> {
    let mut command = workspace::cargo();
    if are_tests_built() {
        command.args(["test", "--workspace", "--no-run", "--test", "cli"]);
    } else {
        command.args(["build", "--profile", "test", "--package", PACKAGE, "--bin", PROGRAM]);
    }
    built(command, PROGRAM)
}

/// Builds the program for a first look, in the least time.
///
/// # Errors
/// If it does not compile.
pub fn build_for_one_run() -> Result<PathBuf> {
    let mut command = workspace::cargo();
    command.args(["build", "--package", PACKAGE, "--bin", PROGRAM]);
    built(command, PROGRAM)
}

/// What [`built_with_tests`] has told.
pub fn are_tests_built() -> bool {
    BUILT_WITH_TESTS.load(Ordering::Relaxed)
}

/// Runs a cargo command that builds a program of this name, and returns the program's path.
///
/// # Errors
/// If it does not compile.
pub fn built(mut command: Command, program: &str) -> Result<PathBuf> {
    let messages = process::read(command.arg("--message-format=json-render-diagnostics"), "")?;
    let found = messages.lines().rev().find_map(|message| program_in(message, program));
    found.with_context(|| format!("cargo reported no program {program}"))
}

/// The program in one line of cargo's messages, if that line is about it and not about its unit tests.
fn program_in(message: &str, program: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message.pointer("/target/name")? != program || message.pointer("/profile/test")? != false {
        return None;
    }
    Some(PathBuf::from(message.get("executable")?.as_str()?))
}
