//! Workflows and teams from records: brought into documents, held to their schemas, run.

use serde::Serialize;
use serde_json::Value;

use super::journals::recorded;
use super::schemas::schema_of;
use super::{run_schema, team_of};
use crate::host::Host;
use crate::json;
use crate::plan;
use crate::problem::CallError;
use crate::pump;
use crate::task::{RunReport, TaskSpec};
use crate::teams::Brief;
use crate::workflow::AsPlanned;
use crate::workflow::create::Create;
use crate::workflow::improve::Improve;
use crate::workflow::orchestrate::Orchestrate;
use crate::workflow::outcome::{Creation, Orchestration, Refinement};
use crate::workflow::request::{self, Goal, Improvement};
use crate::workflow::spec::{CreationSpec, GoalSpec, Limits, RefinementSpec};
use crate::workflow::wish::Wish;

/// Judges drafts and improves them.
pub async fn run_iterative_refinement(spec: RefinementSpec, host: &mut impl Host) -> Result<Refinement, CallError> {
    let function = "run_iterative_refinement";
    let spec = document(&spec);
    let text = json::text(&spec);
    let what = request::improvement(&schema_of(function), run_schema(), spec)?;
    recorded(function, text, host, async |host| refine(what, host).await).await
}

/// Makes agent types, and runs tasks with them.
pub async fn create_agents(spec: CreationSpec, host: &mut impl Host) -> Result<Creation, CallError> {
    let function = "create_agents";
    let spec = document(&spec);
    let text = json::text(&spec);
    let what = request::improvement(&schema_of(function), run_schema(), spec)?;
    recorded(function, text, host, async |host| create(what, host).await).await
}

/// Reaches a goal.
pub async fn orchestrate(spec: GoalSpec, host: &mut impl Host) -> Result<Orchestration, CallError> {
    let function = "orchestrate";
    let spec = document(&spec);
    let text = json::text(&spec);
    let goal = request::orchestration(&schema_of(function), run_schema(), spec)?;
    recorded(function, text, host, async |host| reach(goal, host).await).await
}

/// Runs a ready-made team.
pub async fn run_team(brief: &Brief, limits: &Limits, host: &mut impl Host) -> Result<RunReport, CallError> {
    let (function, mut arguments) = brief.document();
    if let (Some(fields), Value::Object(limits)) = (arguments.as_object_mut(), document(limits)) {
        fields.extend(limits);
    }
    let team = team_of(function, arguments)?;
    // What a team runs are its tasks, whatever made them.
    let (request, plan) = plan::plan_record(&run_schema(), team.run)?;
    recorded("run_tasks", request, host, async |host| pump::run(plan, &mut AsPlanned, host).await).await
}

/// The tasks for one agent type.
pub fn custom_agent(wish: &Wish) -> Result<Vec<TaskSpec>, CallError> {
    team_of("custom_agent", document(wish)).map(|team| team.run.tasks)
}

/// The tasks for several agent types.
pub fn meta_workflow(purposes: Vec<Wish>) -> Result<Vec<TaskSpec>, CallError> {
    let (function, arguments) = Brief::Agents(purposes).document();
    team_of(function, arguments).map(|team| team.run.tasks)
}

/// Judges and improves.
pub(super) async fn refine(what: Improvement, host: &mut impl Host) -> Result<Refinement, CallError> {
    let common = what.settings.common.clone();
    let (mut improve, tasks) = Improve::new(what.settings, what.wanted);
    let run = pump::run(common.plan(tasks), &mut improve, host).await?;
    Ok(Refinement::of(&improve, run))
}

/// Makes and uses.
pub(super) async fn create(what: Improvement, host: &mut impl Host) -> Result<Creation, CallError> {
    let Improvement { settings, wanted, registry, later } = what;
    let common = settings.common.clone();
    let (mut create, tasks) = Create::new(settings, wanted, registry, later);
    let run = pump::run(common.plan(tasks), &mut create, host).await?;
    Ok(Creation::of(create, run))
}

/// Plans, carries out and compiles.
pub(super) async fn reach((settings, registry): Goal, host: &mut impl Host) -> Result<Orchestration, CallError> {
    let common = settings.common.clone();
    let (mut orchestrate, tasks) = Orchestrate::new(settings, registry);
    let run = pump::run(common.plan(tasks), &mut orchestrate, host).await?;
    Ok(Orchestration::of(orchestrate, run))
}

fn document(record: &impl Serialize) -> Value {
    // Texts, numbers and maps with text keys cannot fail to be written.
    serde_json::to_value(record).unwrap_or_default()
}
