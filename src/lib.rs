//! Runs many specialised sub-sessions of an agent gateway in parallel and returns checked results: the component.
//!
//! `boundary` translates WIT, `documents` reads and writes the JSON of the entry points. The decisions are those of the
//! engine's crate; what a goal, a draft or a team becomes is the workflows' crate. ARCHITECTURE.md has the map.

pub mod catalogue;
pub mod documents;

#[cfg(target_family = "wasm")]
mod boundary;

pub use documents::workflows::{create_agents, orchestrate, run_iterative_refinement, run_team};
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::{Forecast, RunReport, RunSpec};
use parallel_agents_engine::{driver, host, json, plan, workflow};

use catalogue::BUILT_IN;

/// Runs tasks in parallel and returns one result per task, in order. Nothing is asked of the host if the request is
/// invalid.
pub async fn run_tasks(spec: RunSpec, host: &mut impl host::Host) -> Result<RunReport, CallError> {
    let (request, plan) = plan::plan_record(&documents::run_schema(), BUILT_IN, spec)?;
    run("run_tasks", request, plan, host).await
}

/// What a run may cost; asks nothing of the host.
pub fn forecast(spec: RunSpec) -> Result<Forecast, CallError> {
    plan::plan_record(&documents::run_schema(), BUILT_IN, spec).map(|(_, plan)| plan.forecast())
}

/// Runs one of the helpers in `documents::spawning` with the arguments that its document takes.
pub async fn spawn(
    function: &str,
    request: serde_json::Value,
    host: &mut impl host::Host,
) -> Result<RunReport, CallError> {
    let text = json::text(&request);
    let plan = documents::spawning::plan(function, request)?;
    run(function, text, plan, host).await
}

/// Runs a plan as it stands, and writes it down as the call that it is.
async fn run(
    function: &str,
    arguments: String,
    plan: plan::Plan,
    host: &mut impl host::Host,
) -> Result<RunReport, CallError> {
    let by = &mut workflow::AsPlanned;
    documents::journals::recorded(function, arguments, host, async |host| driver::run(plan, by, host).await).await
}
