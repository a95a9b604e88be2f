//! `agents check`: what each file of a directory is taken for.

use std::path::Path;

use agent_files::{File, FileProblem, Library, Reading, Warning, place};
use comfy_table::Color;
use serde_json::{Value, json};

use crate::outcome::{Failure, Finish};
use crate::own_agents;
use crate::table::Layout;
use crate::text::{count, shown};
use crate::ui::Ui;

pub fn carry_out(ui: &Ui, directory: &Path) -> Result<Finish, Failure> {
    let library = own_agents::open(directory)?;
    let counts = Counts::of(&library);
    if ui.is_json() {
        ui.print(&format!("{}\n", document(directory, &library, &counts)))?;
    } else {
        ui.print(&[table(ui, directory, &library), refusals(&library), counts.sentence()].concat())?;
    }
    Ok(if counts.refused == 0 { Finish::Complete } else { Finish::Incomplete })
}

#[derive(Default)]
struct Counts {
    files: usize,
    taken: usize,
    warned: usize,
    refused: usize,
    passed: usize,
}

impl Counts {
    fn of(library: &Library) -> Self {
        let mut counts = Self { files: library.files().len(), ..Self::default() };
        for file in library.files() {
            match &file.reading {
                Reading::Taken(agent) => {
                    counts.taken += 1;
                    counts.warned += usize::from(!agent.warnings.is_empty());
                }
                Reading::Refused { .. } => counts.refused += 1,
                Reading::Passed { .. } => counts.passed += 1,
            }
        }
        counts
    }

    fn sentence(&self) -> String {
        let Self { files, taken, warned, refused, passed } = self;
        let files = count(*files, "file", "files");
        format!(
            "\n{files}: {taken} taken, {warned} of them with warnings; {refused} refused; {passed} no definitions.\n"
        )
    }
}

/// A file as it is called within the directory.
fn name(directory: &Path, file: &File) -> String {
    let inner = file.path.strip_prefix(directory).ok().filter(|inner| !inner.as_os_str().is_empty());
    inner.unwrap_or(&file.path).display().to_string()
}

fn table(ui: &Ui, directory: &Path, library: &Library) -> String {
    let mut table = Layout::new(ui, &["FILE", "AGENT", "RESULT", "WHAT IS TO BE SAID"]).optional(&[1]);
    for file in library.files() {
        let (agent, result, colour, said) = match &file.reading {
            Reading::Taken(agent) => {
                let result = if agent.warnings.is_empty() { "taken" } else { "warnings" };
                let colour = if agent.warnings.is_empty() { Color::Green } else { Color::Yellow };
                (agent.definition.name.as_str(), result, colour, agent.warnings.iter().map(Warning::text).collect())
            }
            Reading::Refused { id, problems } => {
                (id.as_deref().unwrap_or("-"), "refused", Color::Red, problems.iter().map(FileProblem::text).collect())
            }
            Reading::Passed { why, .. } => ("-", "passed over", Color::Reset, vec![why.clone()]),
        };
        let row = vec![shown(&name(directory, file)), shown(agent), result.to_owned(), shown(&said.join("; "))];
        table.row(row, Some((2, colour)));
    }
    table.finish()
}

/// Everything that is wrong with the files that are refused, since a table has not the room for it.
fn refusals(library: &Library) -> String {
    let mut text = String::new();
    for file in library.files() {
        let Reading::Refused { problems, .. } = &file.reading else { continue };
        for problem in problems {
            let FileProblem { line, allowed, hint, .. } = problem;
            text.push_str(&format!("\n{}: {}\n", shown(&place(&file.path, *line)), shown(&problem.text())));
            for (name, value) in [("allowed", allowed), ("hint", hint)] {
                if let Some(value) = value {
                    text.push_str(&format!("  {name}: {}\n", shown(value)));
                }
            }
        }
    }
    text
}

fn document(directory: &Path, library: &Library, counts: &Counts) -> Value {
    let Counts { files, taken, warned, refused, passed } = counts;
    let entries: Vec<Value> = library.files().iter().map(|file| entry(directory, file)).collect();
    json!({
        "directory": directory.display().to_string(),
        "counts": { "files": files, "taken": taken, "with_warnings": warned, "refused": refused, "passed_over": passed },
        "files": entries,
    })
}

fn entry(directory: &Path, file: &File) -> Value {
    let mut fields = json!({ "file": name(directory, file) });
    match &file.reading {
        Reading::Taken(agent) => {
            let of = &agent.definition;
            fields["result"] = "taken".into();
            fields["agent"] = of.name.as_str().into();
            fields["title"] = json!(of.title);
            fields["tier"] = of.tier.name().into();
            fields["tools"] = if of.tool_free { "none" } else { "inherit" }.into();
            let warnings = agent
                .warnings
                .iter()
                .map(|warning| json!({ "line": warning.line, "field": warning.field, "message": warning.message }));
            fields["warnings"] = warnings.collect();
        }
        Reading::Refused { id, problems } => {
            fields["result"] = "refused".into();
            fields["agent"] = json!(id);
            let problems = problems.iter().map(|problem| {
                let FileProblem { line, field, message, got, allowed, hint } = problem;
                json!({ "line": line, "field": field, "message": message, "got": got, "limit": allowed, "hint": hint })
            });
            fields["problems"] = problems.collect();
        }
        Reading::Passed { why, .. } => {
            fields["result"] = "passed_over".into();
            fields["why"] = why.as_str().into();
        }
    }
    fields
}
