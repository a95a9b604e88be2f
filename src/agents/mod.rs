//! The catalogue: every agent type is a file under `prompts/agents/`, none is code.

mod definition;

pub use definition::{AgentDefinition, Tier};

use crate::problem::{Problem, unknown_name};

macro_rules! definitions {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../prompts/agents/", $name, ".md")))),*]
    };
}

/// Name and text of each definition, in the order in which they are listed. A test compares it with the directory.
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
    "travel_event_planner",
    "donut_care_coordinator",
    "pup_community_engager",
    "print_project_manager",
    "training_assistant",
];

/// The names of all agent types, in the order of the catalogue.
pub fn names() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().map(|(name, _)| *name)
}

/// One agent type, or a problem at `path` with the nearest names.
pub fn find(name: &str, path: &str) -> Result<AgentDefinition, Problem> {
    match DEFINITIONS.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => AgentDefinition::parse(text).map_err(|problems| {
            Problem::new(
                "E_AGENT_DEFINITION",
                path,
                format!("the definition of {name} is unusable: {}", problems.join("; ")),
            )
        }),
        None => {
            let hint = "list_agents names all of them";
            Err(unknown_name("E_AGENT_UNKNOWN", path, "agent_type", name, names(), hint))
        }
    }
}

/// All agent types, or those of one category, in the order of the catalogue.
pub fn list(category: Option<&str>) -> Result<Vec<AgentDefinition>, Problem> {
    let all = names().map(|name| find(name, "")).collect::<Result<Vec<_>, _>>()?;
    let Some(category) = category else { return Ok(all) };
    let mut categories: Vec<String> = all.iter().map(|agent| agent.category.clone()).collect();
    categories.dedup();
    let found: Vec<AgentDefinition> = all.into_iter().filter(|agent| agent.category == category).collect();
    if found.is_empty() {
        let hint = format!("the categories are {}", categories.join(", "));
        return Err(unknown_name(
            "E_CATEGORY_UNKNOWN",
            "/category",
            "category",
            category,
            categories.iter().map(String::as_str),
            &hint,
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::schema;

    #[test]
    fn every_file_is_listed_and_usable() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/agents");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("prompts/agents")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut listed: Vec<String> = names().map(|name| format!("{name}.md")).collect();
        listed.sort();
        assert_eq!(files, listed);
        for name in names() {
            let agent = find(name, "").unwrap_or_else(|problem| panic!("{}", problem.message));
            assert_eq!(agent.name, name);
            assert!(schema::faults(&agent.output_schema).is_empty());
            assert!(agent.example_input.is_object(), "{name}");
        }
    }

    #[test]
    fn the_task_agents_of_the_specification_are_there() {
        let count = |category| list(Some(category)).map(|agents| agents.len());
        let counts = ["content", "development", "qa", "documentation"].map(count);
        assert_eq!(counts, [Ok(5), Ok(5), Ok(5), Ok(1)]);
    }

    #[test]
    fn a_mistyped_name_gets_the_nearest() {
        let problem = find("code_reveiwer", "/tasks/0/agent_type").expect_err("unknown");
        assert_eq!(problem.code, "E_AGENT_UNKNOWN");
        assert_eq!(problem.hint.as_deref(), Some("did you mean code_reviewer? list_agents names all of them"));
        assert_eq!(list(Some("testing")).expect_err("unknown").code, "E_CATEGORY_UNKNOWN");
    }
}
