//! Requests for workflows: from a checked document to settings and drafts, or all problems at once.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::agent_spec::{self, check_name as check_draft_name, plain};
use super::create::{Created, FollowUpTasks, belongs_to_a_draft, field, stand_in};
use super::extent::Extent;
use super::graft::{Checks, Rules};
use super::improve::{DEFINITION_KIND, Origin, Settings, Wanted};
use super::registry::Entry;
use super::spec::{AgentSpec, CreationSpec, DraftSpec, ImprovementSpec, OrchestrationSpec, RefinementSpec};
use super::{Common, orchestrate};
use parallel_agents_engine::agents::{AgentDefinition, BuiltIn, Catalogue};
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::plan::{self, check_document, check_name};
use parallel_agents_engine::policy::limits::{
    DEFAULT_DEADLINE_SECONDS, DEFAULT_MAX_CONCURRENT, DEFAULT_MAX_ROUNDS, DEFAULT_NEW_AGENTS, DEFAULT_PLAN_TASKS,
    DEFAULT_REPLANS, DEFAULT_TARGET_SCORE, MAX_DRAFT_BYTES, MAX_GOAL_BYTES, MAX_WORKFLOW_SESSIONS,
};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::AgentSource;
use parallel_agents_engine::text;

/// What a workflow is to do.
#[derive(Debug)]
pub struct Improvement {
    /// How drafts are judged and improved.
    pub settings: Settings,
    /// The drafts, given or to be made.
    pub wanted: Vec<Wanted>,
    /// The agent types that are there already.
    pub registry: Vec<Entry>,
    /// What the agents are made for, if that is to be done in the same run.
    pub follow_up_tasks: Option<FollowUpTasks>,
}

/// A goal, and the agent types that are there already.
pub type Goal = (orchestrate::Settings, Vec<Entry>);

/// Reads a request for refinement.
pub fn refinement(request_schema: &Value, checks: Checks, document: Value) -> Result<Improvement, CallError> {
    all_problems(request_schema, document, |request, problems| refinement_of(request, checks, problems))
}

/// Reads a request for new agents.
pub fn creation(request_schema: &Value, checks: Checks, document: Value) -> Result<Improvement, CallError> {
    all_problems(request_schema, document, |request, problems| creation_of(request, checks, problems))
}

/// Reads a request for orchestration.
pub fn orchestration(request_schema: &Value, checks: Checks, document: Value) -> Result<Goal, CallError> {
    all_problems(request_schema, document, |request, problems| orchestration_of(request, checks, problems))
}

/// Checks a request against its schema, then reads what fits, and reports what either finds.
fn all_problems<S: DeserializeOwned, T>(
    request_schema: &Value,
    mut document: Value,
    read: impl FnOnce(S, &mut Vec<Problem>) -> Option<T>,
) -> Result<T, CallError> {
    let mut problems = check_document(request_schema, &mut document);
    let covered: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
    let request: S = serde_json::from_value(document).map_err(|error| {
        CallError::invalid(vec![Problem::new("E_REQUEST_TYPE", "", format!("the request cannot be read: {error}"))])
    })?;
    let mut found = Vec::new();
    let read = read(request, &mut found);
    let under =
        |problem: &Problem, path: &String| problem.path == *path || problem.path.starts_with(&format!("{path}/"));
    // A draft is held to what a definition has to be unless its `kind` says otherwise, which is not known if it is wrong.
    let of_unknown_kind = |problem: &Problem| {
        let draft = problem.path.strip_suffix("draft").filter(|_| problem.code == "E_AGENT_DEFINITION");
        draft.is_some_and(|draft| covered.contains(&format!("{draft}kind")))
    };
    let follows = |problem: &Problem| covered.iter().any(|path| under(problem, path)) || of_unknown_kind(problem);
    problems.extend(found.into_iter().filter(|problem| !follows(problem)));
    match read {
        Some(read) if problems.is_empty() => Ok(read),
        _ => Err(CallError::invalid(problems)),
    }
}

