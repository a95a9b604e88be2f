//! `explore`: random runs, each checked for the invariants of every run.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use clap::{Args, ValueEnum};
use futures::executor::block_on;
use gateway_sim::explore::{Cut, Explorer, FailedRun, Options, Perturbation, Perturbations, Places, Tally};

use crate::args::{EngineKind, InstanceArguments, seeds};
use crate::backend;
use crate::outcome::{Failure, Finish};
use crate::output;
use crate::simulation::Engine;
use crate::text::{count, thousands};
use crate::ui::{Tone, Ui};

#[derive(Debug, Args)]
pub struct ExploreArguments {
    /// Seeds from A up to, but not including, B; or a single one
    #[arg(long, value_name = "A..B", default_value = "0..1000", value_parser = seeds)]
    pub seeds: Range<u64>,

    /// Tasks of one run at the most, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub tasks: u32,

    /// A script with gateway, answers and faults, in place of drawn ones
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,

    /// Cancel the run at its events, in a fresh copy each
    ///
    /// And single tasks at some of them.
    #[arg(long, value_enum)]
    pub cancel: Option<Where>,

    /// Drop the component at its events, in a fresh copy each
    ///
    /// Its host has to clean up.
    #[arg(long, value_enum)]
    pub trap: Option<Where>,

    /// Cut each run off at its host calls, and go on with it
    ///
    /// In a fresh copy each.
    #[arg(long, value_enum)]
    pub crash: Option<Where>,

    /// Leave out the second run of each seed, which has to be the same as the first
    #[arg(long)]
    pub once: bool,

    /// Keep only these tasks, drafts or new agents of each run: their places, from 1
    #[arg(long, value_name = "1,4", value_delimiter = ',')]
    pub keep_tasks: Option<Vec<usize>>,

    /// Keep only these faults of each run
    ///
    /// As a fault profile names them; `answers` are those of agents, `none` is no fault.
    #[arg(long, value_name = "NAME,NAME")]
    pub only_faults: Option<String>,

    /// Have nobody stop anything at a random time
    #[arg(long)]
    pub no_stops: bool,

    /// Make no run calm
    ///
    /// A calm one has no faults, stops, budgets or waits, so that all of its results can be compared.
    #[arg(long)]
    pub no_calm: bool,

    /// Threads to run on; without it one for each core
    ///
    /// The numbers do not depend on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Write request, commands and events of the last run to a file
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

/// Where something is done to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Where {
    /// At each event, or host call
    Every,
    /// At some of them, which the seed draws
    Sampled,
}

impl From<Where> for Places {
    fn from(at: Where) -> Self {
        match at {
            Where::Every => Self::Every,
            Where::Sampled => Self::Sampled,
        }
    }
}

/// Seeds whose failed_runs are shrunk and listed; nobody reads more at once.
const LISTED: usize = 5;

pub async fn carry_out(ui: &Ui, arguments: ExploreArguments) -> Result<Finish, Failure> {
    let began = Instant::now();
    let engine = Engine::load(ui, &arguments.instance).await?;
    let script = arguments.faults.as_deref().map(backend::script_at).transpose()?;
    let options = Options {
        tasks: arguments.tasks,
        script: script.map(Into::into),
        cut: cut(&arguments),
        perturbations: perturbations(&arguments),
    };
    let explorer = Explorer::new(engine.in_virtual_time(), options).await?;
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, Into::into);
    let bar = ui.counter(arguments.seeds.end - arguments.seeds.start);
    let tally = explorer.explore(arguments.seeds.clone(), threads, || bar.inc(1));
    bar.finish_and_clear();
    if let Some(path) = &arguments.trace {
        output::write(path, &explorer.traced(arguments.seeds.end - 1).await)?;
    }
    let wall_seconds = began.elapsed().as_secs_f64();
    let failed_runs = failed_runs(ui, &arguments, &explorer, &tally);
    if ui.is_json() {
        ui.tell(&failed_runs);
        let document = serde_json::to_value(tally.counters(wall_seconds)).unwrap_or_default();
        ui.print(&format!("{document:#}\n"))?;
    } else {
        ui.print(&format!("{failed_runs}{}", numbers(ui, &tally, wall_seconds)))?;
    }
    Ok(if tally.failed_runs.is_empty() { Finish::Complete } else { Finish::Incomplete })
}

fn perturbations(arguments: &ExploreArguments) -> Perturbations {
    let again = (!arguments.once).then_some(Perturbation::Again);
    let cancel = arguments.cancel.map(|at| Perturbation::Cancel(at.into()));
    let trap = arguments.trap.map(|at| Perturbation::Trap(at.into()));
    let crash = arguments.crash.map(|at| Perturbation::Crash(at.into()));
    [again, cancel, trap, crash].into_iter().flatten().collect()
}

