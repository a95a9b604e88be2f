//! What can be said to the commands that try the component out: exploring, scenarios, cost_benchmark.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use gateway_sim::explore::Places;

use super::{ComponentArguments, InstanceArguments};

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

#[derive(Debug, Args)]
pub struct CostBenchmarkArguments {
    /// Tasks of the pool, 1 to 100,000; they are done in runs of at most 200
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub tasks: u32,

    /// The pool and everything else that is drawn comes from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

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

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => {
            let seed = number(text)?;
            seed..seed.checked_add(1).ok_or("too large")?
        }
    };
    if range.is_empty() { Err("there is no seed in it".to_owned()) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_or_one() {
        assert_eq!(seeds("3..9"), Ok(3..9));
        assert_eq!(seeds("7"), Ok(7..8));
        for bad in ["", "9..3", "5..5", "a..b", "-1", "1..", "18446744073709551615"] {
            assert!(seeds(bad).is_err(), "{bad}");
        }
    }
}