fn catalogue_of(built_in: BuiltIn, agents: &[AgentSource], problems: &mut Vec<Problem>) -> Catalogue {
    Catalogue::with(built_in, agents).unwrap_or_else(|faults| {
        problems.extend(faults);
        Catalogue::new(built_in)
    })
}

fn common_of(spec: &ImprovementSpec, catalogue: &mut Catalogue, problems: &mut Vec<Problem>) -> Common {
    check_name("E_MODEL_FORMAT", "/model", spec.model.as_deref(), problems);
    check_name("E_THINKING_FORMAT", "/thinking", spec.thinking.as_deref(), problems);
    let rules = plan::rules(spec.rules.clone(), catalogue, problems);
    plan::check_prices(&rules, [spec.model.clone()], problems);
    let deadline_seconds = spec.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS);
    plan::check_task_timeout(rules.task_timeout_seconds, deadline_seconds, problems);
    Common {
        max_concurrent: spec.max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT),
        deadline_seconds,
        cleanup: spec.cleanup.unwrap_or_default(),
        model: spec.model.clone(),
        thinking: spec.thinking.clone(),
        retries: spec.rules.retries,
        start_timeout_seconds: spec.rules.start_timeout_seconds,
        rules,
    }
}

fn orchestration_of(request: OrchestrationSpec, checks: Checks, problems: &mut Vec<Problem>) -> Option<Goal> {
    let mut catalogue = catalogue_of(checks.built_in, &request.common.agents, problems);
    let common = common_of(&request.common, &mut catalogue, problems);
    if request.goal.trim().is_empty() {
        problems.push(Problem::new("E_GOAL", "/goal", "goal: is blank").hint("say what is to be reached"));
    } else if request.goal.len() > MAX_GOAL_BYTES {
        let message = format!("goal: got {} bytes, need at most {MAX_GOAL_BYTES}", request.goal.len());
        problems.push(Problem::new("E_GOAL", "/goal", message).got(request.goal.len()));
    }
    plain(Some(&request.goal), "/goal", problems);
    let orchestrator =
        catalogue.find_reader("agent_orchestrator", "/agents").map_err(|problem| problems.push(problem)).ok();
    let all = catalogue.list(None).map_err(|problem| problems.push(problem)).ok()?;
    let improvement = improvement_settings(&request.common, common.clone(), &mut catalogue, problems);
    let registry = entries(&request.registry, problems);
    let max_tasks = request.max_tasks.unwrap_or(DEFAULT_PLAN_TASKS);
    let max_replans = request.max_replans.unwrap_or(DEFAULT_REPLANS);
    let max_new_agents = request.max_new_agents.unwrap_or(DEFAULT_NEW_AGENTS);
    let (orchestrator, improvement) = (orchestrator?, improvement?);
    let others = all.iter().filter(|agent| agent.name != orchestrator.name);
    let settings = orchestrate::Settings {
        goal: request.goal,
        max_tasks: max_tasks as usize,
        max_replans,
        max_new_agents: max_new_agents as usize,
        offered: others.map(|agent| (agent.name.clone().into(), agent.description.clone())).collect(),
        orchestrator,
        rules: Rules { common: common.clone(), agents: request.common.agents, checks },
        improvement,
        common,
    };
    too_many(Extent::of_goal(&settings).most, "fewer tasks, replans, new agents, rounds or judges", problems);
    Some((settings, registry))
}

/// How drafts are judged and improved.
fn improvement_settings(
    spec: &ImprovementSpec,
    common: Common,
    catalogue: &mut Catalogue,
    problems: &mut Vec<Problem>,
) -> Option<Settings> {
    let judge_name = spec.judge_agent.as_deref().unwrap_or("agent_design_reviewer");
    let refiner_name = spec.refiner_agent.as_deref().unwrap_or("agent_refiner");
    if judge_name == refiner_name {
        let problem = Problem::new("E_SELF_REVIEW", "/judge_agent", "judge_agent: nobody judges their own work");
        problems.push(problem.got(judge_name).hint("choose another type for one of the two roles"));
    }
    let mut take =
        |name: &str, path: &str| catalogue.find_reader(name, path).map_err(|problem| problems.push(problem)).ok();
    let (judge, refiner, creator) =
        (take(judge_name, "/judge_agent"), take(refiner_name, "/refiner_agent"), take("agent_creator", "/new_agents"));
    let target =
        spec.target_score.as_ref().and_then(Score::read).or_else(|| Score::read(&Value::from(DEFAULT_TARGET_SCORE)));
    Some(Settings {
        common,
        target: target?,
        max_rounds: spec.max_rounds.unwrap_or(DEFAULT_MAX_ROUNDS),
        judges: spec.judges.unwrap_or(1),
        judge: judge?,
        refiner: refiner?,
        creator: creator?,
    })
}