fn cut(arguments: &ExploreArguments) -> Cut {
    let faults = arguments.only_faults.as_ref();
    Cut {
        tasks: arguments.keep_tasks.as_ref().map(|places| places.iter().copied().collect()),
        faults: faults.map(|names| Cut::named(names)),
        no_stops: arguments.no_stops,
        no_calm: arguments.no_calm,
    }
}

/// What was broken, one paragraph for each seed, with the smallest run that still breaks it.
fn failed_runs(ui: &Ui, arguments: &ExploreArguments, explorer: &Explorer<'_>, tally: &Tally) -> String {
    let mut text = String::new();
    let mut firsts: Vec<&FailedRun> = tally.failed_runs.iter().collect();
    firsts.dedup_by_key(|failed_run| failed_run.seed);
    for failed_run in firsts.iter().take(LISTED) {
        let perturbation =
            if failed_run.perturbation.is_empty() { String::new() } else { format!(", {}", failed_run.perturbation) };
        text.push_str(&ui.tone(Tone::Bad, &format!("seed {}{perturbation}\n", failed_run.seed)));
        for finding in &failed_run.what {
            text.push_str(&format!("  {finding}\n"));
        }
        let smallest = block_on(explorer.shrink(failed_run));
        text.push_str(&format!("  again: {}\n", replay(arguments, failed_run.seed, &smallest)));
    }
    let rest = firsts.len().saturating_sub(LISTED);
    if rest > 0 {
        text.push_str(&format!("and {} more\n", count(rest, "seed", "seeds")));
    }
    text
}

fn numbers(ui: &Ui, tally: &Tally, wall_seconds: f64) -> String {
    let runs: Vec<String> = tally.outcomes.iter().map(|(name, times)| format!("{name} {times}")).collect();
    let faults: Vec<String> = tally.faults.iter().map(|(name, times)| format!("{name} {times}")).collect();
    let mut text = format!(
        "{} runs ({}): {} host calls, {} sessions, {:.1} h of simulated time in {wall_seconds:.1} s.\n",
        thousands(tally.calls.runs),
        runs.join(", "),
        thousands(tally.calls.host_calls),
        thousands(tally.calls.sessions),
        tally.simulated_hours(),
    );
    text.push_str(&format!("Faults: {}.\n", if faults.is_empty() { "none".to_owned() } else { faults.join(", ") }));
    if tally.copies.cancels + tally.copies.traps + tally.copies.crash_points > 0 {
        let [cancels, traps, crashes, resumes] =
            [tally.copies.cancels, tally.copies.traps, tally.copies.crash_points, tally.copies.resumes].map(thousands);
        let cut_off = format!("cut off {crashes} times, of which {resumes} went on");
        text.push_str(&format!("Cancelled {cancels} times, dropped {traps} times, {cut_off}.\n"));
    }
    if tally.copies.resumes > 0 {
        let [ended, others, calm] =
            [tally.copies.results_before_cuts, tally.copies.results_of_calm_runs, tally.copies.calm_resumes]
                .map(thousands);
        text.push_str(&format!(
            "Results compared after a cut: {ended} that had come before it, {others} others of {calm} calm runs.\n"
        ));
    }
    let excused: Vec<String> = tally
        .excused()
        .into_iter()
        .filter(|excused| excused.times > 0)
        .map(|excused| format!("{} {}", excused.excuse, excused.times))
        .collect();
    text.push_str(&format!(
        "Excused: {}.\n",
        if excused.is_empty() { "nothing".to_owned() } else { excused.join(", ") }
    ));
    text.push_str(&format!(
        "Orphans {}, sessions above a cap {}, seeds that were not the same twice {}.\n",
        tally.census.orphans, tally.over.in_flight, tally.determinism_mismatches,
    ));
    let (over, excused) = (tally.over.budget, tally.over.excused_budget);
    text.push_str(&format!(
        "Most above a budget: {} micro-dollars, {} tokens; excused, {} micro-dollars, {} tokens.\n",
        over.micro_usd, over.tokens, excused.micro_usd, excused.tokens,
    ));
    let verdict = match tally.failed_runs.len() {
        0 => ui.tone(Tone::Good, "No invariant was violated."),
        broken => ui.tone(Tone::Bad, &format!("{} violated an invariant.", count(broken, "run", "runs"))),
    };
    format!("{text}{verdict}\n")
}

/// The command that repeats one run.
fn replay(arguments: &ExploreArguments, seed: u64, cut: &Cut) -> String {
    let mut command = format!("parallel-agents dev explore --seeds {seed} --tasks {}{cut}", arguments.tasks);
    if let Some(faults) = &arguments.faults {
        command.push_str(&format!(" --faults {}", faults.display()));
    }
    perturbations(arguments).into_iter().for_each(|perturbation| command.push_str(&perturbation.words()));
    if arguments.instance.engine == EngineKind::Native {
        command.push_str(" --engine native");
    }
    command
}
