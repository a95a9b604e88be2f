//! The catalogue: every agent type is a file under `prompts/agents/` or comes with a request; none is code.
//!
//! The files are read and checked by the build script, so that no call has to do it again.

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

macro_rules! definitions {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("OUT_DIR"), "/agents/", $name, ".json")))),*]
    };
}

/// Name and fields of each definition, in the order in which they are listed. A test compares it with the directory.
const DEFINITIONS: &[(&str, &str)] = definitions![
    "content_writer_creative",
    "content_writer_funny",
    "content_writer_educational",
    "content_writer_trendy",
    "content_writer_controversial",
    "frontend_developer",
    "backend_developer",
    "database_architect",
    "api_designer",
    "devops_engineer",
    "code_reviewer",
    "security_reviewer",
    "performance_reviewer",
    "accessibility_reviewer",
    "test_engineer",
    "documentation_writer",
    "agent_creator",
    "agent_design_reviewer",
    "agent_refiner",
    "agent_orchestrator",
    "travel_event_planner",
    "donut_care_coordinator",
    "pup_community_engager",
    "print_project_manager",
    "training_assistant",
];

/// Names that mean an agent of the host.
const RESERVED_NAMES: [&str; 2] = ["main", "default"];

/// Whether a name is taken by an agent of the host, so that no definition may have it.
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

const HOW_TO_LIST: &str = "list_agents names all of them";

/// The agent types that a call knows: the built-in ones, and those that came with it.
#[derive(Debug, Default)]
pub struct Catalogue {
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
    /// The built-in types and those of a request, or everything that is wrong with the latter.
    pub fn with(sources: &[AgentSource]) -> Result<Self, Vec<Problem>> {
        let mut catalogue = Self::default();
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
        let Some((_, fields)) = DEFINITIONS.iter().find(|(known, _)| *known == name) else {
            let own = self.own.iter().map(|agent| agent.name.as_str());
            let known = DEFINITIONS.iter().map(|(name, _)| *name).chain(own);
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
        let built_in = DEFINITIONS.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !own.contains(name));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::schema;

    fn file(name: &str) -> String {
        let path = format!("{}/prompts/agents/{name}.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn every_file_is_listed_and_usable() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/agents");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("prompts/agents")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut listed: Vec<String> = DEFINITIONS.iter().map(|(name, _)| format!("{name}.md")).collect();
        listed.sort();
        assert_eq!(files, listed);
        for (name, _) in DEFINITIONS {
            let agent = Catalogue::default().find(name, "").unwrap_or_else(|problem| panic!("{}", problem.message));
            assert_eq!(agent.name.as_str(), *name);
            assert_eq!(AgentDefinition::parse(&file(name)).as_ref(), Ok(&*agent), "the file says the same");
            assert!(schema::faults(agent.output_schema.value()).is_empty());
            assert!(agent.example_input.is_object(), "{name}");
        }
    }

    #[test]
    fn the_25_types_of_the_specification_are_there() {
        let count = |category| Catalogue::default().list(Some(category)).map(|agents| agents.len());
        let counts = ["content", "development", "qa", "documentation", "meta", "personal"].map(count);
        assert_eq!(counts, [Ok(5), Ok(5), Ok(5), Ok(1), Ok(4), Ok(5)]);
    }

    #[test]
    fn a_mistyped_name_gets_the_nearest() {
        let mut catalogue = Catalogue::default();
        let problem = catalogue.find("code_reveiwer", "/tasks/0/agent_type").expect_err("unknown");
        assert_eq!(problem.code, "E_AGENT_UNKNOWN");
        assert_eq!(problem.hint.as_deref(), Some("did you mean code_reviewer? list_agents names all of them"));
        assert_eq!(catalogue.list(Some("testing")).expect_err("unknown").code, "E_CATEGORY_UNKNOWN");
    }

    #[test]
    fn types_of_a_request_extend_and_replace() {
        let text = file("code_reviewer");
        let mine = text.replace("name: code_reviewer", "name: tone_reviewer");
        let replaced = text.replace("category: qa", "category: house");
        let sources = [AgentSource::File(mine), AgentSource::File(replaced)];
        let mut catalogue = Catalogue::with(&sources).expect("good");
        assert_eq!(catalogue.find("tone_reviewer", "").map(|agent| agent.category.clone()), Ok("qa".to_owned()));
        assert_eq!(catalogue.find("code_reviewer", "").map(|agent| agent.category.clone()), Ok("house".to_owned()));
        assert_eq!(catalogue.list(None).map(|all| all.len()), Ok(DEFINITIONS.len() + 1));
        assert_eq!(catalogue.list(Some("qa")).map(|all| all.len()), Ok(5));
    }

    #[test]
    fn bad_definitions_are_told_all_at_once() {
        let text = file("content_writer_creative");
        let sources = [
            AgentSource::File(text.replace("tier: economy", "tier: free")),
            AgentSource::File(text.clone()),
            AgentSource::File(text.clone()),
            AgentSource::File(text.replace("name: content_writer_creative", "name: main")),
            AgentSource::Definition(json!({"name": "x", "colour": "red"})),
        ];
        let problems = Catalogue::with(&sources).expect_err("bad");
        let told: Vec<(&str, &str)> = problems.iter().map(|p| (p.code.as_str(), p.path.as_str())).collect();
        assert_eq!(
            told[..3],
            [("E_AGENT_DEFINITION", "/agents/0"), ("E_AGENT_EXISTS", "/agents/2"), ("E_AGENT_RESERVED", "/agents/3")]
        );
        assert!(
            told.len() > 5 && told[3..].iter().all(|told| *told == ("E_AGENT_DEFINITION", "/agents/4")),
            "{told:?}"
        );
    }
}