fn too_many(sessions: u64, hint: &str, problems: &mut Vec<Problem>) {
    if sessions > MAX_WORKFLOW_SESSIONS {
        let message = format!("{sessions} sessions could be needed, at most {MAX_WORKFLOW_SESSIONS} are allowed");
        let problem = Problem::new("E_REFINE_SIZE", "", message).got(sessions);
        problems.push(problem.limit(format!("1..={MAX_WORKFLOW_SESSIONS}")).hint(hint));
    }
}

fn refinement_of(request: RefinementSpec, checks: Checks, problems: &mut Vec<Problem>) -> Option<Improvement> {
    let mut catalogue = catalogue_of(checks.built_in, &request.common.agents, problems);
    let common = common_of(&request.common, &mut catalogue, problems);
    let settings = improvement_settings(&request.common, common, &mut catalogue, problems);
    let drafts = request.drafts.into_iter().enumerate();
    let wanted: Vec<Wanted> =
        drafts.map(|(index, draft)| given(draft, &format!("/drafts/{index}"), problems)).collect();
    agent_spec::check_unique(wanted.iter().map(|draft| draft.name.as_str()), "/drafts", problems);
    let settings = settings?;
    too_many(Extent::of_drafts(&settings, &wanted, None).most, "fewer drafts, rounds or judges", problems);
    Some(Improvement { settings, wanted, registry: Vec::new(), follow_up_tasks: None })
}

fn creation_of(request: CreationSpec, checks: Checks, problems: &mut Vec<Problem>) -> Option<Improvement> {
    let mut catalogue = catalogue_of(checks.built_in, &request.common.agents, problems);
    let common = common_of(&request.common, &mut catalogue, problems);
    let settings = improvement_settings(&request.common, common.clone(), &mut catalogue, problems);
    agent_spec::check(&request.new_agents, "/new_agents", &mut catalogue, problems);
    let wanted: Vec<Wanted> = request.new_agents.iter().map(AgentSpec::wanted).collect();
    let registry = entries(&request.registry, problems);
    let rules = Rules { common, agents: request.common.agents, checks };
    let follow_up_tasks = request.tasks.map(|tasks| follow_up_tasks(tasks, rules, &wanted, &registry, problems));
    let settings = settings?;
    let sessions = Extent::of_drafts(&settings, &wanted, follow_up_tasks.as_ref()).most;
    too_many(sessions, "fewer agent types, rounds, judges or tasks", problems);
    Some(Improvement { settings, wanted, registry, follow_up_tasks })
}

fn given(draft: DraftSpec, path: &str, problems: &mut Vec<Problem>) -> Wanted {
    check_draft_name(&draft.name, path, true, problems);
    let kind = draft.kind.unwrap_or_else(|| DEFINITION_KIND.to_owned());
    let bytes = draft.draft.to_string().len();
    if draft.draft.as_str().is_some_and(|text| text.trim().is_empty()) {
        problems.push(Problem::new("E_DRAFT_EMPTY", format!("{path}/draft"), "draft: is blank"));
    } else if bytes > MAX_DRAFT_BYTES {
        let message = format!("draft: got {bytes} bytes, need at most {MAX_DRAFT_BYTES}");
        problems.push(Problem::new("E_DRAFT_TOO_LARGE", format!("{path}/draft"), message).got(bytes));
    } else if kind == DEFINITION_KIND && !draft.draft.is_null() {
        match AgentDefinition::read(&AgentSource::Definition(draft.draft.clone())) {
            Ok(agent) if agent.name.as_str() == draft.name => {}
            Ok(agent) => {
                let message = format!(
                    "draft: defines {}, but is called {}",
                    text::quoted(agent.name.as_str()),
                    text::quoted(&draft.name)
                );
                problems.push(Problem::new("E_AGENT_DEFINITION", format!("{path}/draft"), message));
            }
            Err(faults) => problems.extend(faults.iter().map(|fault| {
                let problem = fault.problem(format!("{path}/draft"), "draft");
                problem.hint("for anything but an agent definition, say in `kind` what it is")
            })),
        }
    }
    for (field, value) in
        [("kind", Some(&kind)), ("purpose", draft.purpose.as_ref()), ("rubric", draft.rubric.as_ref())]
    {
        plain(value, &format!("{path}/{field}"), problems);
    }
    Wanted {
        name: draft.name,
        kind,
        purpose: draft.purpose,
        rubric: draft.rubric,
        schema: None,
        origin: Origin::Given(draft.draft),
    }
}

