//! What it takes until the component can be called: its size, compiling, loading, instantiating.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use parallel_agents_bench_native::Extent;
use serde::{Deserialize, Serialize};

use crate::host::Gateway;
use crate::{component, grid, median};

/// How often what is quick is done; the median counts.
const TIMES: usize = 51;

/// Measures in Node. The script stands beside this crate's sources.
const SCRIPT: &str = include_str!("../start.mjs");

/// What a start takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Start {
    /// Bytes of the component.
    pub component_bytes: u64,
    /// Bytes of its machine code for wasmtime.
    pub machine_code_bytes: u64,
    /// The phases under wasmtime.
    pub wasmtime: Phases,
    /// In Node, if that was asked for.
    pub node: Option<Phases>,
}

/// In milliseconds, each a median.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phases {
    /// From bytes to machine code. Node: of its core modules.
    pub compile_ms: f64,
    /// From machine code in a file to a component with its imports. Node has no such thing.
    pub load_ms: Option<f64>,
    /// A new instance.
    pub instantiate_ms: f64,
}

/// Measures the start in wasmtime. `machine_code` is written.
pub fn in_wasmtime(file: &Path, machine_code: &Path) -> Result<Start> {
    let wasm = component::file(file)?;
    let engine = component::engine(false)?;
    let began = Instant::now();
    let code = component::compiled(&engine, &wasm)?;
    let compile = began.elapsed();
    fs::write(machine_code, &code).with_context(|| format!("cannot write {}", machine_code.display()))?;
    let load = || {
        let began = Instant::now();
        component::linked(&engine, &component::precompiled(&engine, machine_code)?)?;
        anyhow::Ok(began.elapsed())
    };
    let loads: Vec<Duration> = (0..TIMES).map(|_| load()).collect::<Result<_>>()?;
    let template = component::linked(&engine, &component::precompiled(&engine, machine_code)?)?;
    let base = grid::cell(grid::BASE)?;
    let instantiate = || {
        let began = Instant::now();
        let mut store = component::store(&engine, Gateway::open(base.clone(), Extent::Bare));
        component::told(futures::executor::block_on(template.instantiate_async(&mut store)))?;
        anyhow::Ok(began.elapsed())
    };
    let instances: Vec<Duration> = (0..TIMES).map(|_| instantiate()).collect::<Result<_>>()?;
    Ok(Start {
        component_bytes: wasm.len() as u64,
        machine_code_bytes: code.len() as u64,
        wasmtime: Phases {
            compile_ms: millis(compile),
            load_ms: Some(median(loads.into_iter().map(millis))),
            instantiate_ms: median(instances.into_iter().map(millis)),
        },
        node: None,
    })
}

/// Measures the start in Node. `jco` is the script that makes JavaScript of the component, in `directory`.
pub fn in_node(file: &Path, node: &Path, jco: &Path, directory: &Path) -> Result<Phases> {
    let mut transpile = Command::new(node);
    transpile.arg(jco).arg("transpile").arg(file).args(["--name", "component", "--instantiation", "async"]);
    transpile.args(["--quiet", "--out-dir"]).arg(directory);
    let done = transpile.stdout(Stdio::null()).status().context("cannot start Node")?;
    ensure!(done.success(), "jco could not make JavaScript of the component");
    let script = directory.join("start.mjs");
    fs::write(&script, SCRIPT).with_context(|| format!("cannot write {}", script.display()))?;
    let output = Command::new(node).arg(&script).stderr(Stdio::inherit()).output().context("cannot start Node")?;
    ensure!(output.status.success(), "the measurement in Node failed");
    serde_json::from_slice(&output.stdout).context("Node printed something else than its measures")
}

/// Which Node it is.
pub fn node_version(node: &Path) -> Result<String> {
    let output = Command::new(node).arg("--version").output().context("cannot start Node")?;
    Ok(format!("Node {}", String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v')))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
