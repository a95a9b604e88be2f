//! The definitions of a library that a request uses.

use std::collections::BTreeSet;
use std::path::Path;

use parallel_agents_engine::agents::AgentDefinition;
use serde::Serialize;
use serde_json::{Value, json};

use super::library::{Found, Library};
use super::reading::Agent;
use super::request::{self, Named};
use super::{FileProblem, naming};

/// Types that workflows and judges use without being told to.
const HELPERS: [&str; 4] = ["agent_creator", "agent_design_reviewer", "agent_orchestrator", "agent_refiner"];

/// Functions that use any of the types that they are offered.
const CHOOSING: &str = "orchestrate";

/// Agent types that a request may bring along.
const MAX_OFFERED: usize = 20;

/// Files that a message names.
const MAX_NAMED: usize = 5;

/// One thing that is wrong with a file that a request needs, in the form of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `E_AGENT_FILE`, or `E_AGENT_COLLISION` where files of one name differ.
    pub code: &'static str,
    /// With the field in front of it.
    pub message: String,
    /// The file, and its line where that is known.
    pub path: String,
    /// What was there.
    pub got: Option<String>,
    /// What is allowed.
    pub limit: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Never: the same files give the same problem.
    pub retryable: bool,
}

/// What a request uses of a library.
#[derive(Debug, Default)]
pub struct Selection<'a> {
    /// The request with these definitions, and with ids in the places of names of files.
    pub request: String,
    /// The definitions that were added, each with its file.
    pub agents: Vec<(&'a Path, &'a Agent)>,
    /// Ids that a file of the library has, whether it can be used or not.
    pub ids: BTreeSet<String>,
    /// Names that no file has.
    pub unknown: BTreeSet<String>,
    /// Ids that the request defines itself although a file has them too.
    pub hidden: Vec<(String, &'a Path)>,
    /// Types that were not offered to who plans, because they are more than a request may bring along.
    pub too_many: Option<usize>,
    /// What is wrong with files that are needed; then the request cannot be carried out.
    pub problems: Vec<Problem>,
}

/// Adds the definitions that a request for a function uses. One that the request has itself counts before a file.
pub fn select<'a>(library: &'a Library, function: &str, request: &str) -> Selection<'a> {
    let mut names = request::agent_names(request);
    let own = request::own_agents(request);
    let count = own.len();
    let own = own.iter().filter_map(|source| AgentDefinition::read(source).ok());
    let own: BTreeSet<String> = own.map(|definition| definition.name.as_str().to_owned()).collect();
    let mut made = Selection::default();
    for Named { name, .. } in names.iter_mut() {
        made.look_up(library, name, &own);
    }
    for helper in HELPERS {
        if matches!(library.find(helper), Found::Agent(..)) {
            made.look_up(library, &mut helper.to_owned(), &own);
        }
    }
    if function == CHOOSING {
        made.offer(library, &own, count);
    }
    let request = request::with_names(request, &names);
    let definitions: Vec<Value> = made.agents.iter().map(|(_, agent)| json!(agent.source)).collect();
    made.request = if definitions.is_empty() { request } else { request::with_agents(&request, &definitions) };
    made
}

impl<'a> Selection<'a> {
    /// Looks a name up, and puts the id in its place.
    fn look_up(&mut self, library: &'a Library, name: &mut String, own: &BTreeSet<String>) {
        if own.contains(name.as_str()) {
            if let Found::Agent(path, _) = library.find(name)
                && self.ids.insert(name.clone())
            {
                self.hidden.push((name.clone(), path));
            }
            return;
        }
        let first = !self.ids.contains(name.as_str());
        match library.find(name) {
            Found::Agent(path, agent) => {
                let id = agent.definition.name.as_str();
                if self.ids.insert(id.to_owned()) {
                    self.agents.push((path, agent));
                }
                id.clone_into(name);
            }
            found @ (Found::Unusable(_) | Found::Several(_)) if first => {
                self.problems.extend(problems_of(name, &found));
                self.ids.extend([Some(name.clone()), naming::id_of(name)].into_iter().flatten());
            }
            Found::Unusable(_) | Found::Several(_) => {}
            Found::Nothing => {
                self.unknown.insert(name.clone());
            }
        }
    }

    /// Whoever plans may choose among all types, if there is room for all.
    fn offer(&mut self, library: &'a Library, own: &BTreeSet<String>, count: usize) {
        let all: Vec<_> = library.agents().filter(|(_, agent)| !own.contains(agent.definition.name.as_str())).collect();
        let new = all.iter().filter(|(_, agent)| !self.ids.contains(agent.definition.name.as_str())).count();
        if count + self.agents.len() + new > MAX_OFFERED {
            self.too_many = Some(all.len());
            return;
        }
        for (path, agent) in all {
            if self.ids.insert(agent.definition.name.as_str().to_owned()) {
                self.agents.push((path, agent));
            }
        }
    }

    /// That types were not offered, if so.
    pub fn left_out(&self) -> Option<String> {
        self.too_many.map(|count| {
            format!(
                "{count} types are more than the {MAX_OFFERED} that can be offered to the planner, so none of them is"
            )
        })
    }
}

/// Why a name leads to no definition that can be used.
pub fn problems_of(name: &str, found: &Found<'_>) -> Vec<Problem> {
    match found {
        Found::Nothing | Found::Agent(..) => Vec::new(),
        Found::Several(paths) => vec![collision(name, paths)],
        Found::Unusable(files) => {
            files.iter().flat_map(|(path, problems)| problems.iter().map(|problem| of_file(path, problem))).collect()
        }
    }
}

fn of_file(path: &Path, problem: &FileProblem) -> Problem {
    let FileProblem { line, got, allowed, hint, .. } = problem;
    let (got, limit, hint) = (got.clone(), allowed.clone(), hint.clone());
    let (message, path) = (problem.text(), place(path, *line));
    Problem { code: "E_AGENT_FILE", message, path, got, limit, hint, retryable: false }
}

fn collision(name: &str, paths: &[&Path]) -> Problem {
    let files: Vec<String> = paths.iter().take(MAX_NAMED).map(|path| path.display().to_string()).collect();
    let more = paths.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Problem {
        code: "E_AGENT_COLLISION",
        message: format!("{name} is defined by {} files that differ: {}{more}", paths.len(), files.join(", ")),
        path: files.first().cloned().unwrap_or_default(),
        got: Some(name.to_owned()),
        limit: Some("one definition".to_owned()),
        hint: Some("read directories in which only one of them is".to_owned()),
        retryable: false,
    }
}

/// The file, and the line if it is known.
pub fn place(path: &Path, line: Option<usize>) -> String {
    line.map_or_else(|| path.display().to_string(), |line| format!("{}:{line}", path.display()))
}