/// The tasks that are to be done with the agents once they are made. What these will say of themselves is not known yet, so
/// the tasks are checked with stand-ins for them.
fn follow_up_tasks(
    mut tasks: Vec<Value>,
    rules: Rules,
    wanted: &[Wanted],
    registry: &[Entry],
    problems: &mut Vec<Problem>,
) -> FollowUpTasks {
    let new: Vec<&str> = wanted.iter().map(|wanted| wanted.name.as_str()).collect();
    let mut created = Created::new(registry.to_vec()).agents(&rules.agents);
    created.extend(
        new.iter().filter(|name| !registry.iter().any(|entry| entry.name == **name)).map(|name| stand_in(name)),
    );
    for (index, task) in tasks.iter_mut().enumerate() {
        let id = field(task, "task_id").to_owned();
        if let Some(name) = new.iter().find(|name| belongs_to_a_draft(&id, name)) {
            let message =
                format!("task_id: names that begin like {} belong to the making of {name}", text::quoted(&id));
            let problem = Problem::new("E_ID_RESERVED", format!("/tasks/{index}/task_id"), message).got(&id);
            problems.push(problem.hint("choose another id"));
        }
        // A schema is for JSON, whatever form the new agent may prefer.
        let json = task.get("output_schema").is_some_and(Value::is_object) && field(task, "output_format").is_empty();
        if let Some(fields) = task.as_object_mut().filter(|_| json) {
            fields.insert("output_format".to_owned(), Value::from("json"));
        }
    }
    match rules.graft(&tasks, &created, &[], TaskIndex(0)) {
        // Tasks may be left out later; the others keep the ids that they have by position.
        Ok(planned) => {
            for (task, planned) in tasks.iter_mut().zip(planned) {
                if let Some(fields) = task.as_object_mut() {
                    fields.insert("task_id".to_owned(), Value::from(planned.id.as_str()));
                }
            }
        }
        Err(found) => {
            // Wrong agents and limits of the run are told once, by the request itself.
            problems.extend(found.into_iter().filter(|problem| problem.path.starts_with("/tasks")));
        }
    }
    FollowUpTasks { tasks, rules }
}

fn entries(values: &[Value], problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut registry: Vec<Entry> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let why = match Entry::deserialize(value) {
            Ok(entry) if !entry.is_intact() => "its definition is not the one that its hash names".to_owned(),
            Ok(entry) if Score::read(&entry.score).is_none() => "its score is no number from 0 to 10".to_owned(),
            Ok(entry) if name_of(&entry) != Some(entry.name.as_str().to_owned()) => {
                "its definition is unusable, or defines another name".to_owned()
            }
            Ok(entry) if registry.iter().any(|known| known.name == entry.name) => "its name stands twice".to_owned(),
            Ok(entry) => {
                registry.push(entry);
                continue;
            }
            Err(error) => error.to_string(),
        };
        problems.push(Problem::new("E_REGISTRY", format!("/registry/{index}"), format!("registry: {why}")));
    }
    registry
}

fn name_of(entry: &Entry) -> Option<String> {
    AgentDefinition::read(&AgentSource::Definition(entry.definition.clone())).ok().map(|agent| agent.name.into())
}
