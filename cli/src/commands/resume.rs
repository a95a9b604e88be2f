//! `resume`: goes on with a call that was cut off.

use std::sync::{Arc, Mutex};

use super::call::show;
use super::{map, run};
use crate::args::ResumeArguments;
use crate::backend::Past;
use crate::fault::Fault;
use crate::journal::Journal;
use crate::outcome::{Failure, Finish};
use crate::planned_files;
use crate::report::Report;
use crate::results::Results;
use crate::simulation::Engine;
use crate::ui::Ui;

pub async fn carry_out(ui: &Ui, arguments: ResumeArguments) -> Result<Finish, Failure> {
    planned_files::check_resumed(&arguments)?;
    let engine = Engine::load(ui, &arguments.instance).await?;
    let (text, journal) = Journal::reopen(&arguments.journal_file)?;
    let past = Past::read(&text);
    let results = results(&arguments, &past)?.map(|results| Arc::new(Mutex::new(results)));
    let called = engine.resume(ui, &arguments, &text, journal, results.clone()).await;
    let (kind, clock) = (arguments.server.kind(), arguments.run_options.clock);
    if let Some(results) = results {
        return map::deliver(ui, called, &results, kind, clock).await;
    }
    let reply = called?;
    match Report::read(&reply.document) {
        Ok(report) if past.function == "run_tasks" => {
            let text = run::readable(ui, &report, kind, clock);
            reply.deliver(ui, text, report.finish()).await
        }
        _ => show(ui, reply).await,
    }
}

/// The file to which a run over many items continues to write. None: it is another call.
fn results(arguments: &ResumeArguments, past: &Past) -> Result<Option<Results>, Failure> {
    let is_wide = past.function == map::FUNCTION;
    let fault = match &arguments.output {
        Some(output) if is_wide => return Results::reopen(output, &past.arguments).map(Some),
        None if !is_wide => return Ok(None),
        Some(output) => {
            let message = "this journal is of no run over many items, which alone has results in lines";
            Fault::new("--output", message).got(output.display()).hint("leave it out")
        }
        None => {
            let message = "the run tells its answers item by item, and nobody said where they go";
            Fault::new("--output", message).hint("name the file that `map` was told, with --output FILE")
        }
    };
    Err(Failure::Bad { code: "E_USAGE", error: fault.into() })
}
