//! `run`: the tasks of a request.

use std::path::PathBuf;

use clap::Args;

use super::call::show;
use crate::args::{BackendKind, ClockKind, OwnAgents, RunRules, Simulation};
use crate::outcome::{Failure, Finish};
use crate::reply::Reply;
use crate::report::Report;
use crate::simulation::Engine;
use crate::ui::Ui;
use crate::{consent, input, own_agents, planned_files, request, summary, table};

#[derive(Debug, Args)]
pub struct RunArguments {
    /// The request: a JSON file, .jsonc with comments, or - for standard input
    #[arg(value_name = "REQUEST.json")]
    pub request: PathBuf,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

pub async fn carry_out(ui: &Ui, mut arguments: RunArguments) -> Result<Finish, Failure> {
    let mut request = input::document(&arguments.request)?;
    let mut read = vec![arguments.request.clone()];
    if let Some(directory) = &arguments.own_agents.directory {
        request = own_agents::add(ui, directory, "run_tasks", request, &mut read)?;
    }
    planned_files::check(&arguments.simulation, None, &read)?;
    let request = request::with_options(request, &arguments.rules, &arguments.simulation.backend.tiers);
    let engine = Engine::load(ui, &arguments.simulation.instance).await?;
    consent::settle(ui, &engine, &mut arguments.simulation, "run_tasks", &request).await?;
    let (reply, report) = run(ui, &engine, &arguments.simulation, &request).await?;
    let Some(report) = report else { return show(ui, reply).await };
    let Simulation { backend, run_options, .. } = &arguments.simulation;
    let text = readable(ui, &report, backend.server.kind(), run_options.clock);
    reply.deliver(ui, text, report.finish()).await
}

/// A report as people read it.
pub fn readable(ui: &Ui, report: &Report, kind: BackendKind, clock: ClockKind) -> String {
    let totals = summary::totals(ui, report, kind, clock);
    [table::tasks(ui, report), summary::not_completed(ui, report), totals].concat()
}

/// Runs a request, with progress for whoever looks. Without a report the reply is none that can be read.
pub async fn run(
    ui: &Ui,
    engine: &Engine,
    simulation: &Simulation,
    request: &str,
) -> Result<(Reply, Option<Report>), Failure> {
    let mut reply = engine.call(ui, simulation, "run_tasks", request).await?;
    match Report::read(&reply.document) {
        Ok(report) => Ok((reply, Some(report))),
        // What was paid for is shown all the same.
        Err(failure) => {
            reply.rest.contradicted(failure);
            Ok((reply, None))
        }
    }
}
