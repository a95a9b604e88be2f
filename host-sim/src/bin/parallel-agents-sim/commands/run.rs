//! `run`: the tasks of a request.

use crate::args::{RunArguments, Simulation};
use crate::outcome::{Failure, Finish};
use crate::report::Report;
use crate::simulation::{Engine, Reply};
use crate::ui::Ui;
use crate::{input, own_agents, request, summary, table};

pub async fn carry_out(ui: &Ui, arguments: RunArguments) -> Result<Finish, Failure> {
    let mut request = input::document(&arguments.request)?;
    if let Some(directory) = &arguments.own_agents.directory {
        request = own_agents::add(ui, directory, "run_tasks", request)?;
    }
    let request = request::with_task_timeout(request, arguments.task_timeout);
    let engine = Engine::load(&arguments.simulation.guest).await?;
    let (reply, report) = run(ui, &engine, &arguments.simulation, request, arguments.max_concurrent).await?;
    if ui.is_json() {
        ui.print(&format!("{}\n", reply.text))?;
    } else {
        let text = [
            table::tasks(ui, &report),
            summary::not_completed(ui, &report),
            summary::totals(ui, &report, &arguments.simulation),
        ];
        ui.print(&text.concat())?;
    }
    reply.spans.send(ui).await;
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
    let reply = engine.call(ui, simulation, "run_tasks", &request).await?;
    let report = Report::read(&reply.document)?;
    Ok((reply, report))
}
