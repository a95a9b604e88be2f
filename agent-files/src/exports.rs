//! The component: files in, what a request uses of them out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::library::{self, Library};
use super::reading::Reading;
use super::select::{self, place};
use super::{INDEX, is_candidate, may_be_other};

/// Files that cannot be used and are named, and warnings about those that are used.
const MAX_NAMED: usize = 5;
const MAX_WARNINGS: usize = 10;

/// What wit-bindgen makes of the WIT.
#[allow(unsafe_code, missing_docs, reason = "generated code")]
#[allow(clippy::all, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "agent-files" });

    use super::Component;
    export!(Component);
}

use bindings::exports::parallel_agents::agent_files::reading::{File, Guest, Problem, Selection, Summary};

struct Component;

impl Guest for Component {
    fn add_agents(function: String, request: String, files: Vec<File>) -> Selection {
        let library = library(files);
        let made = select::select(&library, &function, &request);
        let warnings = warnings(&library, &made);
        let problems = made.problems.into_iter().map(|problem| {
            let select::Problem { code, message, path, got, limit, hint, .. } = problem;
            Problem { code: code.to_owned(), message, path, got, limit, hint }
        });
        Selection { request: made.request, warnings, problems: problems.collect() }
    }

    fn list_agents(files: Vec<File>) -> Vec<Summary> {
        let library = library(files);
        let summary = |agent: &super::Agent| Summary {
            name: agent.definition.name.as_str().to_owned(),
            title: agent.definition.title.clone(),
            description: agent.definition.description.clone(),
            category: agent.definition.category.clone(),
        };
        library.agents().map(|(_, agent)| summary(agent)).collect()
    }
}

fn library(files: Vec<File>) -> Library {
    let (mut given, mut indexes) = (Vec::new(), BTreeMap::new());
    for File { path, content } in files {
        let path = PathBuf::from(path);
        if path.file_name().is_some_and(|name| name == INDEX) {
            let text = content.as_ref().ok().and_then(|bytes| String::from_utf8(bytes.clone()).ok());
            indexes.insert(path.parent().map(Path::to_path_buf).unwrap_or_default(), text.unwrap_or_default());
        }
        if is_candidate(&path) || may_be_other(&path) || content.is_err() {
            given.push(library::Given { path, content });
        }
    }
    Library::of(given, |folder| indexes.get(folder).cloned())
}

/// What is to be said of the files: what a request cannot use although it is meant to be a definition, and how what it uses was
/// understood.
fn warnings(library: &Library, made: &select::Selection<'_>) -> Vec<String> {
    let mut lines: Vec<String> = made.left_out().into_iter().collect();
    lines.extend(
        made.hidden.iter().map(|(id, path)| format!("{}: not used: the request has its own {id}", path.display())),
    );
    let used = made.agents.iter().flat_map(|(path, agent)| {
        agent.warnings.iter().map(|warning| format!("{}: {}", place(path, warning.line), warning.text()))
    });
    lines.extend(used);
    if lines.len() > MAX_WARNINGS {
        let more = lines.len() - MAX_WARNINGS;
        lines.truncate(MAX_WARNINGS);
        lines.push(format!("{more} more warnings about agent files"));
    }
    let refused: Vec<String> = library
        .files()
        .iter()
        .filter_map(|file| match &file.reading {
            Reading::Refused { id, problems } if !id.as_ref().is_some_and(|id| made.ids.contains(id)) => {
                let problem = problems.first()?;
                Some(format!("not used: {}: {}", place(&file.path, problem.line), problem.text()))
            }
            Reading::Refused { .. } | Reading::Passed { .. } | Reading::Taken(_) => None,
        })
        .collect();
    let more = refused.len().saturating_sub(MAX_NAMED);
    lines.extend(refused.into_iter().take(MAX_NAMED));
    if more > 0 {
        lines.push(format!("{more} more files cannot be used"));
    }
    lines
}
