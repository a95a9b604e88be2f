//! Agent types of a directory: looked up for a request, and what is told of their files.

use std::collections::BTreeSet;
use std::path::Path;

use host_sim::agent_files::{Agent, File, FileProblem, Found, Library, LibraryError, Reading, Warning, id_of};
use parallel_agents_engine::text::nearest;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::request;
use crate::text::{count, shown};
use crate::ui::Ui;

/// Types that workflows and judges use without being told to.
const HELPERS: [&str; 4] = ["agent_creator", "agent_design_reviewer", "agent_orchestrator", "agent_refiner"];

/// Agent types that a request may bring along.
const MAX_OFFERED: usize = 20;

/// Files that a note names, and warnings that are told, before the rest is only counted.
const MAX_NAMED: usize = 5;
const MAX_WARNINGS: usize = 20;

/// Reads the definitions of a directory. One that is not there or has none is an error.
pub fn open(directory: &Path) -> Result<Library, Failure> {
    Library::read(directory).map_err(|error| {
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
/// uses and that cannot be used are told at once, and what else there is to say of the files goes to standard error.
pub fn add(ui: &Ui, directory: &Path, function: &str, document: String) -> Result<String, Failure> {
    let library = open(directory)?;
    if request::brings_agents(&document) {
        return Err(both_bring_agents());
    }
    let mut names = request::agent_names(&document);
    let mut used = Used::default();
    for named in &mut names {
        used.look_up(&library, &mut named.name);
    }
    for helper in HELPERS {
        if matches!(library.find(helper), Found::Agent(..)) {
            used.look_up(&library, &mut helper.to_owned());
        }
    }
    if function == "orchestrate" {
        used.offer(ui, &library);
    }
    tell_notes(ui, &library, &used.ids);
    used.tell_unknown(ui, directory, &library);
    for (path, agent) in &used.agents {
        agent.warnings.iter().for_each(|warning| tell_warning(ui, path, warning));
    }
    if !used.problems.is_empty() {
        return Err(refusal(used.problems));
    }
    let document = request::with_names(&document, &names);
    if used.agents.is_empty() {
        return Ok(document);
    }
    let definitions: Vec<Value> = used.agents.iter().map(|(_, agent)| json!(agent.source)).collect();
    Ok(request::with_field(&document, "agents", &Value::from(definitions)))
}

fn both_bring_agents() -> Failure {
    let message = "the request has a list of agents itself: leave that out, or run without --agents";
    let fault = Fault::new("--agents", message).hint("leave one of the two out");
    Failure::Bad { code: "E_AGENTS_TWICE", error: fault.into() }
}

/// What a request uses of a library.
#[derive(Default)]
struct Used<'a> {
    agents: Vec<(&'a Path, &'a Agent)>,
    ids: BTreeSet<String>,
    unknown: BTreeSet<String>,
    problems: Vec<Value>,
}

impl<'a> Used<'a> {
    /// Looks a name up, and puts the id in its place.
    fn look_up(&mut self, library: &'a Library, name: &mut String) {
        let first = !self.ids.contains(name.as_str());
        match library.find(name) {
            Found::Agent(path, agent) => {
                let id = agent.definition.name.as_str();
                if self.ids.insert(id.to_owned()) {
                    self.agents.push((path, agent));
                }
                id.clone_into(name);
            }
            Found::Unusable(files) if first => {
                self.problems.extend(
                    files.iter().flat_map(|(path, problems)| problems.iter().map(|problem| entry(path, problem))),
                );
                self.ids.extend([Some(name.clone()), id_of(name)].into_iter().flatten());
            }
            Found::Several(paths) if first => {
                self.problems.push(collision(name, &paths));
                self.ids.insert(name.clone());
            }
            Found::Unusable(_) | Found::Several(_) => {}
            Found::Nothing => {
                self.unknown.insert(name.clone());
            }
        }
    }

    /// Whoever plans may choose among all types, if there is room for all.
    fn offer(&mut self, ui: &Ui, library: &'a Library) {
        let all: Vec<_> = library.agents().collect();
        let new = all.iter().filter(|(_, agent)| !self.ids.contains(agent.definition.name.as_str())).count();
        if self.agents.len() + new > MAX_OFFERED {
            ui.note(&format!(
                "note: {} types are more than the {MAX_OFFERED} that can be offered to the planner, so none of them is",
                all.len()
            ));
            return;
        }
        for (path, agent) in all {
            if self.ids.insert(agent.definition.name.as_str().to_owned()) {
                self.agents.push((path, agent));
            }
        }
    }

    /// Names that neither the directory nor the component knows, with those of the directory that are near.
    fn tell_unknown(&self, ui: &Ui, directory: &Path, library: &Library) {
        let built_in = parallel_agents::catalogue::built_in().list(None).unwrap_or_default();
        let unknown =
            self.unknown.iter().filter(|name| built_in.iter().all(|agent| agent.name.as_str() != name.as_str()));
        for name in unknown {
            let known = library.agents().map(|(_, agent)| agent.definition.name.as_str());
            let near = nearest(name, known);
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
            ui.note(&format!("note: {} has no agent {}{hint}", directory.display(), shown(name)));
        }
    }
}

/// A definition of a library by its name; none if that is not one of the library's.
pub fn find<'a>(library: &'a Library, name: &str) -> Result<Option<(&'a Path, &'a Agent)>, Failure> {
    match library.find(name) {
        Found::Agent(path, agent) => Ok(Some((path, agent))),
        Found::Nothing => Ok(None),
        Found::Several(paths) => Err(refusal(vec![collision(name, &paths)])),
        Found::Unusable(files) => {
            let of_file = |(path, problems): &(&Path, &[FileProblem])| -> Vec<Value> {
                problems.iter().map(|problem| entry(path, problem)).collect()
            };
            Err(refusal(files.iter().flat_map(of_file).collect()))
        }
    }
}

fn refusal(problems: Vec<Value>) -> Failure {
    Failure::Refused(json!({ "error": problems.first(), "errors": problems }))
}

/// A problem of a file in the form of a refusal.
fn entry(path: &Path, problem: &FileProblem) -> Value {
    json!({
        "code": "E_AGENT_FILE", "message": message(problem), "path": place(path, problem.line),
        "got": problem.got, "limit": problem.allowed, "hint": problem.hint, "retryable": false,
    })
}

fn collision(name: &str, paths: &[&Path]) -> Value {
    let files: Vec<String> = paths.iter().take(MAX_NAMED).map(|path| path.display().to_string()).collect();
    let more = paths.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("{name} is defined by {} files that differ: {}{more}", paths.len(), files.join(", "));
    json!({
        "code": "E_AGENT_COLLISION", "message": message, "path": files.first(), "got": name, "limit": "one definition",
        "hint": "give --agents a directory that holds only one of them", "retryable": false,
    })
}

/// The file, and the line if it is known.
pub fn place(path: &Path, line: Option<usize>) -> String {
    line.map_or_else(|| path.display().to_string(), |line| format!("{}:{line}", path.display()))
}

/// The field and what is wrong with it.
pub fn message(problem: &FileProblem) -> String {
    with_field(&problem.field, &problem.message)
}

/// The field and what was done with it.
pub fn warning_text(warning: &Warning) -> String {
    with_field(&warning.field, &warning.message)
}

fn with_field(field: &str, message: &str) -> String {
    if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") }
}

/// Tells one warning.
pub fn tell_warning(ui: &Ui, path: &Path, warning: &Warning) {
    ui.note(&warning_line(path, warning));
}

fn warning_line(path: &Path, warning: &Warning) -> String {
    format!("warning: {}: {}", shown(&place(path, warning.line)), shown(&warning_text(warning)))
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
            ui.note(&format!("note: not used: {}: {}", shown(&place(path, problem.line)), shown(&message(problem))));
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
