//! The real program, killed at random moments.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::{component, process, workspace};

/// The tests that do it; the names of their variables stand at their top.
const TESTS: &str = "cli::kills::";

/// Kills so many runs of each kind and prints the tables.
///
/// # Errors
/// Something does not build, or the promise was broken.
pub fn run(times: u32, seed: Option<u64>, wasm: bool) -> Result<()> {
    component::build()?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = seed.unwrap_or(since.as_secs());
    let table = std::env::temp_dir().join(format!("parallel-agents-kills-{}.txt", std::process::id()));
    let mut tests = workspace::cargo();
    tests.args(["test", "--workspace", "--test", "it", TESTS, "--", "--test-threads", "1"]);
    tests.env("PARALLEL_AGENTS_KILLS", times.to_string()).env("PARALLEL_AGENTS_KILL_SEED", seed.to_string());
    tests.env("PARALLEL_AGENTS_KILL_ENGINE", if wasm { "wasm" } else { "native" });
    tests.env("PARALLEL_AGENTS_KILL_TABLE", &table);
    let ran = process::run(&mut tests, "");
    if let Ok(text) = fs::read_to_string(&table) {
        eprint!("{text}");
        fs::remove_file(&table).with_context(|| format!("cannot remove {}", table.display()))?;
    }
    ran.with_context(|| format!("with --seed {seed}"))
}
