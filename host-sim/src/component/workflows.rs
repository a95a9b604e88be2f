//! The typed exports for teams and workflows.

use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::RunReport;
use parallel_agents_workflows::outcome::{Creation, Orchestration, Refinement};
use parallel_agents_workflows::spec::{CreationSpec, GoalSpec, Limits, RefinementSpec};
use parallel_agents_workflows::teams::Brief;

use super::ComponentHost;
use crate::bindings::parallel_agents::skill::results;
use crate::call::{Called, hold_to_cap};
use crate::clock::Clock;
use crate::convert;
use crate::error::SimError;
use crate::world::World;

impl ComponentHost {
    /// Runs a team.
    pub async fn run_team(
        &self,
        brief: Brief,
        limits: Limits,
        mut world: World,
        clock: &Clock,
    ) -> Called<Result<RunReport, CallError>> {
        hold_to_cap(&mut world, limits.max_concurrent);
        let arguments = (convert::team_brief(brief), convert::limits(limits));
        let called = self.enter(world, clock, async |store, guest| {
            let run = guest.parallel_agents_skill_teams().func_run_team();
            let (reply,) = run.call_async(store, arguments).await?;
            Ok(reply)
        });
        called.await.and_then(|reply| read(reply, convert::run_report))
    }

    /// Judges drafts and improves them.
    pub async fn run_iterative_refinement(
        &self,
        spec: RefinementSpec,
        mut world: World,
        clock: &Clock,
    ) -> Called<Result<Refinement, CallError>> {
        hold_to_cap(&mut world, spec.limits.max_concurrent);
        let request = convert::refinement_request(spec);
        let called = self.enter(world, clock, async |store, guest| {
            let run = guest.parallel_agents_skill_workflows().func_run_iterative_refinement();
            let (reply,) = run.call_async(store, (request,)).await?;
            Ok(reply)
        });
        called.await.and_then(|reply| read(reply, convert::refinement))
    }

    /// Makes agent types and uses them.
    pub async fn create_agents(
        &self,
        spec: CreationSpec,
        mut world: World,
        clock: &Clock,
    ) -> Called<Result<Creation, CallError>> {
        hold_to_cap(&mut world, spec.limits.max_concurrent);
        let request = convert::creation_request(spec);
        let called = self.enter(world, clock, async |store, guest| {
            let run = guest.parallel_agents_skill_workflows().func_create_agents();
            let (reply,) = run.call_async(store, (request,)).await?;
            Ok(reply)
        });
        called.await.and_then(|reply| read(reply, convert::creation))
    }

    /// Reaches a goal.
    pub async fn orchestrate(
        &self,
        spec: GoalSpec,
        mut world: World,
        clock: &Clock,
    ) -> Called<Result<Orchestration, CallError>> {
        hold_to_cap(&mut world, spec.limits.max_concurrent);
        let request = convert::goal_request(spec);
        let called = self.enter(world, clock, async |store, guest| {
            let run = guest.parallel_agents_skill_workflows().func_orchestrate();
            let (reply,) = run.call_async(store, (request,)).await?;
            Ok(reply)
        });
        called.await.and_then(|reply| read(reply, convert::orchestration))
    }
}

/// A reply in the engine's types.
fn read<W, R>(
    reply: Result<W, results::CallError>,
    result: impl FnOnce(W) -> Result<R, SimError>,
) -> Result<Result<R, CallError>, SimError> {
    match reply {
        Ok(done) => result(done).map(Ok),
        Err(error) => Ok(Err(convert::call_error(error))),
    }
}
