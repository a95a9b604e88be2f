//! `registry`: agent types that were made, as files and back.
//!
//! The component writes and reads the text form and says the hash; files are this program's business.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use parallel_agents_workflows::registry::Entry;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::InstanceArguments;
use crate::fault::Fault;
use crate::input;
use crate::outcome::{Failure, Finish};
use crate::registry_files::{Directory, Listed};
use crate::simulation::Engine;
use crate::table::Layout;
use crate::text::{shown, shown_json};
use crate::ui::Ui;

#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Write each agent type of a registry into a file of its own
    #[command(
        after_help = "\
Examples:
  parallel-agents call create_agents new-agents.json > reply.json
  parallel-agents registry export reply.json my-agents
  parallel-agents run request.json --agents my-agents",
        after_long_help = "\
The files have the form of the built-in types, and `run --agents DIR` takes them. registry.json beside them is the index:
version, hash and score. A better version in the directory is kept, and a file that was changed by hand is not touched.

Examples:
  parallel-agents call create_agents new-agents.json > reply.json
  parallel-agents registry export reply.json my-agents
  parallel-agents run request.json --agents my-agents"
    )]
    Export {
        /// A registry, or a reply that holds one: a JSON file, or - for standard input
        #[arg(value_name = "REGISTRY.json")]
        registry: PathBuf,

        /// The directory; it is made if need be
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        instance: InstanceArguments,
    },

    /// Print the registry that a directory holds, for the field registry of a request
    #[command(
        after_help = "\
Example:
  parallel-agents registry import my-agents > registry.json",
        after_long_help = "\
Only what the index registry.json names is taken, and each file has to be the one that its hash stands for.

Example:
  parallel-agents registry import my-agents > registry.json"
    )]
    Import {
        /// The directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        instance: InstanceArguments,
    },
}

/// Both forms of a definition, as the component gives them.
#[derive(Deserialize)]
struct Forms {
    name: String,
    hash: String,
    definition: Value,
    file: String,
}

/// What became of one agent type in the directory.
struct Outcome {
    entry: Entry,
    file: String,
    what: &'static str,
}

/// The options of the command that say which code is called.
pub fn instance(command: &RegistryCommand) -> &InstanceArguments {
    match command {
        RegistryCommand::Export { instance, .. } | RegistryCommand::Import { instance, .. } => instance,
    }
}

pub async fn carry_out(ui: &Ui, command: RegistryCommand) -> Result<Finish, Failure> {
    let engine = Engine::load(ui, instance(&command)).await?;
    let text = match &command {
        RegistryCommand::Export { registry, directory, .. } => {
            let outcomes = export(&engine, registry, directory).await?;
            if ui.is_json() { format!("{}\n", document(&outcomes)) } else { table(ui, &outcomes) }
        }
        RegistryCommand::Import { directory, .. } => {
            let registry = import(&engine, directory).await?;
            if ui.is_json() { format!("{}\n", json!(registry)) } else { format!("{}\n", shown_json(&json!(registry))) }
        }
    };
    ui.print(&text)?;
    Ok(Finish::Complete)
}

async fn export(engine: &Engine, registry: &Path, directory: &Path) -> Result<Vec<Outcome>, Failure> {
    let mut new = Vec::new();
    for entry in entries(registry)? {
        let forms = forms(engine, entry.definition.clone()).await?;
        if forms.hash != entry.hash || forms.name != entry.name {
            let message = format!("{}: its definition is not the one that its name and hash stand for", entry.name);
            return Err(bad(registry, message));
        }
        new.push((entry, forms.file));
    }
    let mut target = Directory::open_or_new(directory)?;
    check(engine, &target).await?;
    let mut outcomes = Vec::new();
    for (entry, text) in new {
        let what = target.offer(&entry, text)?;
        outcomes.push(Outcome { file: format!("{}.md", entry.name), entry, what });
    }
    target.write()?;
    Ok(outcomes)
}

async fn import(engine: &Engine, directory: &Path) -> Result<Vec<Entry>, Failure> {
    check(engine, &Directory::open(directory)?).await
}

/// The agent types of a directory. Each file has to be the one that the index stands for.
async fn check(engine: &Engine, directory: &Directory) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for Listed { name, version, hash, score, file } in directory.listed() {
        let path: PathBuf = directory.path().join(file);
        let forms = forms(engine, Value::from(input::document(&path)?)).await?;
        if forms.name != *name || forms.hash != *hash {
            let file = path.display();
            let message = format!("{file} is not the definition that the index names: it was changed, or exchanged");
            return Err(bad(&path, message));
        }
        entries.push(Entry {
            name: name.clone(),
            version: *version,
            hash: hash.clone(),
            score: score.clone(),
            definition: forms.definition,
        });
    }
    Ok(entries)
}

async fn forms(engine: &Engine, definition: Value) -> Result<Forms, Failure> {
    let reply = engine.ask("definition_file", &json!({ "definition": definition })).await?;
    Forms::deserialize(&reply.document).map_err(|error| Failure::reply(error.to_string()))
}

/// A registry alone, or the reply of which it is a part.
fn entries(path: &Path) -> Result<Vec<Entry>, Failure> {
    let text = input::document(path)?;
    let unread = |error| {
        let fault = Fault::new(path.display(), format!("{} holds no registry: {error}", path.display()));
        let error = fault.hint("the replies of create_agents and orchestrate have one").into();
        Failure::Bad { code: "E_REGISTRY", error }
    };
    let document: Value = serde_json::from_str(&text).map_err(unread)?;
    let list = document.get("registry").unwrap_or(&document);
    Vec::<Entry>::deserialize(list).map_err(unread)
}

fn document(outcomes: &[Outcome]) -> Value {
    let shown = outcomes.iter().map(|Outcome { entry, file, what }| {
        json!({ "name": entry.name, "version": entry.version, "score": entry.score, "file": file, "outcome": what })
    });
    json!({ "agents": shown.collect::<Vec<_>>() })
}

fn table(ui: &Ui, outcomes: &[Outcome]) -> String {
    let mut table = Layout::new(ui, &["AGENT", "VERSION", "SCORE", "FILE", "OUTCOME"]);
    for Outcome { entry, file, what } in outcomes {
        let row = [&entry.name, &entry.version.to_string(), &entry.score.to_string(), file, *what];
        table.row(row.iter().map(|cell| shown(cell)).collect(), None);
    }
    table.finish()
}

fn bad(path: &Path, message: String) -> Failure {
    Failure::Bad { code: "E_REGISTRY", error: Fault::new(path.display(), message).into() }
}
