//! Requests for workflows: from a checked document to settings and drafts, or all problems at once.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::improve::{DEFINITION_KIND, Origin, Settings, Wanted};
use super::registry::Entry;
use super::{Common, orchestrate};
use crate::agents::{AgentDefinition, Catalogue};
use crate::marker;
use crate::plan::{check_document, check_name};
use crate::policy::limits::{
    DEFAULT_DEADLINE_SECONDS, DEFAULT_MAX_CONCURRENT, DEFAULT_MAX_ROUNDS, DEFAULT_PLAN_TASKS, DEFAULT_TARGET_SCORE,
    MAX_DRAFT_BYTES, MAX_GOAL_BYTES, MAX_WORKFLOW_SESSIONS,
};
use crate::problem::{CallError, Problem};
use crate::score::Score;
use crate::task::{AgentSource, Cleanup};
use crate::text;

/// What a workflow is to do.
#[derive(Debug)]
pub struct Improvement {
    /// How.
    pub settings: Settings,
    /// With what.
    pub wanted: Vec<Wanted>,
    /// The agent types that are there already.
    pub registry: Vec<Entry>,
}

/// All requests in one; the schemas say which fields belong to which.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    goal: String,
    max_tasks: Option<u32>,
    drafts: Vec<DraftRequest>,
    new_agents: Vec<WishRequest>,
    registry: Vec<Value>,
    target_score: Option<Value>,
    max_rounds: Option<u32>,
    judges: Option<u32>,
    judge_agent: Option<String>,
    refiner_agent: Option<String>,
    agents: Vec<AgentSource>,
    max_concurrent: Option<u32>,
    deadline_seconds: Option<u32>,
    cleanup: Option<Cleanup>,
    model: Option<String>,
    thinking: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DraftRequest {
    name: String,
    draft: Value,
    kind: Option<String>,
    purpose: Option<String>,
    rubric: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WishRequest {
    name: String,
    purpose: String,
    domain: Option<String>,
    capabilities: Vec<String>,
    constraints: Vec<String>,
}

/// Reads a request for refinement or for new agents.
pub fn improvement(request_schema: &Value, document: Value) -> Result<Improvement, CallError> {
    all_problems(request_schema, document, improvement_of)
}

/// Reads a request for orchestration. `run_schema` is what the plan will be held to.
pub fn orchestration(
    request_schema: &Value,
    run_schema: Value,
    document: Value,
) -> Result<orchestrate::Settings, CallError> {
    all_problems(request_schema, document, |request, problems| orchestration_of(request, run_schema, problems))
}

/// Checks the shape, then reads what fits, and reports what either finds.
fn all_problems<T>(
    request_schema: &Value,
    mut document: Value,
    read: impl FnOnce(Request, &mut Vec<Problem>) -> Option<T>,
) -> Result<T, CallError> {
    let mut problems = check_document(request_schema, &mut document);
    let covered: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
    let request: Request = serde_json::from_value(document).map_err(|error| {
        CallError::invalid(vec![Problem::new("E_REQUEST_TYPE", "", format!("the request cannot be read: {error}"))])
    })?;
    let mut found = Vec::new();
    let read = read(request, &mut found);
    let under =
        |problem: &Problem, path: &String| problem.path == *path || problem.path.starts_with(&format!("{path}/"));
    problems.extend(found.into_iter().filter(|problem| !covered.iter().any(|path| under(problem, path))));
    match read {
        Some(read) if problems.is_empty() => Ok(read),
        _ => Err(CallError::invalid(problems)),
    }
}

fn catalogue_of(agents: &[AgentSource], problems: &mut Vec<Problem>) -> Catalogue {
    Catalogue::with(agents).unwrap_or_else(|faults| {
        problems.extend(faults);
        Catalogue::default()
    })
}

fn common_of(request: &Request, problems: &mut Vec<Problem>) -> Common {
    check_name("E_MODEL_FORMAT", "/model", request.model.as_deref(), problems);
    check_name("E_THINKING_FORMAT", "/thinking", request.thinking.as_deref(), problems);
    Common {
        max_concurrent: request.max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT),
        deadline_seconds: request.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS),
        cleanup: request.cleanup.unwrap_or_default(),
        model: request.model.clone(),
        thinking: request.thinking.clone(),
    }
}

