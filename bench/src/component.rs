//! The component in wasmtime: loaded, started, run.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, ProfilingStrategy, Store};

use crate::bindings::parallel_agents::skill::types::DocumentReply;
use crate::bindings::{ParallelAgents, ParallelAgentsPre};
use crate::host::{Gateway, Told};
use crate::ran::Ran;

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
    store.limiter(|gateway| gateway);
    store
}

/// Makes a request, and returns what came of it.
pub async fn run(
    engine: &Engine,
    template: &ParallelAgentsPre<Gateway>,
    gateway: Gateway,
    request: String,
) -> Result<Ran> {
    let mut store = store(engine, gateway);
    let guest = told(template.instantiate_async(&mut store).await)?;
    let run = guest.parallel_agents_skill_functions().func_run_tasks();
    let (reply,) = told(run.call_async(&mut store, (request,)).await)?;
    let report = match reply {
        DocumentReply::Answer(report) => report,
        DocumentReply::Refused(problems) => bail!("the component refused the run: {problems}"),
    };
    let Gateway { told: Told { journal, progress }, guest_bytes, .. } = store.into_data();
    Ok(Ran { report, journal, progress: progress.len(), guest_bytes })
}

/// Reads the component's file.
pub fn file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read the component {}", path.display()))
}

/// wasmtime's errors as those of this program.
pub fn told<T>(outcome: wasmtime::Result<T>) -> Result<T> {
    outcome.map_err(|error| anyhow!("{error:#}"))
}
