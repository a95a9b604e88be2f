//! `review`: five reviewers on one source file.

use std::env;
use std::path::{Path, PathBuf};
use std::slice;

use clap::Args;
use parallel_agents_workflows::teams::MAX_CODE_BYTES;
use serde_json::json;

use super::call::show;
use super::run;
use crate::args::{BackendKind, PROGRAM, RunRules, Simulation};
use crate::findings::Findings;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::text::{shell_word, shown};
use crate::ui::Ui;
use crate::{consent, input, planned_files, request, summary, table};

#[derive(Debug, Args)]
pub struct ReviewArguments {
    /// The file to review: text in UTF-8, at most 96 KiB
    pub file: PathBuf,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub simulation: Simulation,
}

pub async fn carry_out(ui: &Ui, mut arguments: ReviewArguments) -> Result<Finish, Failure> {
    let code = input::source(&arguments.file, MAX_CODE_BYTES)?;
    planned_files::check(&arguments.simulation, None, slice::from_ref(&arguments.file))?;
    let team = json!({ "code": code, "file": arguments.file.to_string_lossy() });
    let server = &mut arguments.simulation.backend.server;
    // A script is for scripted agents; else somebody who has a file reviewed wants to read what a model finds.
    if server.backend.is_none() && server.gateway.is_none() && arguments.simulation.agent_arguments.script.is_none() {
        server.backend = Some(BackendKind::Openai);
    }
    let engine = Engine::load(ui, &arguments.simulation.instance).await?;
    let team = engine.ask("review_team", &team).await?;
    let request = request::with_options(team.text, &arguments.rules, &arguments.simulation.backend.tiers);
    consent::settle(ui, &engine, &mut arguments.simulation, "run_tasks", &request).await?;
    let (mut reply, report) = run::run(ui, &engine, &arguments.simulation, &request).await?;
    let Some(report) = report else { return show(ui, reply).await };
    let kind = arguments.simulation.backend.server.kind();
    if kind == BackendKind::Script && !ui.is_json() {
        reply.rest.note(next_steps(&arguments.file));
    }
    let findings = Findings::of(&report);
    let text = [
        table::tasks(ui, &report),
        findings.text(ui),
        summary::not_completed(ui, &report),
        summary::totals(ui, &report, kind, arguments.simulation.run_options.clock),
    ];
    // A run may be content with fewer; a review that somebody did not give is none.
    let finish = if findings.is_whole() { report.finish() } else { Finish::Incomplete };
    reply.deliver(ui, text.concat(), finish).await
}

/// Where to go from scripted answers, with the name by which this program was called.
fn next_steps(file: &Path) -> String {
    let program = env::args().next().unwrap_or_else(|| PROGRAM.to_owned());
    let word = |text: &str| shell_word(&shown(text));
    let (program, file) = (word(&program), word(&file.to_string_lossy()));
    format!(
        "Next:\n  {program} review {file}    # by a real model (help models)\n  {program} init my-agents    \
         # a request and an agent of your own"
    )
}
