//! Agent types of a directory: looked up for a request, and what is told of their files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::agent_directories::{LibraryError, read};
use agent_files::{
    Agent, File, Found, Library, Problem, Reading, Selection, Warning, place, problems_of, request, select,
};
use parallel_agents_engine::text::nearest;
use serde_json::json;

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::text::{count, shown};
use crate::ui::Ui;

/// Files that a note names, and warnings that are told, before the rest is only counted.
const MAX_NAMED: usize = 5;
const MAX_WARNINGS: usize = 20;

/// Reads the definitions of a directory. One that is not there or has none is an error.
pub fn open(directory: &Path) -> Result<Library, Failure> {
    read(directory).map_err(|error| {
        let fault = match &error {
            LibraryError::Empty { path } => {
                Fault::new(path.display(), &error).limit("a directory with *.md files, or such a file")
            }
            LibraryError::Unreadable { path, .. } => Fault::new(path.display(), &error),
        };
        Failure::file(directory, anyhow::Error::from(error).context(fault))
    })
}

/// The request with the definitions of the directory that it uses. Names of files are put right to ids, all files that it
/// uses and that cannot be used are told at once, and what else there is to say of the files goes to standard error. The files that
/// are meant as definitions are added to those that were `read`.
pub fn add(
    ui: &Ui,
    directory: &Path,
    function: &str,
    document: String,
    read: &mut Vec<PathBuf>,
) -> Result<String, Failure> {
    let library = open(directory)?;
    let definitions = library.files().iter().filter(|file| !matches!(file.reading, Reading::Passed { .. }));
    read.extend(definitions.map(|file| file.path.clone()));
    if request::brings_agents(&document) {
        return Err(both_bring_agents());
    }
    let made = select(&library, function, &document);
    if let Some(note) = made.left_out() {
        ui.note(&format!("note: {note}"));
    }
    tell_notes(ui, &library, &made.ids);
    tell_unknown(ui, directory, &library, &made);
    for (path, agent) in &made.agents {
        agent.warnings.iter().for_each(|warning| tell_warning(ui, path, warning));
    }
    if made.problems.is_empty() { Ok(made.request) } else { Err(refusal(&made.problems)) }
}

fn both_bring_agents() -> Failure {
    let message = "the request has a list of agents itself: leave that out, or run without --agents";
    let fault = Fault::new("--agents", message).hint("leave one of the two out");
    Failure::Bad { code: "E_AGENTS_TWICE", error: fault.into() }
}

/// Names that neither the directory nor the component knows, with those of the directory that are near.
fn tell_unknown(ui: &Ui, directory: &Path, library: &Library, made: &Selection<'_>) {
    let built_in = parallel_agents::catalogue::built_in().list(None).unwrap_or_default();
    let unknown = made.unknown.iter().filter(|name| built_in.iter().all(|agent| agent.name.as_str() != name.as_str()));
    for name in unknown {
        let known = library.agents().map(|(_, agent)| agent.definition.name.as_str());
        let near = nearest(name, known);
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        ui.note(&format!("note: {} has no agent {}{hint}", directory.display(), shown(name)));
    }
}

/// A definition of a library by its name; none if that is not one of the library's.
pub fn find<'a>(library: &'a Library, name: &str) -> Result<Option<(&'a Path, &'a Agent)>, Failure> {
    match library.find(name) {
        Found::Agent(path, agent) => Ok(Some((path, agent))),
        Found::Nothing => Ok(None),
        found @ (Found::Several(_) | Found::Unusable(_)) => Err(refusal(&problems_of(name, &found))),
    }
}

fn refusal(problems: &[Problem]) -> Failure {
    Failure::Refused(json!({ "error": problems.first(), "errors": problems }))
}

/// Tells one warning.
pub fn tell_warning(ui: &Ui, path: &Path, warning: &Warning) {
    ui.note(&warning_line(path, warning));
}

fn warning_line(path: &Path, warning: &Warning) -> String {
    format!("warning: {}: {}", shown(&place(path, warning.line)), shown(&warning.text()))
}

/// Tells the warnings about all definitions, as far as anybody would read them.
pub fn tell_warnings(ui: &Ui, directory: &Path, library: &Library) {
    let all: Vec<String> = library
        .files()
        .iter()
        .filter_map(|File { path, reading }| match reading {
            Reading::Taken(agent) => Some(agent.warnings.iter().map(move |warning| warning_line(path, warning))),
            Reading::Refused { .. } | Reading::Passed { .. } => None,
        })
        .flatten()
        .collect();
    all.iter().take(MAX_WARNINGS).for_each(|line| ui.note(line));
    if all.len() > MAX_WARNINGS {
        let more = count(all.len() - MAX_WARNINGS, "more warning", "more warnings");
        ui.note(&format!("note: {more}; `agents check {}` counts them by file", directory.display()));
    }
}

/// Tells which files are not used because they cannot be, leaving out those of the given ids, which are told elsewhere.
pub fn tell_notes(ui: &Ui, library: &Library, told: &BTreeSet<String>) {
    let (mut refused, mut passed) = (Vec::new(), Vec::new());
    for File { path, reading } in library.files() {
        match reading {
            Reading::Refused { id, problems } if !id.as_ref().is_some_and(|id| told.contains(id)) => {
                refused.push((path, problems));
            }
            Reading::Passed { .. } => passed.push(path.display().to_string()),
            Reading::Refused { .. } | Reading::Taken(_) => {}
        }
    }
    for (path, problems) in refused.iter().take(MAX_NAMED) {
        for problem in problems.iter() {
            ui.note(&format!("note: not used: {}: {}", shown(&place(path, problem.line)), shown(&problem.text())));
        }
    }
    if refused.len() > MAX_NAMED {
        let more = count(refused.len() - MAX_NAMED, "more file", "more files");
        ui.note(&format!("note: {more} cannot be used; `agents check` names them"));
    }
    if !passed.is_empty() {
        let named = passed.iter().take(MAX_NAMED).map(|path| shown(path)).collect::<Vec<_>>().join(", ");
        let more = passed.len().saturating_sub(MAX_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        ui.note(&format!("note: no definition: {named}{more}"));
    }
}
