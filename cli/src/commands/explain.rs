//! `explain`: the story of one task.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::InstanceArguments;
use crate::input;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::text::shown_lines;
use crate::ui::Ui;

#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A report: what --report or --json wrote, or - for standard input
    #[arg(value_name = "REPORT.json")]
    pub report: PathBuf,

    /// The task's id
    #[arg(value_name = "TASK")]
    pub task: String,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

#[derive(Deserialize)]
struct Told {
    story: String,
}

pub async fn carry_out(ui: &Ui, arguments: ExplainArguments) -> Result<Finish, Failure> {
    let text = input::report(&arguments.report)?;
    let report: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is not JSON", arguments.report.display()))
        .map_err(|error| Failure::file(&arguments.report, error))?;
    let engine = Engine::load(ui, &arguments.instance).await?;
    let reply = engine.ask("explain_task", &json!({ "report": report, "task_id": arguments.task })).await?;
    if ui.is_json() {
        ui.print(&format!("{}\n", reply.text))?;
    } else {
        let told = Told::deserialize(&reply.document).map_err(|error| Failure::reply(error.to_string()))?;
        ui.print(&format!("{}\n", shown_lines(&told.story)))?;
    }
    Ok(Finish::Complete)
}
