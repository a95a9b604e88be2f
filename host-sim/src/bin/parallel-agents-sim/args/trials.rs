//! What can be said to the commands that try the component out: exploring, scenarios, economics.

use std::ffi::OsString;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use host_sim::component::COMPONENT_VARIABLE;

use super::Guest;

#[derive(Debug, Args)]
pub struct ExploreArguments {
    /// Seeds from A up to, but not including, B; or a single one
    #[arg(long, value_name = "A..B", default_value = "0..1000", value_parser = seeds)]
    pub seeds: Range<u64>,

    /// Tasks of one run at the most, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub tasks: u32,

    /// A script with the gateway, the answers and the faults of every run, in place of drawn ones
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,

    /// Write request, commands and events of the last run to a file
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    #[command(flatten)]
    pub guest: Guest,
}

#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Seeds from A up to, but not including, B; or a single one
    #[arg(long, value_name = "A..B", default_value = "0..300", value_parser = seeds)]
    pub seeds: Range<u64>,

    /// Tasks of one run at the most, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub tasks: u32,

    /// A function and a file with its arguments, in place of a random request in one of four runs; may be repeated
    #[arg(long = "call", value_name = "FUNCTION=FILE", value_parser = call)]
    pub calls: Vec<(String, PathBuf)>,

    /// The component to run; without it target/component/parallel_agents.wasm, searched for upwards
    #[arg(long, value_name = "FILE", env = COMPONENT_VARIABLE)]
    pub component: Option<PathBuf>,

    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,

    /// The other engine
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    pub program: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct EconomicsArguments {
    /// Tasks of the pool, 1 to 100,000; they are done in runs of at most 200
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub tasks: u32,

    /// The pool and everything else that is drawn comes from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    #[command(flatten)]
    pub guest: Guest,
}

#[derive(Debug, Subcommand)]
pub enum ScenariosCommand {
    /// List the scenarios
    #[command(after_help = "\
Example:
  parallel-agents-sim scenarios list")]
    List {
        #[command(flatten)]
        guest: Guest,
    },

    /// Run scenarios without and with their policy, and show what came of it
    #[command(after_help = "\
Exit code 1: an expectation did not hold; which one is printed.

Examples:
  parallel-agents-sim scenarios run
  parallel-agents-sim scenarios run hedging --trace hedging.txt
  parallel-agents-sim scenarios run my-scenario.toml --json")]
    Run {
        /// One of the list, or a file that ends in .toml; without it all of the list
        #[arg(value_name = "NAME")]
        name: Option<String>,

        /// Write reports, commands and events to a file
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,

        #[command(flatten)]
        guest: Guest,
    },
}

fn call(text: &str) -> Result<(String, PathBuf), String> {
    let (function, file) = text.split_once('=').ok_or("it has the form FUNCTION=FILE")?;
    Ok((function.to_owned(), file.into()))
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
