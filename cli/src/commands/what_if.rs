//! `what-if`: a recorded run again, under other rules.

mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use gateway_sim::recording::{Assumed, Recording, Tape};
use gateway_sim::reply::{run_of, status_of};
use serde_json::{Value, json};

use crate::args::InstanceArguments;
use crate::fault::Fault;
use crate::input;
use crate::outcome::{Failure, Finish, chain};
use crate::report::Report;
use crate::request;
use crate::simulation::Engine;
use crate::text::{count, dollars, duration, shown, thousands};
use crate::ui::Ui;
use settings::{Settings, latency_factors};

#[derive(Debug, Args)]
pub struct WhatIfArguments {
    /// A recording, as `--record` writes it
    #[arg(value_name = "RECORDING")]
    pub recording: PathBuf,

    /// What is to be different; several times, or separated by commas
    ///
    /// A field of the request, or ladder (up to three models, joined by +), host_cap, latency (1.5: sessions run half as
    /// long again; the host's own answers take their time as before).
    #[arg(long = "set", visible_alias = "what-if", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,

    /// How many times as long a model takes that was not recorded
    ///
    /// Compared with the recorded one; 1 unless said otherwise.
    #[arg(long = "latency-factor", value_name = "MODEL=FACTOR", value_delimiter = ',')]
    pub latency_factors: Vec<String>,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

pub async fn carry_out(ui: &Ui, arguments: WhatIfArguments) -> Result<Finish, Failure> {
    let name = arguments.recording.display().to_string();
    let text = input::recording(&arguments.recording)?;
    let bad = |error: anyhow::Error| {
        let fault = Fault { message: chain(&error), ..Fault::new(&name, "").hint("--record FILE writes one") };
        Failure::Bad { code: "E_RECORDING", error: fault.into() }
    };
    let recording = Recording::read(&text).with_context(|| format!("cannot use {name}")).map_err(bad)?;
    let reply = recording.reply.as_ref().ok_or_else(|| bad(anyhow!("{name} holds a call that broke off")))?;
    let recorded = report(reply).ok_or_else(|| bad(anyhow!("{name} holds a call that ran nothing")))??;
    let settings = Settings::read(&arguments.settings)?;
    let latency_factors = latency_factors(&arguments.latency_factors)?;
    let tape = Tape::new(&recording, latency_factors.clone()).scaled(settings.scale.unwrap_or(1_000));
    let asked = settings
        .fields
        .iter()
        .fold(recording.head.arguments.clone(), |asked, (name, value)| request::with_field(&asked, name, value));
    let engine = Engine::load(ui, &arguments.instance).await?;
    let gateway = recording.simulation(tape.clone(), settings.host_cap);
    let reply = engine.play(&recording.head.function, &asked, gateway).await?;
    let report = report(&reply.document).ok_or_else(|| Failure::reply("it tells of no run"))??;
    let assumed = tape.assumed();
    for model in
        latency_factors.keys().filter(|model| assumed.models.get(*model).is_none_or(|(_, pace)| pace.is_none()))
    {
        ui.note(&format!(
            "warning: the latency factor of {} counts for nothing: no session had to be given one",
            shown(model)
        ));
    }
    if ui.is_json() {
        let document = json!({
            "recorded": figures(&recorded),
            "what_if": figures(&report),
            "differing_tasks": differing(&recorded, &report),
            "assumed": words(&assumed),
            "report": reply.document,
        });
        ui.print(&format!("{document}\n"))?;
    } else {
        ui.print(&comparison(&recorded, &report, &assumed))?;
    }
    Ok(report.finish())
}

/// The report of a call, which ended as its whole reply says. None: it ran nothing.
fn report(reply: &Value) -> Option<Result<Report, Failure>> {
    let run = run_of(reply);
    run["results"].is_array().then(|| {
        let mut report = Report::read(&run)?;
        report.status = status_of(reply).unwrap_or(report.status);
        Ok(report)
    })
}

fn figures(report: &Report) -> Value {
    json!({
        "status": report.status,
        "completed": report.census.completed,
        "tasks": report.census.tasks,
        "makespan_seconds": report.elapsed_seconds,
        "sessions": sessions(report),
        "peak_in_flight": report.peak_in_flight,
        "usage": report.usage,
        "micro_usd": report.cost.micro_usd,
        "cost_complete": report.cost.complete,
    })
}

fn sessions(report: &Report) -> usize {
    report.results.iter().map(|task| task.metadata.attempt_log.len()).sum()
}

/// Tasks that ended otherwise, or with another output.
fn differing<'a>(recorded: &'a Report, report: &'a Report) -> Vec<&'a str> {
    let is_same = |one: &crate::report::TaskReport, other: &crate::report::TaskReport| {
        one.status == other.status && one.output == other.output
    };
    let earlier: BTreeMap<&str, _> = recorded.results.iter().map(|task| (task.task_id.as_str(), task)).collect();
    let differs = |task: &&crate::report::TaskReport| {
        earlier.get(task.task_id.as_str()).is_none_or(|earlier| !is_same(earlier, task))
    };
    report.results.iter().filter(differs).map(|task| task.task_id.as_str()).collect()
}

fn comparison(recorded: &Report, report: &Report, assumed: &Assumed) -> String {
    let of = |what: fn(&Report) -> String| (what(recorded), what(report));
    let rows = [
        ("completed", of(|report| format!("{} of {}", report.census.completed, report.census.tasks))),
        ("makespan", of(|report| duration(report.elapsed_seconds))),
        ("sessions", of(|report| sessions(report).to_string())),
        ("at once", of(|report| report.peak_in_flight.to_string())),
        (
            "tokens",
            of(|report| match report.usage {
                Some(usage) => thousands(usage.total()),
                None => "unknown".to_owned(),
            }),
        ),
        (
            "cost",
            of(|report| match report.cost.micro_usd {
                Some(cost) => format!("{}{}", dollars(cost, 6), if report.cost.complete { "" } else { " known" }),
                None => "no prices".to_owned(),
            }),
        ),
    ];
    let mut text = format!("{:<10} {:>18} {:>18}\n", "", "RECORDED", "WHAT IF");
    for (name, (one, other)) in rows {
        text.push_str(&format!("{name:<10} {one:>18} {other:>18}\n"));
    }
    let differing = differing(recorded, report);
    text.push_str(&match differing.len() {
        0 => "\nEvery task ended as recorded, with the same output.\n".to_owned(),
        number => {
            let names: Vec<String> = differing.iter().take(10).map(|name| shown(name)).collect();
            let more = if number > names.len() { ", …" } else { "" };
            format!(
                "\n{} otherwise than recorded: {}{more}\n",
                count(number, "task ended", "tasks ended"),
                names.join(", ")
            )
        }
    });
    for words in words(assumed) {
        text.push_str(&format!("Not recorded: {words}\n"));
    }
    text
}

/// What was made up, in sentences.
fn words(assumed: &Assumed) -> Vec<String> {
    let mut words = Vec::new();
    for (model, (sessions, factor)) in &assumed.models {
        let time = match factor {
            Some(factor) => format!("{} times the recorded time, which is assumed", *factor as f64 / 1_000.0),
            None => "the recorded time, scaled by how long both models took elsewhere in the recording".to_owned(),
        };
        words.push(format!(
            "{} of {} said what another model said and used as many tokens, after {time}.",
            count(*sessions as usize, "session", "sessions"),
            shown(model),
        ));
    }
    if !assumed.unknown.is_empty() {
        let names: Vec<String> = assumed.unknown.iter().map(|name| shown(name)).collect();
        words.push(format!("{}, so their sessions failed.", names.join(", ")));
    }
    if assumed.repeated > 0 {
        let sessions = count(assumed.repeated as usize, "later session", "later sessions");
        words.push(format!("{sessions}; each ended as the last one of its task did."));
    }
    let stopped = |number: u32| count(number as usize, "session that was stopped", "sessions that were stopped");
    if assumed.stopped > 0 {
        words.push(format!(
            "what {} would have said; here each would say what another one said to its task, later than it was stopped.",
            stopped(assumed.stopped)
        ));
    }
    if assumed.silent > 0 {
        words.push(format!(
            "what {} would have said, nor anything else to the same task; here each says nothing.",
            stopped(assumed.silent)
        ));
    }
    if assumed.timed_out > 0 {
        let sessions = count(assumed.timed_out as usize, "session that reached its", "sessions that reached their");
        words.push(format!("what {sessions} time limit would have said later; here each reaches any other limit too."));
    }
    if assumed.refused > 0 {
        let calls = count(assumed.refused as usize, "spawn call", "spawn calls");
        words
            .push(format!("when the host would refuse; it refused {calls}, and here it refuses none for that reason."));
    }
    if assumed.in_part > 0 {
        let answers = count(assumed.in_part as usize, "answer", "answers");
        words.push(format!("the end of {answers}; what was recorded is all that was said."));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_assumed_is_said() {
        let models = BTreeMap::from([("big".to_owned(), (2, Some(1_500)))]);
        let unknown = vec!["writer t9".to_owned()];
        let assumed =
            Assumed { models, unknown, in_part: 1, repeated: 2, stopped: 1, silent: 3, timed_out: 5, refused: 4 };
        insta::assert_snapshot!(words(&assumed).join("\n"));
        assert!(words(&Assumed::default()).is_empty());
    }
}
