//! The command line of the simulator.

mod args;
mod backend;
mod board;
mod commands;
mod comments;
mod component;
mod consent;
mod desktop;
mod fault;
mod findings;
mod gateway;
mod hints;
mod input;
mod items;
mod journal;
mod live_page;
mod outcome;
mod output;
mod own_agents;
mod problems;
mod registry_files;
mod reply;
mod report;
mod request;
mod results;
mod server;
mod servers;
mod signals;
mod simulation;
mod summary;
mod table;
mod text;
mod ui;
mod usage;
mod view;
mod wide;

use std::env;
use std::process::ExitCode;

use anyhow::Context;

use args::Arguments;
use outcome::{Failure, Finish};
use ui::Ui;

fn main() -> ExitCode {
    let Arguments { command } = match args::parse(env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return usage::tell(&error),
    };
    let ui = Ui::new(commands::wants_json(&command));
    match start(&ui, command) {
        Ok(finish) => finish.exit_code(),
        Err(failure) => {
            ui.failure(&failure);
            failure.exit_code()
        }
    }
}

fn start(ui: &Ui, command: args::Command) -> Result<Finish, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
        .map_err(|error| Failure::Broken { code: "E_HOST", error })?;
    runtime.block_on(commands::carry_out(ui, command))
}