fn orchestration_of(request: Request, run_schema: Value, problems: &mut Vec<Problem>) -> Option<orchestrate::Settings> {
    let common = common_of(&request, problems);
    if request.goal.trim().is_empty() {
        problems.push(Problem::new("E_GOAL", "/goal", "goal: is blank").hint("say what is to be reached"));
    } else if request.goal.len() > MAX_GOAL_BYTES {
        let message = format!("goal: got {} bytes, need at most {MAX_GOAL_BYTES}", request.goal.len());
        problems.push(Problem::new("E_GOAL", "/goal", message).got(request.goal.len()));
    }
    plain(Some(&request.goal), "/goal", problems);
    let mut catalogue = catalogue_of(&request.agents, problems);
    let orchestrator =
        catalogue.find_reader("agent_orchestrator", "/agents").map_err(|problem| problems.push(problem)).ok()?;
    let all = catalogue.list(None).map_err(|problem| problems.push(problem)).ok()?;
    let others = all.iter().filter(|agent| agent.name != orchestrator.name);
    Some(orchestrate::Settings {
        common,
        goal: request.goal,
        max_tasks: request.max_tasks.unwrap_or(DEFAULT_PLAN_TASKS) as usize,
        offered: others.map(|agent| (agent.name.clone(), agent.description.clone())).collect(),
        orchestrator,
        agents: request.agents,
        run_schema,
    })
}

fn improvement_of(request: Request, problems: &mut Vec<Problem>) -> Option<Improvement> {
    let common = common_of(&request, problems);
    let mut catalogue = catalogue_of(&request.agents, problems);
    let judge_name = request.judge_agent.as_deref().unwrap_or("agent_design_reviewer");
    let refiner_name = request.refiner_agent.as_deref().unwrap_or("agent_refiner");
    if judge_name == refiner_name {
        let problem = Problem::new("E_SELF_REVIEW", "/judge_agent", "judge_agent: nobody judges their own work");
        problems.push(problem.got(judge_name).hint("choose another type for one of the two roles"));
    }
    let mut take =
        |name: &str, path: &str| catalogue.find_reader(name, path).map_err(|problem| problems.push(problem)).ok();
    let roles =
        (take(judge_name, "/judge_agent"), take(refiner_name, "/refiner_agent"), take("agent_creator", "/new_agents"));
    let mut wanted: Vec<Wanted> = Vec::new();
    for (index, draft) in request.drafts.into_iter().enumerate() {
        wanted.push(given(draft, &format!("/drafts/{index}"), problems));
    }
    for (index, wish) in request.new_agents.into_iter().enumerate() {
        wanted.push(wished(wish, &format!("/new_agents/{index}"), problems));
    }
    let place =
        if wanted.iter().any(|wanted| matches!(wanted.origin, Origin::Wished(_))) { "new_agents" } else { "drafts" };
    let mut names = BTreeSet::new();
    for (index, one) in wanted.iter().enumerate() {
        if !names.insert(one.name.clone()) {
            let message = format!("name: {} stands twice", text::quoted(&one.name));
            problems.push(Problem::new("E_ID_DUPLICATE", format!("/{place}/{index}/name"), message).got(&one.name));
        }
    }
    let (max_rounds, judges) = (request.max_rounds.unwrap_or(DEFAULT_MAX_ROUNDS), request.judges.unwrap_or(1));
    // Judges of all rounds, a refiner between them and once more in vain, two attempts to create.
    let sessions = wanted.len() as u64 * u64::from(max_rounds * (judges + 2) + 2);
    if sessions > MAX_WORKFLOW_SESSIONS {
        let message = format!("{sessions} sessions could be needed, at most {MAX_WORKFLOW_SESSIONS} are allowed");
        let problem = Problem::new("E_REFINE_SIZE", "", message).got(sessions);
        problems.push(problem.limit(format!("1..={MAX_WORKFLOW_SESSIONS}")).hint("fewer drafts, rounds or judges"));
    }
    let registry = entries(request.registry, problems);
    let target =
        request.target_score.as_ref().and_then(Score::read).or_else(|| Score::read(&Value::from(DEFAULT_TARGET_SCORE)));
    let (Some(judge), Some(refiner), Some(creator)) = roles else { return None };
    let settings = Settings { common, target: target?, max_rounds, judges, judge, refiner, creator };
    Some(Improvement { settings, wanted, registry })
}

