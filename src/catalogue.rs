//! The agent types that this component brings along: each is a file under `prompts/agents/`.
//!
//! The files are read and checked by the build script, so that no call has to do it again.

use parallel_agents_engine::agents::{BuiltIn, Catalogue};

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

/// For whoever makes a catalogue of a request's own types and these.
pub const BUILT_IN: BuiltIn = BuiltIn(DEFINITIONS);

/// The built-in types alone.
pub fn built_in() -> Catalogue {
    Catalogue::new(BUILT_IN)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "definitions are files")]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use parallel_agents_engine::agents::AgentDefinition;
    use parallel_agents_engine::json::schema;
    use parallel_agents_engine::task::AgentSource;

    fn file(name: &str) -> String {
        let path = format!("{}/prompts/agents/{name}.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn every_file_is_listed_and_usable() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/agents");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("prompts/agents")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        let listed: BTreeSet<String> = DEFINITIONS.iter().map(|(name, _)| format!("{name}.md")).collect();
        assert_eq!(listed.len(), DEFINITIONS.len());
        assert_eq!(files, listed);
        for (name, _) in DEFINITIONS {
            let agent = Catalogue::new(BUILT_IN).find(name, "").unwrap_or_else(|problem| panic!("{}", problem.message));
            assert_eq!(agent.name.as_str(), *name);
            assert_eq!(AgentDefinition::parse(&file(name)).as_ref(), Ok(&*agent), "the file says the same");
            assert!(schema::faults(agent.output_schema.value()).is_empty());
            assert!(agent.example_input.is_object(), "{name}");
        }
    }

    #[test]
    fn the_25_types_of_the_specification_are_there() {
        let count = |category| Catalogue::new(BUILT_IN).list(Some(category)).map(|agents| agents.len());
        let counts = ["content", "development", "qa", "documentation", "meta", "personal"].map(count);
        assert_eq!(counts, [Ok(5), Ok(5), Ok(5), Ok(1), Ok(4), Ok(5)]);
    }

    #[test]
    fn a_mistyped_name_gets_the_nearest() {
        let mut catalogue = Catalogue::new(BUILT_IN);
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
        let mut catalogue = Catalogue::with(BUILT_IN, &sources).expect("good");
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
        let problems = Catalogue::with(BUILT_IN, &sources).expect_err("bad");
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
