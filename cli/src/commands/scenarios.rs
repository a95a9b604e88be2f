//! `scenarios`: what goes wrong without a policy, and what comes of it with one.

use std::path::PathBuf;

use clap::Subcommand;
use host_sim::scenario::{Outcome, Scenario, ScenarioError, Variant};
use parallel_agents_engine::problem::{Problem, unknown_name};
use serde_json::{Value, json};

use crate::args::InstanceArguments;
use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::output;
use crate::simulation::Engine;
use crate::table::Layout;
use crate::text::{duration, thousands, wrapped};
use crate::ui::{Tone, Ui};

#[derive(Debug, Subcommand)]
pub enum ScenariosCommand {
    /// List the scenarios
    #[command(after_help = "\
Example:
  parallel-agents dev scenarios list")]
    List {
        #[command(flatten)]
        instance: InstanceArguments,
    },

    /// Run scenarios without and with their policy, and show what came of it
    #[command(after_help = "\
Exit code 1: an expectation did not hold; which one is printed.

Examples:
  parallel-agents dev scenarios run
  parallel-agents dev scenarios run hedging --trace hedging.txt
  parallel-agents dev scenarios run my-scenario.toml --json")]
    Run {
        /// One of the list, or a file that ends in .toml; without it all of the list
        #[arg(value_name = "NAME")]
        name: Option<String>,

        /// Write reports, commands and events to a file
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,

        #[command(flatten)]
        instance: InstanceArguments,
    },
}

/// How the command was called as far as streams are concerned.
pub fn instance(command: &ScenariosCommand) -> &InstanceArguments {
    match command {
        ScenariosCommand::List { instance } | ScenariosCommand::Run { instance, .. } => instance,
    }
}

pub async fn carry_out(ui: &Ui, command: ScenariosCommand) -> Result<Finish, Failure> {
    match command {
        ScenariosCommand::List { .. } => list(ui),
        ScenariosCommand::Run { name, trace, instance } => run(ui, name.as_deref(), trace.as_deref(), &instance).await,
    }
}

fn list(ui: &Ui) -> Result<Finish, Failure> {
    let scenarios = Scenario::bundled().map_err(unusable)?;
    if ui.is_json() {
        let list: Vec<Value> = scenarios
            .iter()
            .map(|one| json!({ "name": one.name, "title": one.title, "complaint": one.complaint }))
            .collect();
        ui.print(&format!("{:#}\n", json!({ "scenarios": list })))?;
        return Ok(Finish::Complete);
    }
    let mut text = String::new();
    for one in &scenarios {
        text.push_str(&format!("{}  {}\n", ui.tone(Tone::Strong, &one.name), one.title));
        text.push_str(&wrapped(&one.complaint, ui.width(), "    "));
    }
    ui.print(&text)?;
    Ok(Finish::Complete)
}

async fn run(
    ui: &Ui,
    name: Option<&str>,
    trace: Option<&std::path::Path>,
    instance: &InstanceArguments,
) -> Result<Finish, Failure> {
    let scenarios = chosen(name)?;
    let engine = Engine::load(ui, instance).await?;
    let mut ran: Vec<(&Scenario, Outcome)> = Vec::new();
    for scenario in &scenarios {
        for variant in Variant::BOTH {
            ran.push((scenario, scenario.run(variant, engine.in_virtual_time()).await));
        }
    }
    if let Some(path) = trace {
        let text: Vec<String> = ran
            .iter()
            .map(|(one, outcome)| {
                format!("{} {}\n{:#}\n{}", one.name, outcome.variant.name(), outcome.document, outcome.trace)
            })
            .collect();
        output::write(path, &text.join("\n"))?;
    }
    let text = if ui.is_json() { document(&ran) } else { table(ui, &ran) };
    ui.print(&text)?;
    let holds = ran.iter().all(|(_, outcome)| outcome.broken().is_empty());
    Ok(if holds { Finish::Complete } else { Finish::Incomplete })
}

