//! Workflows and teams from records: brought into documents, held to their schemas, run.

use serde::Serialize;
use serde_json::Value;

use super::journals::recorded;
use super::schemas::schema_of;
use super::{checks, run_schema, team_of};
use crate::catalogue::BUILT_IN;
use parallel_agents_engine::driver;
use parallel_agents_engine::host::Host;
use parallel_agents_engine::json;
use parallel_agents_engine::plan;
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::{RunReport, TaskSpec};
use parallel_agents_engine::workflow::AsPlanned;
use parallel_agents_workflows::create::Create;
use parallel_agents_workflows::improve::Improve;
use parallel_agents_workflows::orchestrate::Orchestrate;
use parallel_agents_workflows::outcome::{Creation, Orchestration, Refinement};
use parallel_agents_workflows::request::{self, Goal, Improvement};
use parallel_agents_workflows::spec::{CreationSpec, GoalSpec, Limits, RefinementSpec};
use parallel_agents_workflows::teams::Brief;
use parallel_agents_workflows::wish::Wish;

/// Judges drafts and improves them.
pub async fn run_iterative_refinement(spec: RefinementSpec, host: &mut impl Host) -> Result<Refinement, CallError> {
    let function = "run_iterative_refinement";
    let spec = document(&spec);
    let text = json::text(&spec);
    let what = request::improvement(&schema_of(function), checks(), spec)?;
    recorded(function, text, host, async |host| refine(what, host).await).await
}

/// Makes agent types, and runs tasks with them.
pub async fn create_agents(spec: CreationSpec, host: &mut impl Host) -> Result<Creation, CallError> {
    let function = "create_agents";
    let spec = document(&spec);
    let text = json::text(&spec);
    let what = request::improvement(&schema_of(function), checks(), spec)?;
    recorded(function, text, host, async |host| create(what, host).await).await
}

/// Reaches a goal.
pub async fn orchestrate(spec: GoalSpec, host: &mut impl Host) -> Result<Orchestration, CallError> {
    let function = "orchestrate";
    let spec = document(&spec);
    let text = json::text(&spec);
    let goal = request::orchestration(&schema_of(function), checks(), spec)?;
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
    let (request, plan) = plan::plan_record(&run_schema(), BUILT_IN, team.run)?;
    recorded("run_tasks", request, host, async |host| driver::run(plan, &mut AsPlanned, host).await).await
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
    let run = driver::run(common.plan(tasks), &mut improve, host).await?;
    Ok(Refinement::of(&improve, run))
}

/// Makes and uses.
pub(super) async fn create(what: Improvement, host: &mut impl Host) -> Result<Creation, CallError> {
    let Improvement { settings, wanted, registry, later } = what;
    let common = settings.common.clone();
    let (mut create, tasks) = Create::new(settings, wanted, registry, later);
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

fn document(record: &impl Serialize) -> Value {
    // Texts, numbers and maps with text keys cannot fail to be written.
    serde_json::to_value(record).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::run_schema;
    use crate::catalogue::BUILT_IN;
    use parallel_agents_engine::plan::{plan, plan_record};
    use parallel_agents_engine::task::RunSpec;
    use parallel_agents_engine::task::TaskSpec;
    use serde_json::Value;
    use std::sync::Arc;

    #[test]
    fn inputs_and_answer_schemas_are_only_held_to_their_types() {
        let schema = run_schema();
        for field in ["input_data", "output_schema"] {
            let place = format!("/properties/tasks/items/properties/{field}");
            let rules = schema.pointer(&place).and_then(Value::as_object).expect("a schema");
            let names: Vec<&str> = rules.keys().map(String::as_str).filter(|name| *name != "x-code").collect();
            assert_eq!(names, ["type"], "{field}");
        }
    }

    #[test]
    fn a_record_and_its_document_give_one_plan_or_the_same_problems() {
        let task = TaskSpec {
            agent_type: "code_reviewer".to_owned(),
            task_description: "Look.".to_owned(),
            input_data: Some(json!({"code": "x"})),
            output_schema: Some(Arc::new(json!({"type": "object"}))),
            ..TaskSpec::default()
        };
        let changes: [fn(&mut TaskSpec); 6] = [
            |_| {},
            |task| task.input_data = Some(json!([1])),
            |task| task.input_data = Some(Value::Null),
            |task| task.output_schema = Some(Arc::new(json!("no"))),
            |task| task.output_schema = Some(Arc::new(json!({"type": 7}))),
            |task| task.priority = Some(2_000_000),
        ];
        for change in changes {
            let mut changed = task.clone();
            change(&mut changed);
            let spec = RunSpec { tasks: vec![task.clone(), changed], ..RunSpec::default() };
            let schema = run_schema();
            let by_document = plan(&schema, BUILT_IN, serde_json::to_value(&spec).expect("JSON"));
            let by_record = plan_record(&schema, BUILT_IN, spec).map(|(text, planned)| {
                let again = plan(&schema, BUILT_IN, serde_json::from_str(&text).expect("JSON"));
                assert_eq!(again.as_ref(), Ok(&planned));
                planned
            });
            assert_eq!(by_record, by_document);
        }
    }
}
