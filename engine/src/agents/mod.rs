//! Agent types: how a definition is read, and the catalogue in which a call looks them up. None is code: a component brings
//! some along as data, and others come with a request.

mod definition;
mod fault;
mod file;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

pub use definition::{AgentDefinition, Forms, MAX_DESCRIPTION_CHARS, MAX_PROMPT_BYTES};
pub use fault::Fault;

use crate::problem::{Problem, unknown_name};
use crate::task::AgentSource;

/// The agent types that a component brings along: the name of each, and the fields of its checked definition as JSON, in the
/// order in which they are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn(pub &'static [(&'static str, &'static str)]);

/// Names that mean an agent of the host.
const RESERVED_NAMES: [&str; 2] = ["main", "default"];

/// Whether a name is taken by an agent of the host, so that no definition may have it.
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

const HOW_TO_LIST: &str = "list_agents names all of them";

/// The agent types that a call knows: the built-in ones, and those that came with it.
#[derive(Debug)]
pub struct Catalogue {
    built_in: BuiltIn,
    own: Vec<Arc<AgentDefinition>>,
    /// Built-in types that were asked for, so that each is made once.
    read: BTreeMap<String, Arc<AgentDefinition>>,
}

impl Fault {
    /// The fault as a problem of the part `what` of a request.
    pub fn problem(&self, path: impl Into<String>, what: &str) -> Problem {
        let problem = Problem::new("E_AGENT_DEFINITION", path, format!("{what}: {self}"));
        Problem { got: self.got.clone(), limit: self.allowed.clone(), ..problem }
    }
}

impl Catalogue {
    /// The built-in types alone.
    pub fn new(built_in: BuiltIn) -> Self {
        Self { built_in, own: Vec::new(), read: BTreeMap::new() }
    }

    /// The built-in types and those of a request, or everything that is wrong with the latter.
    pub fn with(built_in: BuiltIn, sources: &[AgentSource]) -> Result<Self, Vec<Problem>> {
        let mut catalogue = Self::new(built_in);
        let mut problems = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let path = format!("/agents/{index}");
            match AgentDefinition::read(source) {
                Ok(agent) if is_reserved(agent.name.as_str()) => {
                    let message = format!("agents: {} is an agent of the host", agent.name);
                    problems.push(Problem::new("E_AGENT_RESERVED", path, message).got(&agent.name));
                }
                Ok(agent) if catalogue.own.iter().any(|known| known.name == agent.name) => {
                    let message = format!("agents: {} is defined twice in this request", agent.name);
                    problems.push(Problem::new("E_AGENT_EXISTS", path, message).got(&agent.name));
                }
                Ok(agent) => catalogue.own.push(Arc::new(agent)),
                Err(faults) => problems.extend(faults.iter().map(|fault| fault.problem(&path, "agents"))),
            }
        }
        if problems.is_empty() { Ok(catalogue) } else { Err(problems) }
    }

    /// One agent type, or a problem at `path` with the nearest names.
    pub fn find(&mut self, name: &str, path: impl Display) -> Result<Arc<AgentDefinition>, Problem> {
        if let Some(own) = self.own.iter().find(|agent| agent.name.as_str() == name) {
            return Ok(Arc::clone(own));
        }
        if let Some(known) = self.read.get(name) {
            return Ok(Arc::clone(known));
        }
        let Some((_, fields)) = self.built_in.0.iter().find(|(known, _)| *known == name) else {
            let own = self.own.iter().map(|agent| agent.name.as_str());
            let known = self.built_in.0.iter().map(|(name, _)| *name).chain(own);
            return Err(unknown_name("E_AGENT_UNKNOWN", path.to_string(), "agent_type", name, known, HOW_TO_LIST));
        };
        let agent = AgentDefinition::built_in(fields).map(Arc::new).map_err(|why| {
            let message = format!("the definition of {name} is unusable: {why}");
            Problem::new("E_AGENT_DEFINITION", path.to_string(), message)
        })?;
        self.read.insert(name.to_owned(), Arc::clone(&agent));
        Ok(agent)
    }

    /// One that only reads, for roles that look at what other agents wrote.
    pub fn find_reader(&mut self, name: &str, path: &str) -> Result<Arc<AgentDefinition>, Problem> {
        let agent = self.find(name, path)?;
        if agent.tool_free {
            return Ok(agent);
        }
        let message = format!("{name} may use tools; who reads what other agents wrote must not");
        Err(Problem::new("E_AGENT_TOOLS", path, message).got(name).hint("choose a type with `tools: none`"))
    }

    /// All agent types, or those of one category: the built-in ones in their order, then those of the request.
    pub fn list(&mut self, category: Option<&str>) -> Result<Vec<Arc<AgentDefinition>>, Problem> {
        let own: Vec<String> = self.own.iter().map(|agent| agent.name.as_str().to_owned()).collect();
        let built_in = self.built_in.0.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !own.contains(name));
        let names: Vec<String> = built_in.chain(own.clone()).collect();
        let all = names.iter().map(|name| self.find(name, "")).collect::<Result<Vec<_>, _>>()?;
        let Some(category) = category else { return Ok(all) };
        let mut categories: Vec<String> = all.iter().map(|agent| agent.category.clone()).collect();
        categories.dedup();
        let found: Vec<_> = all.into_iter().filter(|agent| agent.category == category).collect();
        if found.is_empty() {
            let known = categories.iter().map(String::as_str);
            let hint = format!("the categories are {}", categories.join(", "));
            return Err(unknown_name("E_CATEGORY_UNKNOWN", "/category", "category", category, known, &hint));
        }
        Ok(found)
    }
}
