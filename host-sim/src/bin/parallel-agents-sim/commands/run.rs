//! `run`: the tasks of a request.

use crate::args::{RunArguments, Simulation};
use crate::outcome::{Failure, Finish};
use crate::report::Report;
use crate::simulation::{Engine, Reply};
use crate::ui::Ui;
use crate::{input, request, summary, table};

pub async fn carry_out(ui: &Ui, arguments: RunArguments) -> Result<Finish, Failure> {
    let request = input::document(&arguments.request)?;
    let engine = Engine::load(&arguments.simulation.guest).await?;
    let (reply, report) = run(ui, &engine, &arguments.simulation, request, arguments.max_concurrent).await?;
    if ui.is_json() {
        ui.print(&format!("{}\n", reply.text))?;
    } else {
        let text = [table::tasks(ui, &report), summary::not_completed(ui, &report), summary::totals(ui, &report)];
        ui.print(&text.concat())?;
    }
    Ok(report.finish())
}

/// Runs a request, with progress for whoever looks.
pub async fn run(
    ui: &Ui,
    engine: &Engine,
    simulation: &Simulation,
    request: String,
    max_concurrent: Option<u32>,
) -> Result<(Reply, Report), Failure> {
    let request = match max_concurrent {
        Some(cap) => request::with_max_concurrent(&request, cap),
        None => request,
    };
    let (bar, observer) = ui.progress();
    let reply = engine.call(simulation, "run_tasks", &request, observer).await;
    bar.finish_and_clear();
    let reply = reply?;
    let report = Report::read(&reply.document)?;
    Ok((reply, report))
}
