//! Workflows: a checked request becomes a state machine and its first tasks, and is run to its end.

use parallel_agents_engine::driver;
use parallel_agents_engine::host::Host;
use parallel_agents_engine::problem::CallError;
use parallel_agents_workflows::create::Create;
use parallel_agents_workflows::improve::Improve;
use parallel_agents_workflows::map::{MapItems, Mapped, Mapping};
use parallel_agents_workflows::orchestrate::Orchestrate;
use parallel_agents_workflows::outcome::{Creation, Orchestration, Refinement};
use parallel_agents_workflows::request::{Goal, Improvement};

/// Does the same with each item.
pub(super) async fn map(what: Mapping, host: &mut impl Host) -> Result<Mapped, CallError> {
    let (mut items, plan) = MapItems::new(what);
    let run = driver::run(plan, &mut items, host).await?;
    Ok(items.outcome(run))
}

/// Runs the workflow of drafts that are judged and improved.
pub(super) async fn refine(what: Improvement, host: &mut impl Host) -> Result<Refinement, CallError> {
    let common = what.settings.common.clone();
    let (mut improve, tasks) = Improve::new(what.settings, what.wanted);
    let run = driver::run(common.plan(tasks), &mut improve, host).await?;
    Ok(Refinement::of(&improve, run))
}

/// Runs the workflow that makes agent types and, if asked to, runs tasks with them.
pub(super) async fn create(what: Improvement, host: &mut impl Host) -> Result<Creation, CallError> {
    let Improvement { settings, wanted, registry, follow_up_tasks } = what;
    let common = settings.common.clone();
    let (mut create, tasks) = Create::new(settings, wanted, registry, follow_up_tasks);
    let run = driver::run(common.plan(tasks), &mut create, host).await?;
    Ok(Creation::of(create, run))
}

/// Plans, carries out and compiles.
pub(super) async fn reach((settings, registry): Goal, host: &mut impl Host) -> Result<Orchestration, CallError> {
    let common = settings.common.clone();
    let (mut orchestrate, tasks) = Orchestrate::new(settings, registry);
    let run = driver::run(common.plan(tasks), &mut orchestrate, host).await?;
    Ok(Orchestration::of(orchestrate, run))
}
