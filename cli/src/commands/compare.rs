//! `compare`: the same seeds in two engines.

use std::ffi::OsString;
use std::ops::Range;
use std::process::Command;
use std::time::Instant;

use clap::Args;
use gateway_sim::explore::{Explorer, Options};
use host_sim::engines::{Compared, Engines};
use host_sim::foreign::ForeignEngine;
use serde_json::json;

use crate::args::{ComponentArguments, seeds};
use crate::component;
use crate::outcome::{Failure, Finish};
use crate::text::{count, thousands};
use crate::ui::{Tone, Ui};

#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Seeds from A up to, but not including, B; or a single one
    #[arg(long, value_name = "A..B", default_value = "0..300", value_parser = seeds)]
    pub seeds: Range<u64>,

    /// Tasks of one run at the most, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub tasks: u32,

    #[command(flatten)]
    pub component: ComponentArguments,

    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,

    /// The other engine
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    pub program: Vec<OsString>,
}

/// Differences that are shown in full; nobody reads more at once.
const LISTED: usize = 5;

pub async fn carry_out(ui: &Ui, arguments: CompareArguments) -> Result<Finish, Failure> {
    let began = Instant::now();
    let mut program = arguments.program.iter();
    let mut command = Command::new(program.next().map_or("".as_ref(), |program| program.as_os_str()));
    let other = ForeignEngine::start(command.args(program))?;
    // Last, since compiling it takes seconds.
    let host = component::load(ui, &arguments.component).await?;
    let options = Options { tasks: arguments.tasks, ..Options::default() };
    let explorer = Explorer::new(&host, options).await?;
    let mut engines = Engines::new(&host, other, explorer);
    let mut compared = Compared::default();
    let bar = ui.counter(arguments.seeds.end - arguments.seeds.start);
    for seed in arguments.seeds {
        engines.run(seed, &mut compared).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let wall_seconds = began.elapsed().as_secs_f64();
    if ui.is_json() {
        let mut document = json!(compared);
        document["wall_seconds"] = json!((wall_seconds * 100.0).round() / 100.0);
        ui.print(&format!("{document:#}\n"))?;
    } else {
        ui.print(&text(ui, &compared, wall_seconds))?;
    }
    Ok(if compared.differences.is_empty() { Finish::Complete } else { Finish::Incomplete })
}

fn text(ui: &Ui, compared: &Compared, wall_seconds: f64) -> String {
    let mut text = String::new();
    for difference in compared.differences.iter().take(LISTED) {
        text.push_str(&ui.tone(Tone::Bad, &format!("seed {}: {}\n", difference.seed, difference.place)));
        text.push_str(&format!("  here:  {}\n  there: {}\n", difference.here, difference.there));
    }
    let functions: Vec<String> = compared.functions.iter().map(|(name, times)| format!("{name} {times}")).collect();
    text.push_str(&format!(
        "{} runs in both engines ({}): {} sessions, {} commands, waits and events in {wall_seconds:.1} s.\n",
        thousands(compared.runs),
        functions.join(", "),
        thousands(compared.sessions),
        thousands(compared.lines),
    ));
    let kinds: Vec<String> = compared.kinds.iter().map(|(name, times)| format!("{name} {times}")).collect();
    text.push_str(&format!("Compared: {}.\n", kinds.join(", ")));
    let verdict = match compared.differences.len() {
        0 => ui.tone(Tone::Good, "All are equal, byte for byte."),
        different => ui.tone(Tone::Bad, &format!("{} not the same.", count(different, "run is", "runs are"))),
    };
    format!("{text}{verdict}\n")
}
