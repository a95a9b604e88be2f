//! One cell in a process of its own, so that its processor time and memory are nobody else's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::grid::{self, Cell};
use crate::variant::Variant;
use crate::{component, plain};

/// What one run of a cell took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// From the call to its result, in seconds.
    pub makespan_s: f64,
    /// Processor time of all threads during that time, in seconds.
    pub cpu_s: f64,
    /// Peak resident memory of the whole process, in bytes.
    pub peak_bytes: u64,
}

/// Runs a cell in this process.
fn here(cell: &Cell, variant: Variant, machine_code: &Path, perf_map: bool) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (right, makespan_s, cpu_s) = runtime.block_on(async {
        if variant == Variant::Plain {
            return timed(async || Ok(plain::run(cell).await)).await;
        }
        let engine = component::engine(perf_map)?;
        let template = component::linked(&engine, &component::precompiled(&engine, machine_code)?)?;
        timed(async || component::run(&engine, &template, cell, variant).await).await
    })?;
    ensure!(right == cell.tasks, "{}: {right} of {} answers are right", cell.id, cell.tasks);
    Ok(Measured { makespan_s, cpu_s, peak_bytes: peak_bytes()? })
}

/// What a run comes to, how long it takes and how much processor time, both in seconds.
async fn timed(run: impl AsyncFnOnce() -> Result<usize>) -> Result<(usize, f64, f64)> {
    let (began, used) = (Instant::now(), process_time_s()?);
    let right = run().await?;
    Ok((right, began.elapsed().as_secs_f64(), process_time_s()? - used))
}

/// Processor time of this process so far. Linux counts it for each thread, in nanoseconds; none has ended here.
pub fn process_time_s() -> Result<f64> {
    let threads = fs::read_dir("/proc/self/task").context("measuring needs Linux")?;
    let mut nanos = 0;
    for thread in threads {
        let text = fs::read_to_string(thread?.path().join("schedstat")).context("the kernel keeps no schedstat")?;
        nanos += text.split_whitespace().next().and_then(|first| first.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(nanos as f64 / 1e9)
}

/// The most memory that this process ever had.
fn peak_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("measuring needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().context("VmHWM is no number")?;
    Ok(kib * 1_024)
}

/// Runs a cell in a new process.
pub fn apart(cell: &Cell, variant: Variant, machine_code: &Path) -> Result<Measured> {
    let program: PathBuf = std::env::current_exe().context("this program does not know where it is")?;
    let mut command = Command::new(program);
    command.args(["one", "--cell", &cell.id, "--variant", word(variant), "--machine-code"]).arg(machine_code);
    let output = command.stderr(Stdio::inherit()).output().context("cannot start a process for a cell")?;
    ensure!(output.status.success(), "{} of {} failed", cell.id, variant.name());
    serde_json::from_slice(&output.stdout).context("a cell's process printed something else than its measures")
}

/// The whole of `one`.
pub fn one(cell: &str, variant: Variant, machine_code: &Path, perf_map: bool) -> Result<()> {
    let measured = here(&grid::cell(cell)?, variant, machine_code, perf_map)?;
    crate::print(&serde_json::to_string(&measured)?);
    Ok(())
}

fn word(variant: Variant) -> &'static str {
    match variant {
        Variant::Plain => "plain",
        Variant::Bare => "bare",
        Variant::Full => "full",
    }
}
