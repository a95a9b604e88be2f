//! Requests for workflows, inwards; texts that have to be JSON are read here.

use serde_json::Value;

use super::request::{agent_sources, read_tasks};
use super::teams::{limits, wishes};
use crate::boundary::bindings::exports::parallel_agents::skill::workflows as wit;
use parallel_agents_engine::json::strict::{self, ANSWER_BOUNDS};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_workflows::registry::Entry;
use parallel_agents_workflows::spec::{CreationSpec, DraftSpec, GoalSpec, Judging, RefinementSpec, finite};

/// Drafts to judge and improve.
pub fn refinement_spec(request: wit::RefinementRequest) -> Result<RefinementSpec, CallError> {
    let mut problems = Vec::new();
    let drafts = request.drafts.into_iter().enumerate().map(|(index, draft)| DraftSpec {
        draft: json(&draft.draft, "E_DRAFT_TYPE", format!("/drafts/{index}/draft"), &mut problems),
        name: draft.name,
        kind: draft.kind,
        purpose: draft.purpose,
        rubric: draft.rubric,
    });
    let drafts = drafts.collect();
    let judging = judging(request.judging, &mut problems);
    unless(problems, RefinementSpec { drafts, judging, limits: limits(request.limits) })
}

/// Agent types to make, and tasks for them.
pub fn creation_spec(request: wit::CreationRequest) -> Result<CreationSpec, CallError> {
    let mut problems = Vec::new();
    let registry = registry(request.registry, &mut problems);
    let tasks = read_tasks(request.tasks, &mut problems);
    let judging = judging(request.judging, &mut problems);
    let new_agents = wishes(request.new_agents);
    unless(problems, CreationSpec { new_agents, registry, tasks, judging, limits: limits(request.limits) })
}

/// A goal to reach.
pub fn goal_spec(request: wit::GoalRequest) -> Result<GoalSpec, CallError> {
    let mut problems = Vec::new();
    let spec = GoalSpec {
        goal: request.goal,
        max_tasks: request.max_tasks,
        max_replans: request.max_replans,
        max_new_agents: request.max_new_agents,
        registry: registry(request.registry, &mut problems),
        judging: judging(request.judging, &mut problems),
        limits: limits(request.limits),
    };
    unless(problems, spec)
}

fn judging(judging: wit::Judging, problems: &mut Vec<Problem>) -> Judging {
    Judging {
        target_score: judging.target_score,
        max_rounds: judging.max_rounds,
        judges: judging.judges,
        judge_agent: judging.judge_agent,
        refiner_agent: judging.refiner_agent,
        agents: agent_sources(judging.agents, problems),
    }
}

fn registry(agents: Vec<wit::RegisteredAgent>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let entries = agents.into_iter().enumerate().map(|(index, agent)| Entry {
        definition: json(&agent.definition, "E_REGISTRY", format!("/registry/{index}/definition"), problems),
        name: agent.name,
        version: agent.version,
        hash: agent.hash,
        score: finite(agent.score),
    });
    entries.collect()
}

fn json(text: &str, code: &str, path: String, problems: &mut Vec<Problem>) -> Value {
    strict::parse(text, ANSWER_BOUNDS).unwrap_or_else(|error| {
        problems.push(Problem::new(code, path, format!("it is not acceptable JSON: {error}")));
        Value::Null
    })
}

fn unless<T>(problems: Vec<Problem>, spec: T) -> Result<T, CallError> {
    if problems.is_empty() { Ok(spec) } else { Err(CallError::invalid(problems)) }
}
