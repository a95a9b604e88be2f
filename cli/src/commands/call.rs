//! `call`: one function of the component, as it is.

use std::path::PathBuf;

use clap::Args;
use gateway_sim::reply::status_of;
use parallel_agents_engine::task::RunStatus;

use super::map;
use crate::args::{BackendKind, OwnAgents, RunRules, Simulation};
use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::reply::Reply;
use crate::simulation::Engine;
use crate::text::shown_json;
use crate::ui::Ui;
use crate::{consent, input, own_agents, planned_files, request};

#[derive(Debug, Args)]
pub struct CallArguments {
    /// The function; `help call` names all
    pub function: String,

    /// Its arguments: a file with a JSON object, or - for standard input; without it {}
    #[arg(value_name = "ARGS.json")]
    pub arguments: Option<PathBuf>,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

pub async fn carry_out(ui: &Ui, mut arguments: CallArguments) -> Result<Finish, Failure> {
    let is_paid = arguments.simulation.backend.server.kind() != BackendKind::Script;
    if arguments.function == map::FUNCTION && is_paid {
        let message =
            "its answers are told item by item, and `call` has no file for them, so they would be paid for and lost";
        let fault = Fault::new(map::FUNCTION, message);
        let fault =
            fault.hint("parallel-agents map TEMPLATE.json --output FILE; the template may hold the items itself");
        return Err(Failure::Bad { code: "E_USAGE", error: fault.into() });
    }
    let mut read: Vec<PathBuf> = arguments.arguments.iter().cloned().collect();
    let mut document = match &arguments.arguments {
        Some(path) => input::document(path)?,
        None => "{}".to_owned(),
    };
    if let Some(directory) = &arguments.own_agents.directory {
        document = own_agents::add(ui, directory, &arguments.function, document, &mut read)?;
    }
    planned_files::check(&arguments.simulation, None, &read)?;
    let document = request::with_options(document, &arguments.rules, &arguments.simulation.backend.tiers);
    let engine = Engine::load(ui, &arguments.simulation.instance).await?;
    consent::settle(ui, &engine, &mut arguments.simulation, &arguments.function, &document).await?;
    let reply = engine.call(ui, &arguments.simulation, &arguments.function, &document).await?;
    show(ui, reply).await
}

/// Prints a reply as it is, and does what is left to be done after it.
pub async fn show(ui: &Ui, reply: Reply) -> Result<Finish, Failure> {
    // Only the functions that run something say how it ended.
    let finish = match status_of(&reply.document) {
        None | Some(RunStatus::Completed) => Finish::Complete,
        Some(_) => Finish::Incomplete,
    };
    let readable = format!("{}\n", shown_json(&reply.document));
    reply.deliver(ui, readable, finish).await
}
