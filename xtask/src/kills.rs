//! The real program, killed at random moments.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::{component, process, workspace};

/// The tests that do it; the names of their variables stand at their top.
const TESTS: &str = "kills::";

/// The test of a run over many items.
const WIDE_TEST: &str = "wide::a_run_over_many_items_survives_its_program";

/// Kills so many runs of each kind and prints the tables.
///
/// # Errors
/// Something does not build, or the promise was broken.
pub fn run(times: u32, seed: Option<u64>, wasm: bool) -> Result<()> {
    component::build()?;
    let seed = seed.unwrap_or_else(now);
    let mut tests = test(TESTS);
    tests.env("PARALLEL_AGENTS_KILLS", times.to_string()).env("PARALLEL_AGENTS_KILL_SEED", seed.to_string());
    tests.env("PARALLEL_AGENTS_KILL_ENGINE", if wasm { "wasm" } else { "native" });
    told(tests).with_context(|| format!("with --seed {seed}"))
}

/// Kills a run over so many items so often, and prints what came of it and of the same run without that.
///
/// # Errors
/// Something does not build, or an item was lost, told twice or done again.
pub fn wide(items: u32, kills: u32, seed: Option<u32>, native: bool) -> Result<()> {
    component::build()?;
    let seed = seed.unwrap_or_else(|| u32::try_from(now() % 1_000_000).unwrap_or_default());
    let mut tests = test(WIDE_TEST);
    tests.env("PARALLEL_AGENTS_WIDE_ITEMS", items.to_string()).env("PARALLEL_AGENTS_WIDE_KILLS", kills.to_string());
    tests.env("PARALLEL_AGENTS_KILL_SEED", seed.to_string());
    tests.env("PARALLEL_AGENTS_KILL_ENGINE", if native { "native" } else { "wasm" });
    told(tests).with_context(|| format!("with --seed {seed}"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The tests of a name, one after the other.
fn test(name: &str) -> Command {
    let mut tests = workspace::cargo();
    tests.args(["test", "--workspace", "--test", "cli", name]);
    tests
}

/// Runs tests and prints the figures that they leave. Without figures there was no such test, which is no success.
fn told(mut tests: Command) -> Result<()> {
    let table = std::env::temp_dir().join(format!("parallel-agents-kills-{}.txt", std::process::id()));
    tests.env("PARALLEL_AGENTS_KILL_TABLE", &table).args(["--", "--test-threads", "1"]);
    let ran = process::run(&mut tests, "");
    let text = fs::read_to_string(&table);
    if let Ok(text) = &text {
        eprint!("{text}");
        fs::remove_file(&table).with_context(|| format!("cannot remove {}", table.display()))?;
    }
    ran?;
    text.map(drop).context("no test has left figures")
}
