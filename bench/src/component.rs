//! The component in wasmtime: loaded, started, run.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, ProfilingStrategy, Store};

use crate::answer;
use crate::bindings::parallel_agents::skill::types::DocumentReply;
use crate::bindings::{ParallelAgents, ParallelAgentsPre};
use crate::grid::Cell;
use crate::host::Gateway;
use crate::request;
use crate::variant::Variant;

/// An engine as an embedding host would have it: nothing is metered.
pub fn engine(perf_map: bool) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model(true).wasm_component_model_async(true);
    if perf_map {
        config.profiler(ProfilingStrategy::PerfMap);
    }
    told(Engine::new(&config))
}

/// Machine code of a component, in the form that [`precompiled`] takes.
pub fn compiled(engine: &Engine, wasm: &[u8]) -> Result<Vec<u8>> {
    told(Component::new(engine, wasm))?.serialize().map_err(|error| anyhow!("{error:#}"))
}

/// A component whose machine code lies in a file that this program wrote.
#[expect(unsafe_code, reason = "wasmtime cannot check machine code; no other way leads to a precompiled component")]
pub fn precompiled(engine: &Engine, file: &Path) -> Result<Component> {
    // SAFETY: the file comes from `compiled`, with the same wasmtime, and lies in a directory of this run alone.
    told(unsafe { Component::deserialize_file(engine, file) })
}

/// A component with its imports, ready to be instantiated.
pub fn linked(engine: &Engine, component: &Component) -> Result<ParallelAgentsPre<Gateway>> {
    let mut linker = Linker::<Gateway>::new(engine);
    told(ParallelAgents::add_to_linker::<_, HasSelf<_>>(&mut linker, |gateway| gateway))?;
    told(ParallelAgentsPre::new(told(linker.instantiate_pre(component))?))
}

/// A store that may be asked for anything.
pub fn store(engine: &Engine, gateway: Gateway) -> Store<Gateway> {
    let mut store = Store::new(engine, gateway);
    store.set_hostcall_fuel(usize::MAX);
    store
}

/// Runs a cell and returns how many answers were right.
pub async fn run(
    engine: &Engine,
    template: &ParallelAgentsPre<Gateway>,
    cell: &Cell,
    variant: Variant,
) -> Result<usize> {
    let request = request::run(cell, variant);
    let mut store = store(engine, Gateway::open(cell.clone(), variant));
    let guest = told(template.instantiate_async(&mut store).await)?;
    let run = guest.parallel_agents_skill_functions().func_run_tasks();
    let (reply,) = told(run.call_async(&mut store, (request,)).await)?;
    let report: Report = match reply {
        DocumentReply::Answer(report) => serde_json::from_str(&report).context("the report cannot be read")?,
        DocumentReply::Refused(problems) => bail!("the component refused the run: {problems}"),
    };
    if variant.is_full() {
        let told = &store.data().told;
        ensure!(told.journal.lines().count() > cell.tasks, "the journal is short");
        ensure!(told.progress.len() >= 2 * cell.tasks, "progress is missing");
    }
    Ok(right(&report))
}

/// What counts of a report.
#[derive(Deserialize)]
struct Report {
    results: Vec<Row>,
}

/// What counts of a task's result.
#[derive(Deserialize)]
struct Row {
    status: String,
    output: Option<Value>,
}

fn right(report: &Report) -> usize {
    let completed = report.results.iter().filter(|result| result.status == "completed");
    completed.filter_map(|result| answer::number(result.output.as_ref()?)).count()
}

/// Reads the component's file.
pub fn file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read the component {}", path.display()))
}

/// wasmtime's errors as those of this program.
pub fn told<T>(outcome: wasmtime::Result<T>) -> Result<T> {
    outcome.map_err(|error| anyhow!("{error:#}"))
}
