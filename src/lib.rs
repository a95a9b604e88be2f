//! Runs many specialised sub-sessions of an agent gateway in parallel and returns checked results.
//!
//! Data moves one way, and only `boundary` knows WIT:
//!
//! ```text
//! request -> plan -> schedule -> session -> answer -> report
//!                        ^ engine: the only one that changes state; policy: the decisions
//! ```
//!
//! The engine is a pure state machine, so all of this but `boundary` compiles and is tested natively. ARCHITECTURE.md
//! has the map, the glossary and what is absent on purpose.

// From outside to inside.
pub mod collect;
pub mod documents;
pub mod journal;
mod pump;

// The stages.
pub mod agents;
pub mod answer;
pub mod engine;
pub mod plan;
mod policy;
pub mod prompt;
mod report;
mod schedule;
mod session;
pub mod teams;
pub mod workflow;

// What all stages share.
pub mod canary;
pub mod host;
pub mod ids;
pub mod json;
mod marker;
pub mod problem;
pub mod score;
pub mod task;
pub mod text;

#[cfg(target_family = "wasm")]
mod boundary;
#[cfg(test)]
mod testing;

pub use documents::workflows::{create_agents, orchestrate, run_iterative_refinement, run_team};
use problem::CallError;
use task::{Forecast, RunReport, RunSpec};

/// The version of this component.
pub const COMPONENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the WIT package that this crate implements; a test compares the two.
pub const CONTRACT_VERSION: &str = "0.1.0";

/// Runs tasks in parallel and returns one result per task, in order. Nothing is asked of the host if the request is
/// invalid.
pub async fn run_tasks(spec: RunSpec, host: &mut impl host::Host) -> Result<RunReport, CallError> {
    let (request, plan) = plan::plan_record(&documents::run_schema(), spec)?;
    run("run_tasks", request, plan, host).await
}

/// What a run may cost; asks nothing of the host.
pub fn forecast(spec: RunSpec) -> Result<Forecast, CallError> {
    plan::plan_record(&documents::run_schema(), spec).map(|(_, plan)| plan.forecast())
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
    documents::journals::recorded(function, arguments, host, async |host| pump::run(plan, by, host).await).await
}
