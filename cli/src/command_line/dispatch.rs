//! Which command is carried out by what.

use super::dev::DevCommand;
use super::{Command, in_brief, in_full};
use crate::commands::{
    agents, call, compare, cost_benchmark, defects, doctor, explain, explore, help, init, map, registry, replay,
    resume, review, run, scenarios, serve_model, what_if,
};
use crate::outcome::{Failure, Finish};
use crate::ui::Ui;

/// Whether a command was asked for exactly one JSON document.
pub fn wants_json(command: &Command) -> bool {
    match command {
        Command::Run(arguments) => arguments.simulation.instance.json,
        Command::Map(arguments) => arguments.simulation.instance.json,
        Command::Call(arguments) => arguments.simulation.instance.json,
        Command::Agents(command) => agents::instance(command).json,
        Command::Registry(command) => registry::instance(command).json,
        Command::Review(arguments) => arguments.simulation.instance.json,
        Command::Resume(arguments) => arguments.instance.json,
        Command::Explain(arguments) => arguments.instance.json,
        Command::Doctor(arguments) => arguments.json,
        Command::Init(_) | Command::Help(_) | Command::Completions { .. } | Command::Man { .. } => false,
        Command::Dev { command } | Command::Old(command) => dev_wants_json(command),
    }
}

fn dev_wants_json(command: &DevCommand) -> bool {
    match command {
        DevCommand::Explore(arguments) => arguments.instance.json,
        DevCommand::Compare(arguments) => arguments.json,
        DevCommand::Defects { json } => *json,
        DevCommand::Scenarios(command) => scenarios::instance(command).json,
        DevCommand::CostBenchmark(arguments) => arguments.instance.json,
        DevCommand::Replay(arguments) => arguments.instance.json,
        DevCommand::WhatIf(arguments) => arguments.instance.json,
        DevCommand::ServeModel(_) => false,
    }
}

/// Carries a command out.
pub async fn carry_out(ui: &Ui, command: Command) -> Result<Finish, Failure> {
    match command {
        Command::Init(arguments) => init::carry_out(ui, &arguments),
        Command::Run(arguments) => run::carry_out(ui, arguments).await,
        Command::Map(arguments) => map::carry_out(ui, arguments).await,
        Command::Call(arguments) => call::carry_out(ui, arguments).await,
        Command::Agents(command) => agents::carry_out(ui, command).await,
        Command::Registry(command) => registry::carry_out(ui, command).await,
        Command::Review(arguments) => review::carry_out(ui, arguments).await,
        Command::Resume(arguments) => resume::carry_out(ui, arguments).await,
        Command::Explain(arguments) => explain::carry_out(ui, arguments).await,
        Command::Doctor(arguments) => doctor::carry_out(ui, &arguments).await,
        Command::Help(arguments) => help::carry_out(ui, &arguments, in_brief(), in_full()),
        Command::Completions { shell } => help::completions(ui, shell, in_full()),
        Command::Man { command: words } => help::manual(ui, &words, in_full()),
        Command::Dev { command } | Command::Old(command) => carry_out_dev(ui, command).await,
    }
}

async fn carry_out_dev(ui: &Ui, command: DevCommand) -> Result<Finish, Failure> {
    match command {
        DevCommand::Explore(arguments) => explore::carry_out(ui, arguments).await,
        DevCommand::Compare(arguments) => compare::carry_out(ui, arguments).await,
        DevCommand::Defects { .. } => defects::carry_out(ui),
        DevCommand::Scenarios(command) => scenarios::carry_out(ui, command).await,
        DevCommand::CostBenchmark(arguments) => cost_benchmark::carry_out(ui, arguments).await,
        DevCommand::Replay(arguments) => replay::carry_out(ui, arguments).await,
        DevCommand::WhatIf(arguments) => what_if::carry_out(ui, arguments).await,
        DevCommand::ServeModel(arguments) => serve_model::carry_out(ui, arguments).await,
    }
}
