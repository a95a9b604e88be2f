//! The command line of parallel-agents.

mod agent_directories;
mod args;
mod backend;
mod board;
mod command_line;
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
mod planned_files;
mod prepared;
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

use command_line::{Arguments, Command};
use outcome::{Failure, Finish};
use ui::Ui;

fn main() -> ExitCode {
    let Arguments { command } = match command_line::parse(env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return usage::tell(&error),
    };
    let ui = Ui::new(command_line::wants_json(&command));
    match start(&ui, command) {
        Ok(finish) => finish.exit_code(),
        Err(failure) => {
            ui.failure(&failure);
            failure.exit_code()
        }
    }
}

fn start(ui: &Ui, command: Command) -> Result<Finish, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
        .map_err(|error| Failure::Broken { code: "E_HOST", error })?;
    runtime.block_on(command_line::carry_out(ui, command))
}