fn given(draft: DraftRequest, path: &str, problems: &mut Vec<Problem>) -> Wanted {
    name(&draft.name, path, true, problems);
    let kind = draft.kind.unwrap_or_else(|| DEFINITION_KIND.to_owned());
    let bytes = draft.draft.to_string().len();
    if draft.draft.as_str().is_some_and(|text| text.trim().is_empty()) {
        problems.push(Problem::new("E_DRAFT_EMPTY", format!("{path}/draft"), "draft: is blank"));
    } else if bytes > MAX_DRAFT_BYTES {
        let message = format!("draft: got {bytes} bytes, need at most {MAX_DRAFT_BYTES}");
        problems.push(Problem::new("E_DRAFT_TOO_LARGE", format!("{path}/draft"), message).got(bytes));
    } else if kind == DEFINITION_KIND && !draft.draft.is_null() {
        match AgentDefinition::read(&AgentSource::Definition(draft.draft.clone())) {
            Ok(agent) if agent.name == draft.name => {}
            Ok(agent) => {
                let message = format!(
                    "draft: defines {}, but is called {}",
                    text::quoted(&agent.name),
                    text::quoted(&draft.name)
                );
                problems.push(Problem::new("E_AGENT_DEFINITION", format!("{path}/draft"), message));
            }
            Err(faults) => problems.extend(faults.iter().map(|fault| {
                let problem = Problem::new("E_AGENT_DEFINITION", format!("{path}/draft"), format!("draft: {fault}"));
                problem.hint("for anything but an agent definition, say in `kind` what it is")
            })),
        }
    }
    for (field, value) in
        [("kind", Some(&kind)), ("purpose", draft.purpose.as_ref()), ("rubric", draft.rubric.as_ref())]
    {
        plain(value, &format!("{path}/{field}"), problems);
    }
    Wanted { name: draft.name, kind, purpose: draft.purpose, rubric: draft.rubric, origin: Origin::Given(draft.draft) }
}

fn wished(wish: WishRequest, path: &str, problems: &mut Vec<Problem>) -> Wanted {
    name(&wish.name, path, false, problems);
    plain(Some(&wish.purpose), &format!("{path}/purpose"), problems);
    let mut wishes = Map::new();
    wishes.insert("name".to_owned(), Value::from(wish.name.as_str()));
    wishes.insert("purpose".to_owned(), Value::from(wish.purpose.as_str()));
    if let Some(domain) = wish.domain {
        wishes.insert("domain".to_owned(), Value::from(domain));
    }
    for (field, list) in [("capabilities", wish.capabilities), ("constraints", wish.constraints)] {
        if !list.is_empty() {
            wishes.insert(field.to_owned(), Value::from(list));
        }
    }
    Wanted {
        name: wish.name,
        kind: DEFINITION_KIND.to_owned(),
        purpose: Some(wish.purpose),
        rubric: None,
        origin: Origin::Wished(wishes),
    }
}

/// `[a-z][a-z0-9_-]{0,39}`, for agents without the hyphen, and no name that the host gives a meaning.
fn name(name: &str, path: &str, hyphen: bool, problems: &mut Vec<Problem>) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || (hyphen && c == '-');
    let path = format!("{path}/name");
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(allowed) || name.len() > 40 {
        let limit = if hyphen { "[a-z][a-z0-9_-]{0,39}" } else { "[a-z][a-z0-9_]{0,39}" };
        let message = format!("name: {} has another form", text::quoted(name));
        problems.push(Problem::new("E_ID_FORMAT", path, message).got(name).limit(limit));
    } else if matches!(name, "main" | "default") {
        let message = format!("name: {name} is an agent of the host");
        problems.push(Problem::new("E_AGENT_RESERVED", path, message).got(name));
    }
}

/// Text that goes into a task's description has to be words, and none of the prompt's own marks.
fn plain(value: Option<&String>, path: &str, problems: &mut Vec<Problem>) {
    if value.is_some_and(|value| value.contains('\0') || marker::holds_marker(value)) {
        let message = "holds U+0000 or a line that looks like a marker of the prompt";
        problems.push(Problem::new("E_TASK_CHARS", path, message));
    }
}

fn entries(values: Vec<Value>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut registry: Vec<Entry> = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        let why = match Entry::deserialize(&value) {
            Ok(entry) if !entry.is_intact() => "its definition is not the one that its hash names".to_owned(),
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
