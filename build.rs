//! Refuses to build with an agent definition that cannot be used. The parser is the crate's own.

#![allow(missing_docs, dead_code, unused_imports, reason = "a part of the crate, which documents and uses all of it")]

use std::error::Error;
use std::fs;
use std::path::Path;

// What the parser of definitions needs, and nothing else of the crate.
#[path = "src/agents"]
mod agents {
    pub mod definition;
    mod file;
}
#[path = "src/ids.rs"]
mod ids;
#[path = "src/json/mod.rs"]
mod json;
#[path = "src/marker.rs"]
mod marker;
#[path = "src/task/mod.rs"]
mod task;
#[path = "src/text.rs"]
mod text;

use agents::definition::AgentDefinition;
use task::AgentSource;

const DEFINITIONS: &str = "prompts/agents";

/// Also watched: the form of a definition, and the parser itself.
const WATCHED: [&str; 7] =
    ["schemas/agent.json", "src/agents", "src/ids.rs", "src/json", "src/marker.rs", "src/task", "src/text.rs"];

fn main() -> Result<(), Box<dyn Error>> {
    for path in WATCHED.iter().chain([&DEFINITIONS]) {
        println!("cargo::rerun-if-changed={path}");
    }
    let mut files = fs::read_dir(DEFINITIONS)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        for problem in problems(&file.path())? {
            println!("cargo::error={}: {problem}", file.path().display());
        }
    }
    Ok(())
}

/// What is wrong with a definition file.
fn problems(path: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if path.extension().is_none_or(|extension| extension != "md") {
        return Ok(vec!["a definition ends in .md".to_owned()]);
    }
    // Both forms, so that every built-in type can also be written down again.
    Ok(match AgentDefinition::forms(&AgentSource::File(text)) {
        Ok(forms) if forms.definition.get("name").is_some_and(|own| *own == *name) => Vec::new(),
        Ok(_) => vec![format!("its name is not {name}")],
        Err(problems) => problems,
    })
}
