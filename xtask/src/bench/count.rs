//! Instructions of a task, counted by valgrind: a figure that does not depend on what else a machine does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, workspace};

const PACKAGE: &str = "parallel-agents-bench-native";

/// What is counted.
const PROGRAM: &str = "target/release/parallel-agents-count";

/// What was counted when a change was last meant to cost something.
const COMMITTED: &str = "bench/native/instructions.json";

/// Tasks of a run, as many as make what a run costs by itself small.
const TASKS: u64 = 2_000;

/// Sessions at once.
const SLOTS: u32 = 50;

/// How much more than committed is an error, in percent. Two runs of one program differ by less than a thousandth.
const TOLERANCE: u64 = 5;

/// The committed figures, and what they hold for.
struct Committed {
    /// The compiler, as `rustc --version` says.
    rustc: String,
    /// The processor, as Rust calls it.
    arch: String,
    /// Instructions of a task without a journal.
    bare: u64,
    /// With a journal, starts, models and usage.
    full: u64,
}

impl Committed {
    fn read(text: &str) -> Result<Self> {
        let document: Value = serde_json::from_str(text)?;
        let words = |name: &str| document[name].as_str().map(str::to_owned).context("a name is missing");
        let number = |name: &str| document[name].as_u64().context("a number is missing");
        Ok(Self { rustc: words("rustc")?, arch: words("arch")?, bare: number("bare")?, full: number("full")? })
    }
}

/// Counts, prints and compares. Without valgrind nothing is counted, which is said.
///
/// # Errors
/// A task needs more than the tolerance above what is committed, or something does not build or run.
pub fn run() -> Result<()> {
    if !process::exists("valgrind") {
        eprintln!("Instructions were not counted: there is no valgrind here.");
        return Ok(());
    }
    let committed = fs::read_to_string(workspace::root().join(COMMITTED))?;
    let committed = Committed::read(&committed).context(COMMITTED)?;
    process::run(workspace::cargo().args(["build", "--release", "--package", PACKAGE]), "")?;
    let program = workspace::root().join(PROGRAM);
    let rustc = process::read(Command::new("rustc").arg("--version").current_dir(workspace::root()), "")?;
    let is_same = rustc.trim() == committed.rustc && env::consts::ARCH == committed.arch;
    let mut above = Vec::new();
    for (extent, before) in [("bare", committed.bare), ("full", committed.full)] {
        let counted = of_a_task(&program, extent)?;
        eprintln!("instructions of a task, {extent}: {counted}, committed: {before}");
        if is_same && exceeds(counted, before) {
            above.push(format!("{extent} {counted} instead of {before}"));
        }
    }
    if !is_same {
        eprintln!("Not compared: the committed figures are of {} on {}.", committed.rustc, committed.arch);
    }
    if !above.is_empty() {
        bail!(
            "a task needs over {TOLERANCE} % more instructions than {COMMITTED} says: {}. If that is what the change is \
             worth, write the new figures there.",
            above.join(", ")
        );
    }
    Ok(())
}

/// Whether that is more than the tolerance allows.
fn exceeds(counted: u64, committed: u64) -> bool {
    counted * 100 > committed * (100 + TOLERANCE)
}

/// What the call costs for each task, without making the request and starting the program.
fn of_a_task(program: &Path, extent: &str) -> Result<u64> {
    let (tasks, slots) = (TASKS.to_string(), SLOTS.to_string());
    let whole = instructions(program, &[extent, &tasks, &slots])?;
    let before = instructions(program, &[extent, &tasks, &slots, "request"])?;
    let call = whole.checked_sub(before).context("the call took fewer instructions than none")?;
    Ok(call / TASKS)
}

/// Runs a program under callgrind, which writes how many instructions that took.
fn instructions(program: &Path, arguments: &[&str]) -> Result<u64> {
    let profile = profile_path();
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", profile.display()));
    // Its report on stderr is another form of what it writes.
    command.arg("--quiet").arg(program).args(arguments).stdout(Stdio::null());
    let ran = process::run(&mut command, "");
    let written = ran.and_then(|()| Ok(fs::read_to_string(&profile)?));
    // It may not be there.
    let _ = fs::remove_file(&profile);
    total(&written?).with_context(|| format!("callgrind wrote no total of `{}`", arguments.join(" ")))
}

fn profile_path() -> PathBuf {
    env::temp_dir().join(format!("parallel-agents-count-{}.out", std::process::id()))
}

/// The number of instructions in a profile: `totals:` in the last lines, `summary:` where a program was traced in parts.
fn total(profile: &str) -> Option<u64> {
    let value = |name: &str| {
        let line = profile.lines().rev().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    value("totals:").or_else(|| value("summary:")).filter(|total| *total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_profile_is_found() {
        let profile = "version: 1\nevents: Ir\n\nfn=(1) totals: 5\n0 7\n\nsummary: 11\n\ntotals: 12\n";
        assert_eq!(total(profile), Some(12));
        assert_eq!(total("events: Ir Dr\nsummary: 11 4\n"), Some(11));
        assert_eq!((total("events: Ir\n0 7\n"), total("totals: 0\n"), total("totals: x\n")), (None, None, None));
    }

    #[test]
    fn five_percent_more_are_allowed() {
        assert_eq!([105_000, 105_001, 1].map(|counted| exceeds(counted, 100_000)), [false, true, false]);
    }

    #[test]
    fn the_committed_figures_can_be_read() {
        let text = include_str!("../../../bench/native/instructions.json");
        let committed = Committed::read(text).unwrap();
        assert!(committed.rustc.starts_with("rustc ") && 0 < committed.bare && committed.bare < committed.full);
    }
}
