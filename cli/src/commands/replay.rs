//! `replay`: goes through a journal again, or through a recording with something different.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use gateway_sim::recording::Recording;

use super::what_if::{self, WhatIfArguments};
use crate::args::InstanceArguments;
use crate::fault::Fault;
use crate::journal;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::ui::Ui;

#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The journal; with --what-if, a recording
    #[arg(value_name = "FILE")]
    pub journal_file: PathBuf,

    /// Repeat a recording with something different, as `dev what-if --set` does
    #[arg(long = "what-if", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

pub async fn carry_out(ui: &Ui, arguments: ReplayArguments) -> Result<Finish, Failure> {
    if !arguments.settings.is_empty() {
        let ReplayArguments { journal_file: recording, settings, instance } = arguments;
        return what_if::carry_out(ui, WhatIfArguments { recording, settings, latency_factors: Vec::new(), instance })
            .await;
    }
    let path = &arguments.journal_file;
    let text = journal::read(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .map_err(|error| Failure::file(path, error))?;
    if Recording::read(&text).is_ok() {
        let fault = Fault::new(path.display(), format!("{} is a recording, and not a journal", path.display()));
        return Err(Failure::Bad {
            code: "E_RECORDING",
            error: fault.hint("`dev what-if` goes through it again").into(),
        });
    }
    let reply = Engine::load(ui, &arguments.instance).await?.replay(&text).await?;
    if ui.is_json() {
        ui.print(&format!("{}\n", reply.text))?;
        return Ok(Finish::Complete);
    }
    let found = &reply.document;
    let end = match (found["complete"] == true, found["torn"] == true) {
        (true, _) => "the call came back",
        (false, false) => "the call was cut off after that",
        (false, true) => "the call was cut off in the middle of the next",
    };
    ui.print(&format!("The same: {} steps, {} commands; {end}.\n", found["steps"], found["commands"]))?;
    Ok(Finish::Complete)
}
