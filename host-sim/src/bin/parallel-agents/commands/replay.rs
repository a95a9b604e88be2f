//! `replay`: goes through a journal again, or through a recording with something different.

use anyhow::Context as _;
use gateway_sim::recording::Recording;

use super::what_if;
use crate::args::{ReplayArguments, WhatIfArguments};
use crate::fault::Fault;
use crate::journal;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::ui::Ui;

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
