//! Requests for workflows: from a checked document to settings and drafts, or all problems at once.

mod drafts;
mod follow_up;
mod goal;
mod settings;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::create::FollowUpTasks;
use super::graft::Checks;
use super::improve::{Settings, Wanted};
use super::orchestrate;
use super::registry::Entry;
use parallel_agents_engine::plan::check_document;
use parallel_agents_engine::problem::{CallError, Problem};

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
    all_problems(request_schema, document, |request, problems| drafts::refinement(request, checks, problems))
}

/// Reads a request for new agents.
pub fn creation(request_schema: &Value, checks: Checks, document: Value) -> Result<Improvement, CallError> {
    all_problems(request_schema, document, |request, problems| drafts::creation(request, checks, problems))
}

/// Reads a request for orchestration.
pub fn orchestration(request_schema: &Value, checks: Checks, document: Value) -> Result<Goal, CallError> {
    all_problems(request_schema, document, |request, problems| goal::orchestration(request, checks, problems))
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
