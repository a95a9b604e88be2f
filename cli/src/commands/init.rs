//! `init`: a request, an agent file, and a template with items to begin with.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::text::{shell_word, shown};
use crate::ui::Ui;

#[derive(Debug, Args)]
pub struct InitArguments {
    /// The directory; it is made if need be
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
}

const REQUEST: &str = "request.jsonc";
const AGENTS: &str = "agents";
const TEMPLATE: &str = "template.jsonc";
const ITEMS: &str = "items.csv";

/// What is written, and below which name.
const FILES: [(&str, &str); 4] = [
    (REQUEST, include_str!("../init/request.jsonc")),
    ("agents/tide_reader.md", include_str!("../init/tide_reader.md")),
    (TEMPLATE, include_str!("../init/template.jsonc")),
    (ITEMS, include_str!("../init/items.csv")),
];

pub fn carry_out(ui: &Ui, arguments: &InitArguments) -> Result<Finish, Failure> {
    let directory = &arguments.directory;
    if directory.exists() && !directory.is_dir() {
        let message = format!("{} is no directory", directory.display());
        let fault = Fault::new(directory.display(), message).hint("name another one: parallel-agents init DIR");
        return Err(Failure::Bad { code: "E_FILE", error: fault.into() });
    }
    // Looked at first, so that either all is written or nothing.
    for path in FILES.map(|(name, _)| directory.join(name)) {
        if path.symlink_metadata().is_ok() {
            let message = format!("{} is there already", path.display());
            let fault = Fault::new(path.display(), message).hint("name another directory: parallel-agents init DIR");
            return Err(Failure::Bad { code: "E_FILE", error: fault.into() });
        }
    }
    for (name, text) in FILES {
        let path = directory.join(name);
        write_new(&path, text).map_err(|error| {
            Failure::output(anyhow::Error::from(error).context(format!("cannot write {}", path.display())))
        })?;
        ui.note(&format!("wrote {}", shown(&path.to_string_lossy())));
    }
    let word = |name: &str| shell_word(&directory.join(name).to_string_lossy());
    let run = format!("parallel-agents run {} --agents {}", word(REQUEST), word(AGENTS));
    let output = word("results.jsonl");
    let map = format!("parallel-agents map {} --items {} --output {output}", word(TEMPLATE), word(ITEMS));
    ui.print(&format!("{run}\n{run} --backend openai\n{map}\n"))?;
    ui.note("The first command runs it with scripted answers, the second one on a model server (`help models`).");
    ui.note("The third one does the same with each row of a table.");
    Ok(Finish::Complete)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    File::create_new(path)?.write_all(text.as_bytes())
}
