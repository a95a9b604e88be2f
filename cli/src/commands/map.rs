//! `map`: the same steps with each of many items.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use serde_json::Value;

use crate::args::{BackendKind, ClockKind, ItemArguments, OwnAgents, RunRules, Simulation};
use crate::outcome::{Failure, Finish};
use crate::reply::Reply;
use crate::results::Results;
use crate::simulation::Engine;
use crate::ui::Ui;
use crate::wide::Wide;
use crate::{consent, input, items, own_agents, planned_files, request};

#[derive(Debug, Args)]
pub struct MapArguments {
    /// The template: JSON with steps, rules and perhaps reduce; .jsonc with comments
    #[arg(value_name = "TEMPLATE.json")]
    pub template: PathBuf,

    #[command(flatten)]
    pub items: ItemArguments,

    /// One line for each item as soon as it is final; a table if it ends in .csv
    ///
    /// A new file, which can be followed while it grows. For a table the lines are in FILE.csv.jsonl beside it, and the table is
    /// written when the run is over.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

/// The function of the component.
pub const FUNCTION: &str = "map_tasks";

pub async fn carry_out(ui: &Ui, mut arguments: MapArguments) -> Result<Finish, Failure> {
    let mut document = input::document(&arguments.template)?;
    let mut read = vec![arguments.template.clone()];
    if let Some(items) = items::read(&arguments.items)? {
        read.extend(items::files(&arguments.items, &items));
        document = request::with_field(&document, "items", &Value::Array(items));
    }
    if let Some(directory) = &arguments.own_agents.directory {
        document = own_agents::add(ui, directory, FUNCTION, document, &mut read)?;
    }
    planned_files::check(&arguments.simulation, Some(&arguments.output), &read)?;
    let document = request::with_options(document, &arguments.rules, &arguments.simulation.backend.tiers);
    let engine = Engine::load(ui, &arguments.simulation.instance).await?;
    consent::settle(ui, &engine, &mut arguments.simulation, FUNCTION, &document).await?;
    let results = Arc::new(Mutex::new(Results::create(&arguments.output, &document)?));
    let called = engine.call_telling(ui, &arguments.simulation, FUNCTION, &document, Some(results.clone())).await;
    let (kind, clock) = (arguments.simulation.backend.server.kind(), arguments.simulation.run_options.clock);
    deliver(ui, called, &results, kind, clock).await
}

/// Ends the file of results and shows what came of the run.
pub async fn deliver(
    ui: &Ui,
    called: Result<Reply, Failure>,
    results: &Arc<Mutex<Results>>,
    kind: BackendKind,
    clock: ClockKind,
) -> Result<Finish, Failure> {
    let (reply, text, finish) = close(ui, called, results, kind, clock)?;
    reply.deliver(ui, text, finish).await
}

/// What is shown at the end. The results are locked for no longer than this.
fn close(
    ui: &Ui,
    called: Result<Reply, Failure>,
    results: &Mutex<Results>,
    kind: BackendKind,
    clock: ClockKind,
) -> Result<(Reply, String, Finish), Failure> {
    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
    let closed = results.close();
    let mut reply = called?;
    let wide = Wide::read(&reply.document)?;
    let said = match closed {
        Ok(said) => said,
        Err(failure) => {
            reply.rest.contradicted(failure);
            format!("{} is not complete", results.path().display())
        }
    };
    let text = wide.readable(ui, results.ends(), &said, kind, clock);
    Ok((reply, text, wide.run.finish()))
}