/// The scenarios of a name, of a file, or all.
fn chosen(name: Option<&str>) -> Result<Vec<Scenario>, Failure> {
    let all = Scenario::bundled().map_err(unusable)?;
    match name {
        None => Ok(all),
        Some(path) if path.ends_with(".toml") => Ok(vec![Scenario::load(path.as_ref()).map_err(unusable)?]),
        Some(name) => match all.iter().find(|one| one.name == name) {
            Some(one) => Ok(vec![one.clone()]),
            None => Err(unknown(name, &all)),
        },
    }
}

fn unknown(name: &str, all: &[Scenario]) -> Failure {
    let list = "`scenarios list` names all of them";
    let known = all.iter().map(|one| one.name.as_str());
    let Problem { path, hint, .. } = unknown_name("E_SCENARIO", "NAME", "scenario", name, known, list);
    let fault = Fault::new(path, format!("there is no scenario {name:?}; {list}")).got(name);
    Failure::Bad { code: "E_SCENARIO", error: Fault { hint, ..fault }.into() }
}

fn unusable(error: ScenarioError) -> Failure {
    Failure::Bad { code: "E_SCENARIO", error: error.into() }
}

fn document(ran: &[(&Scenario, Outcome)]) -> String {
    let outcomes: Vec<Value> = ran
        .iter()
        .map(|(one, outcome)| {
            let checked: Vec<Value> = outcome
                .checked
                .iter()
                .map(|checked| json!({ "expected": checked.what, "holds": checked.broken.is_none(), "got": checked.broken }))
                .collect();
            json!({
                "scenario": one.name, "policy": outcome.variant.name(), "expectations": checked,
                "numbers": numbers(&outcome.document),
            })
        })
        .collect();
    format!("{:#}\n", json!({ "outcomes": outcomes }))
}

/// The numbers that are told of every outcome.
fn numbers(document: &Value) -> Value {
    json!({
        "status": document["status"],
        "tasks": document["census"]["tasks"],
        "completed": document["census"]["completed"],
        "sessions": document["host"]["sessions"],
        "spawn_calls": document["host"]["spawn_calls"],
        "tokens": document["host"]["spent_tokens"],
        "micro_usd": document["host"]["spent_micro_usd"],
        "elapsed_seconds": document["elapsed_seconds"],
    })
}

fn table(ui: &Ui, ran: &[(&Scenario, Outcome)]) -> String {
    let header = ["SCENARIO", "POLICY", "STATUS", "DONE", "SESSIONS", "REFUSED", "TOKENS", "MICRO-USD", "TIME", "HELD"];
    let mut table = Layout::new(ui, &header).optional(&[4, 8, 6, 7, 5]);
    for (one, outcome) in ran {
        let document = &outcome.document;
        let host = |name: &str| document["host"][name].as_u64().unwrap_or(0);
        let status = document["status"].as_str().unwrap_or(if host("requests") == 0 { "told" } else { "-" });
        let done = match (document["census"]["completed"].as_u64(), document["census"]["tasks"].as_u64()) {
            (Some(completed), Some(tasks)) => format!("{completed}/{tasks}"),
            _ => "-".to_owned(),
        };
        let is_first = outcome.variant == Variant::Without;
        table.row(
            vec![
                if is_first { one.name.clone() } else { String::new() },
                outcome.variant.name().to_owned(),
                status.to_owned(),
                done,
                thousands(host("sessions")),
                thousands(host("spawn_calls").saturating_sub(host("sessions"))),
                thousands(host("spent_tokens")),
                thousands(host("spent_micro_usd")),
                document["elapsed_seconds"].as_f64().map_or_else(|| "-".to_owned(), duration),
                format!("{}/{}", outcome.held(), outcome.checked.len()),
            ],
            None,
        );
    }
    let mut text = table.finish();
    for (one, outcome) in ran {
        for broken in outcome.broken() {
            let heading = format!("{} {}", one.name, outcome.variant.name());
            text.push_str(&format!("{}: {broken}\n", ui.tone(Tone::Bad, &heading)));
        }
    }
    text
}
