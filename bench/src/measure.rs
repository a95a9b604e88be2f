//! One cell in a process of its own, so that its processor time and memory are nobody else's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum as _;
use serde::{Deserialize, Serialize};

use crate::grid::{self, Cell};
use crate::host::Gateway;
use crate::variant::Variant;
use crate::{component, native, plain, request};

/// What one run of a cell took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// From the call to its result, in seconds.
    pub makespan_s: f64,
    /// Processor time of all threads during that time, in seconds.
    pub cpu_s: f64,
    /// Peak resident memory of the whole process, in bytes.
    pub peak_bytes: u64,
    /// The component's own memory in the end, in bytes; 0 where there is no component.
    pub guest_bytes: usize,
    /// Bytes of the request and the report; 0 for the plain loop.
    pub text_bytes: usize,
}

/// Runs a cell in this process. Making the request and looking at the report are not part of what is measured.
fn here(cell: &Cell, variant: Variant, machine_code: &Path, perf_map: bool) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let Some((extent, is_native)) = variant.of_engine() else {
        let (right, makespan_s, cpu_s) = runtime.block_on(timed(async || Ok(plain::run(cell).await)))?;
        ensure!(right == cell.tasks, "{}: {right} of {} answers are right", cell.id, cell.tasks);
        return Ok(Measured { makespan_s, cpu_s, peak_bytes: peak_bytes()?, guest_bytes: 0, text_bytes: 0 });
    };
    let (request, own) = (request::run(cell, extent), cell.clone());
    let request_bytes = request.len();
    let (ran, makespan_s, cpu_s) = if is_native {
        runtime.block_on(timed(async || native::run(own, extent, request).await))?
    } else {
        let engine = component::engine(perf_map)?;
        let template = component::linked(&engine, &component::precompiled(&engine, machine_code)?)?;
        let run = async || component::run(&engine, &template, Gateway::open(own, extent), request).await;
        runtime.block_on(timed(run))?
    };
    let peak_bytes = peak_bytes()?;
    ran.check(cell.tasks, extent).with_context(|| cell.id.clone())?;
    let text_bytes = request_bytes + ran.report.len();
    Ok(Measured { makespan_s, cpu_s, peak_bytes, guest_bytes: ran.guest_bytes, text_bytes })
}

/// What a run comes to, how long it takes and how much processor time, both in seconds.
async fn timed<T>(run: impl AsyncFnOnce() -> Result<T>) -> Result<(T, f64, f64)> {
    let (began, used) = (Instant::now(), process_time_s()?);
    let ran = run().await?;
    Ok((ran, began.elapsed().as_secs_f64(), process_time_s()? - used))
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
    let name = variant.to_possible_value().context("a variant has no name")?;
    command.args(["one", "--cell", &cell.id, "--variant", name.get_name(), "--machine-code"]).arg(machine_code);
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
