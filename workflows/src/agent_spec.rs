//! What somebody wants a new agent type to be: checked once, used by everything that makes agents.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::improve::{DEFINITION_KIND, Origin, Wanted};
use parallel_agents_engine::agents::Catalogue;
use parallel_agents_engine::delimiters;
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::text;

/// An agent type that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["name", "purpose"], "x-code" = "E_AGENT_WISH"))]
pub struct AgentSpec {
    /// `[a-z][a-z0-9_]{0,39}`, unique in the request.
    #[schemars(length(min = 1, max = 40), extend("x-code" = "E_ID_FORMAT"))]
    pub name: String,
    /// What it is for.
    #[schemars(length(min = 1, max = 4000), extend("x-code" = "E_AGENT_PURPOSE"))]
    pub purpose: String,
    /// The field that it works in, for example law.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), extend("x-code" = "E_AGENT_WISH"))]
    pub domain: Option<String>,
    /// What it has to be able to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-code" = "E_AGENT_WISH", "items" = {"type": "string", "minLength": 1, "maxLength": 400, "x-code": "E_AGENT_WISH"}))]
    pub capabilities: Vec<String>,
    /// What it has to keep to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-code" = "E_AGENT_WISH", "items" = {"type": "string", "minLength": 1, "maxLength": 400, "x-code": "E_AGENT_WISH"}))]
    pub constraints: Vec<String>,
}

impl AgentSpec {
    /// What the creator reads.
    pub fn input(&self) -> Map<String, Value> {
        let mut input = Map::new();
        input.insert("name".to_owned(), Value::from(self.name.as_str()));
        input.insert("purpose".to_owned(), Value::from(self.purpose.as_str()));
        if let Some(domain) = &self.domain {
            input.insert("domain".to_owned(), Value::from(domain.as_str()));
        }
        for (field, list) in [("capabilities", &self.capabilities), ("constraints", &self.constraints)] {
            if !list.is_empty() {
                input.insert(field.to_owned(), Value::from(list.clone()));
            }
        }
        input
    }

    /// The draft that grows out of it.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            name: self.name.clone(),
            kind: DEFINITION_KIND.to_owned(),
            purpose: Some(self.purpose.clone()),
            rubric: None,
            schema: None,
            origin: Origin::Specified(self.input()),
        }
    }
}

/// Tells what is wrong with specifications: names of another form, that stand twice or are taken, and texts that are no words.
pub fn check(specs: &[AgentSpec], list: &str, catalogue: &mut Catalogue, problems: &mut Vec<Problem>) {
    for (index, spec) in specs.iter().enumerate() {
        check_one(spec, &format!("{list}/{index}"), catalogue, problems);
    }
    check_unique(specs.iter().map(|spec| spec.name.as_str()), list, problems);
}

/// The same for one that stands alone.
pub fn check_one(spec: &AgentSpec, path: &str, catalogue: &mut Catalogue, problems: &mut Vec<Problem>) {
    let before = problems.len();
    check_name(&spec.name, path, false, problems);
    if problems.len() == before && catalogue.find(&spec.name, "").is_ok() {
        let message = format!("name: {} is an agent type already", spec.name);
        let problem = Problem::new("E_AGENT_EXISTS", format!("{path}/name"), message).got(&spec.name);
        problems.push(problem.hint("choose another name; a type of the catalogue is not replaced by one that is made"));
    }
    plain(Some(&spec.purpose), &format!("{path}/purpose"), problems);
}

/// No name stands twice.
pub fn check_unique<'a>(names: impl Iterator<Item = &'a str>, list: &str, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            let message = format!("name: {} stands twice", text::quoted(name));
            problems.push(Problem::new("E_ID_DUPLICATE", format!("{list}/{index}/name"), message).got(name));
        }
    }
}

/// `[a-z][a-z0-9_-]{0,39}`, for agents without the hyphen, and no name that the host gives a meaning.
pub fn check_name(name: &str, path: &str, hyphen: bool, problems: &mut Vec<Problem>) {
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
pub fn plain(value: Option<&String>, path: &str, problems: &mut Vec<Problem>) {
    if value.is_some_and(|value| value.contains('\0') || delimiters::holds_delimiter(value)) {
        let message = "holds U+0000 or a line that looks like a marker of the prompt";
        problems.push(Problem::new("E_TASK_CHARS", path, message));
    }
}
