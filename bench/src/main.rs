//! Measures the component beside a plain loop: time, processor, memory, start.

mod all;
mod answer;
mod bindings;
mod component;
mod grid;
mod host;
mod hot;
mod machine;
mod measure;
mod measures;
mod native;
mod page;
mod plain;
mod ran;
mod request;
mod start;
mod timeline;
mod variant;
mod virtual_time;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use variant::Variant;

/// Measures the component beside a plain loop.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures everything and prints tables.
    All(all::Wanted),
    /// Runs one cell in this process and prints its measures as JSON.
    One {
        /// A cell of grid.json.
        #[arg(long)]
        cell: String,
        /// Who runs it.
        #[arg(long)]
        variant: Variant,
        /// What `compile` wrote.
        #[arg(long)]
        machine_code: PathBuf,
        /// Names the component's functions for `perf` in a file under /tmp.
        #[arg(long)]
        perf_map: bool,
    },
    /// Makes runs in virtual time and prints their measures as JSON.
    Virtual {
        /// The file of a built component.
        component: PathBuf,
    },
    /// Compiles a component to machine code, for `one`.
    Compile {
        /// The file of a built component.
        component: PathBuf,
        /// Where to write it.
        machine_code: PathBuf,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::All(wanted) => all::run(&wanted),
        Task::One { cell, variant, machine_code, perf_map } => measure::one(&cell, variant, &machine_code, perf_map),
        Task::Virtual { component } => virtual_time::one(&component),
        Task::Compile { component, machine_code } => component::engine(false)
            .and_then(|engine| component::compiled(&engine, &component::file(&component)?))
            .and_then(|code| Ok(std::fs::write(machine_code, code)?)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

/// The one in the middle; 0 of none.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "data of a command line program")]
fn print(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a command line program tells what it does")]
fn complain(text: &str) {
    eprintln!("{text}");
}
