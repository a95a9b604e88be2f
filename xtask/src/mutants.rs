//! Mutation tests: cargo-mutants changes the engine and the workflows in one place at a time, and a test has to notice.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{cargo_tools, process, workspace};

const CARGO_MUTANTS_VERSION: &str = "27.1.0";

/// Which of the mutants are tried.
#[derive(clap::Args)]
pub struct Choice {
    /// Part K of N parts of the mutants, from 0: `0/8` to `7/8` together are all of them.
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// About so many mutants, at equal distances in the list of all.
    #[arg(long, value_name = "N", conflicts_with = "shard")]
    sample: Option<usize>,
    /// Only mutants in lines that this diff adds or changes, as `git diff` prints it.
    #[arg(long, value_name = "FILE")]
    in_diff: Option<PathBuf>,
    /// Only mutants of these files, as a glob; may be given again.
    #[arg(long, value_name = "GLOB")]
    file: Vec<String>,
    /// Only lists them.
    #[arg(long)]
    list: bool,
}

/// Tries mutants one after the other; `target/mutants.out` has what came of each.
///
/// # Errors
/// Something does not build, the tests fail without any mutant, or a mutant was missed.
pub fn run(choice: &Choice) -> Result<()> {
    let program = cargo_tools::ensure("cargo-mutants", CARGO_MUTANTS_VERSION)?;
    let of_files: Vec<String> = choice.file.iter().flat_map(|glob| ["--file".to_owned(), glob.clone()]).collect();
    // The command runs in another directory.
    let diff = choice.in_diff.as_ref().map(std::path::absolute).transpose()?;
    let command = || {
        let mut command = Command::new(&program);
        command.args(["mutants", "--package", "parallel-agents-engine", "--package", "parallel-agents-workflows"]);
        command.args(&of_files).current_dir(workspace::root());
        if let Some(diff) = &diff {
            command.arg("--in-diff").arg(diff);
        }
        command
    };
    let shard = match choice.sample {
        None => choice.shard.clone(),
        Some(sample) => {
            let all = process::read(command().arg("--list"), "")?.lines().count();
            Some(format!("0/{}", parts(all, sample)))
        }
    };
    let mut tried = command();
    if let Some(shard) = &shard {
        // In turn: what stands next to each other in a file falls into different parts.
        tried.args(["--sharding", "round-robin", "--shard", shard]);
    }
    if choice.list {
        tried.arg("--list");
    } else {
        tried.args(["--jobs", "1", "--no-shuffle", "--output", "target"]);
    }
    process::run(&mut tried, "")
}

/// Into how many parts a list has to be dealt so that the first has about so many.
fn parts(all: usize, sample: usize) -> usize {
    all.div_ceil(sample.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_part_of_about_its_size() {
        for (all, sample, expected) in [(1_200, 30, 40), (1_201, 30, 41), (10, 30, 1), (0, 30, 1), (5, 0, 5)] {
            assert_eq!(parts(all, sample), expected, "{sample} of {all}");
        }
    }
}
