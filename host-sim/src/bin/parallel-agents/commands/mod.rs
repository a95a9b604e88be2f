//! One file per command.

mod agents;
mod call;
#[cfg(feature = "canary-bugs")]
mod canaries;
mod compare;
mod economics;
mod explain;
mod explore;
mod registry;
mod replay;
mod resume;
mod review;
mod run;
mod scenarios;
mod serve_model;
mod what_if;

use crate::args::Command;
use crate::outcome::{Failure, Finish};
use crate::ui::Ui;

/// Whether a command was asked for exactly one JSON document.
pub fn wants_json(command: &Command) -> bool {
    match command {
        Command::Run(arguments) => arguments.simulation.guest.json,
        Command::Call(arguments) => arguments.simulation.guest.json,
        Command::Agents(command) => agents::guest(command).json,
        Command::Registry(command) => registry::guest(command).json,
        Command::Review(arguments) => arguments.simulation.guest.json,
        Command::Replay(arguments) => arguments.guest.json,
        Command::Resume(arguments) => arguments.guest.json,
        Command::Explain(arguments) => arguments.guest.json,
        Command::Explore(arguments) => arguments.guest.json,
        Command::Compare(arguments) => arguments.json,
        #[cfg(feature = "canary-bugs")]
        Command::Canaries { json } => *json,
        Command::Scenarios(command) => scenarios::guest(command).json,
        Command::Economics(arguments) => arguments.guest.json,
        Command::WhatIf(arguments) => arguments.guest.json,
        Command::ServeModel(_) => false,
    }
}

/// Carries a command out.
pub async fn carry_out(ui: &Ui, command: Command) -> Result<Finish, Failure> {
    match command {
        Command::Run(arguments) => run::carry_out(ui, arguments).await,
        Command::Call(arguments) => call::carry_out(ui, arguments).await,
        Command::Agents(command) => agents::carry_out(ui, command).await,
        Command::Registry(command) => registry::carry_out(ui, command).await,
        Command::Review(arguments) => review::carry_out(ui, arguments).await,
        Command::Replay(arguments) => replay::carry_out(ui, arguments).await,
        Command::Resume(arguments) => resume::carry_out(ui, arguments).await,
        Command::Explain(arguments) => explain::carry_out(ui, arguments).await,
        Command::Explore(arguments) => explore::carry_out(ui, arguments).await,
        Command::Compare(arguments) => compare::carry_out(ui, arguments).await,
        #[cfg(feature = "canary-bugs")]
        Command::Canaries { .. } => canaries::carry_out(ui).await,
        Command::Scenarios(command) => scenarios::carry_out(ui, command).await,
        Command::Economics(arguments) => economics::carry_out(ui, arguments).await,
        Command::WhatIf(arguments) => what_if::carry_out(ui, arguments).await,
        Command::ServeModel(arguments) => serve_model::carry_out(ui, arguments).await,
    }
}
