//! `explore`: random runs, held to what every run promises.

use std::time::Instant;

use host_sim::explore::{Explorer, Options, Subject, Tally};
use serde_json::json;

use crate::args::{EngineKind, ExploreArguments};
use crate::outcome::{Failure, Finish};
use crate::simulation::{self, Engine};
use crate::text::{count, thousands};
use crate::ui::{Tone, Ui};

/// Runs whose troubles are listed in full; nobody reads more at once.
const LISTED: usize = 10;

pub async fn carry_out(ui: &Ui, arguments: ExploreArguments) -> Result<Finish, Failure> {
    let began = Instant::now();
    let engine = Engine::load(&arguments.guest).await?;
    let script = arguments.faults.as_deref().map(simulation::script_at).transpose()?;
    let subject = match &engine {
        Engine::Wasm(host) => Subject::Component(host),
        Engine::Native => Subject::Native,
    };
    let options = Options { tasks: arguments.tasks, script: script.map(Into::into) };
    let explorer = Explorer::new(subject, options).await?;
    let mut tally = Tally::default();
    let bar = ui.counter(arguments.seeds.end - arguments.seeds.start);
    for seed in arguments.seeds.clone() {
        match arguments.trace.as_deref().filter(|_| seed + 1 == arguments.seeds.end) {
            Some(path) => {
                let text = explorer.traced(seed, &mut tally).await;
                simulation::write(path, &text)?;
            }
            None => explorer.run(seed, &mut tally).await,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let wall_seconds = began.elapsed().as_secs_f64();
    if ui.is_json() {
        ui.print(&format!("{:#}\n", document(&arguments, &tally, wall_seconds)))?;
    } else {
        ui.print(&text(ui, &arguments, &tally, wall_seconds))?;
    }
    Ok(if tally.violations.is_empty() { Finish::Complete } else { Finish::Incomplete })
}

fn document(arguments: &ExploreArguments, tally: &Tally, wall_seconds: f64) -> serde_json::Value {
    let mut document = json!(tally);
    document["seeds"] = json!([arguments.seeds.start, arguments.seeds.end]);
    document["simulated_hours"] = rounded(tally.simulated_hours());
    document["wall_seconds"] = rounded(wall_seconds);
    for trouble in document["violations"].as_array_mut().into_iter().flatten() {
        trouble["replay"] = replay(arguments, trouble["seed"].as_u64().unwrap_or_default()).into();
    }
    document
}

fn rounded(number: f64) -> serde_json::Value {
    json!((number * 100.0).round() / 100.0)
}

fn text(ui: &Ui, arguments: &ExploreArguments, tally: &Tally, wall_seconds: f64) -> String {
    let mut text = String::new();
    for trouble in tally.violations.iter().take(LISTED) {
        text.push_str(&ui.tone(Tone::Bad, &format!("seed {}\n", trouble.seed)));
        for what in &trouble.what {
            text.push_str(&format!("  {what}\n"));
        }
        text.push_str(&format!("  again: {}\n", replay(arguments, trouble.seed)));
    }
    let rest = tally.violations.len().saturating_sub(LISTED);
    if rest > 0 {
        text.push_str(&format!("and {} more\n", count(rest, "run", "runs")));
    }
    let runs: Vec<String> = tally.outcomes.iter().map(|(name, times)| format!("{name} {times}")).collect();
    let faults: Vec<String> = tally.faults.iter().map(|(name, times)| format!("{name} {times}")).collect();
    text.push_str(&format!(
        "{} runs ({}): {} host calls, {} sessions, {:.1} h of simulated time in {wall_seconds:.1} s.\n",
        thousands(tally.runs),
        runs.join(", "),
        thousands(tally.host_calls),
        thousands(tally.sessions),
        tally.simulated_hours(),
    ));
    text.push_str(&format!("Faults: {}.\n", if faults.is_empty() { "none".to_owned() } else { faults.join(", ") }));
    text.push_str(&format!(
        "Orphans {}, sessions above a cap {}, above a budget {} tokens and {} micro-dollars.\n",
        tally.orphans, tally.max_in_flight_over_cap, tally.max_tokens_over_budget, tally.max_spend_over_budget,
    ));
    let verdict = match tally.violations.len() {
        0 => ui.tone(Tone::Good, "No promise was broken."),
        broken => ui.tone(Tone::Bad, &format!("{} broke a promise.", count(broken, "run", "runs"))),
    };
    format!("{text}{verdict}\n")
}

/// The command that repeats one run.
fn replay(arguments: &ExploreArguments, seed: u64) -> String {
    let mut command = format!("parallel-agents-sim explore --seeds {seed} --tasks {}", arguments.tasks);
    if let Some(faults) = &arguments.faults {
        command.push_str(&format!(" --faults {}", faults.display()));
    }
    if arguments.guest.engine == EngineKind::Native {
        command.push_str(" --engine native");
    }
    command
}
