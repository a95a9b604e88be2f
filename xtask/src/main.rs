//! The project's own tasks: what cargo alone cannot say.
//!
//! Tasks only call tools and check that they are there; they hold no logic of the product.

#![expect(clippy::print_stderr, reason = "a command line program tells what it does")]

#[cfg(unix)]
mod address;
mod bench;
mod browser;
mod cache;
mod cargo_tools;
mod ci;
mod cluster;
mod component;
mod defects;
mod demo;
mod e2e;
mod engines;
mod fuzz;
#[cfg(unix)]
mod http;
mod kills;
#[cfg(unix)]
mod load;
mod mutants;
mod npm;
mod package;
mod process;
mod proof;
mod publish;
mod release;
mod sbom;
mod simulator;
#[cfg(unix)]
mod started;
mod suite;
mod toolchain;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "Exit codes:
  0  everything succeeded
  1  a step failed or a tool is missing; the last line on stderr says which and what to do
  2  no task was named, or the command line was not understood
  `demo` ends with the exit code of the review itself once that has started.";

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the component: target/component/parallel_agents.wasm, and beside it the one that misbehaves for tests.
    ///
    /// Adds the Rust target wasm32-unknown-unknown when it is missing. With PARALLEL_AGENTS_MODULE set to the path of
    /// a core module, that one is wrapped instead of compiling; CONTRIBUTING.md says when this is needed.
    Build {
        /// Leaves out the one that misbehaves.
        #[arg(long)]
        only_component: bool,
    },
    /// Reviews a source file with five simulated reviewers, offline, in the real component.
    Demo {
        /// The file to review; a file of this repository when none is given.
        file: Option<PathBuf>,
    },
    /// Builds the component, then runs all tests of the workspace, the browser tests and the end-to-end run.
    Test {
        /// Installs nothing from the npm registry: leaves out the end-to-end run, and compares the engines only if Node
        /// is there already.
        #[arg(long)]
        skip_e2e: bool,
        /// Leaves out the report's page in a real browser, which needs Chromium and npm.
        #[arg(long)]
        skip_browser: bool,
    },
    /// Runs the same seeds under wasmtime and in Node and compares them byte for byte, then the limits of the plugin.
    ///
    /// Installs Node, jco and TypeScript into $PARALLEL_AGENTS_CACHE or ~/.cache/parallel-agents if they are missing.
    Engines {
        /// Runs that are compared.
        #[arg(long, default_value_t = engines::RUNS)]
        runs: u64,
    },
    /// Opens the pages that the simulator and the plugin write in Chromium and uses them: mouse, keyboard, light, dark, 500
    /// tasks.
    ///
    /// Installs Node, jco and TypeScript if they are missing, and Debian's chromium if there is none and the user is root.
    Browser,
    /// Runs the packaged skill inside a real OpenClaw gateway.
    E2e {
        /// Only installs the tools: Node, OpenClaw, jco and TypeScript, into $PARALLEL_AGENTS_CACHE or ~/.cache/parallel-agents.
        #[arg(long)]
        setup_only: bool,
        #[command(flatten)]
        choice: e2e::Choice,
    },
    /// Looks for each seeded defect with random runs and prints how many it took.
    #[command(alias = "canaries")]
    Defects,
    /// Measures the component beside a plain loop, and writes docs/performance.md.
    ///
    /// Takes some minutes on a quiet machine. No time is compared with a threshold: the page says what was measured.
    Bench {
        /// Counts instructions of a task with valgrind instead, and fails if they are 5 % more than is committed in
        /// bench/native/instructions.json. Without valgrind nothing is counted.
        #[arg(long, conflicts_with_all = ["quick", "gateway", "json"])]
        count: bool,
        /// One round instead of five; the page is left alone.
        #[arg(long)]
        quick: bool,
        /// Measures the plugin in a real gateway instead, beside OpenClaw's own Swarm, and writes
        /// docs/performance-gateway.md. Installs what the end-to-end run needs.
        #[arg(long)]
        gateway: bool,
        /// With --gateway: only this way, such as plugin_completions; may be given again. The page is left alone.
        #[arg(long, value_name = "NAME", requires = "gateway")]
        way: Vec<String>,
        /// With --gateway: rounds instead of 2, or of 1 with --quick.
        #[arg(long, value_name = "N", requires = "gateway")]
        rounds: Option<usize>,
        /// Writes all measures here, as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Builds the OpenClaw plugin, `target/parallel-agents-<version>.tgz`, for `openclaw plugins install`.
    ///
    /// Ends with what ClawHub's command line says of it, as far as that needs no account.
    Package,
    /// Puts the files of a release into target/release-files: package, component, what that is made of, hashes.
    Release,
    /// Lets libFuzzer look for inputs that break an invariant; needs a nightly compiler.
    Fuzz {
        /// One target of fuzz/; all in turn when none is given.
        target: Option<String>,
        /// Seconds for each target.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Adds to fuzz/corpus what reaches something new.
        #[arg(long)]
        keep: bool,
    },
    /// Changes the engine and the workflows in one place at a time and says which changes no test notices.
    ///
    /// All of them take a day or more on two processors. Installs cargo-mutants into $PARALLEL_AGENTS_CACHE or
    /// ~/.cache/parallel-agents if it is missing; .cargo/mutants.toml says what is changed. Exit code 1: a change was not noticed;
    /// target/mutants.out has them all.
    Mutants(mutants::Choice),
    /// Sets a cluster up from nothing and runs agents on it, while a worker and a gateway are killed: a Restate server, two
    /// workers and three models of gateways, all on this machine.
    ///
    /// Installs the Restate server from npm into $PARALLEL_AGENTS_CACHE or ~/.cache/parallel-agents if it is missing. Exit code 1:
    /// a promise was broken.
    ClusterDemo(cluster::Demo),
    /// Explores new seeds until the time is over and appends the figures of each block to a file; or with --cluster kills the parts
    /// of a cluster, and prints a table of what became of the agents.
    ///
    /// Exit code 1: an invariant was violated; the seed and the command that repeats the run were printed.
    Soak {
        /// How long.
        #[arg(long, required_unless_present = "cluster", conflicts_with = "cluster", value_parser = clap::value_parser!(u64).range(1..))]
        minutes: Option<u64>,
        /// Lines of JSON; a file that exists is gone on with.
        #[arg(long, value_name = "FILE", default_value = "soak.jsonl")]
        results: PathBuf,
        /// Kills workers, servers and gateways of a cluster on this machine (`kill -9`) at random moments.
        #[arg(long)]
        cluster: bool,
        #[command(flatten)]
        crashes: cluster::Crashes,
    },
    /// Kills the real program (`kill -9`) at random moments, goes on from its journal, and prints what became of its tasks:
    /// simulated runs in real time, and runs on a model server.
    ///
    /// Exit code 1: something that had ended was asked for again, or a task was lost; the seed was printed.
    Kills {
        /// Runs of each kind.
        #[arg(long, default_value_t = 100)]
        times: u32,
        /// The moments come from it; without it they are new ones.
        #[arg(long)]
        seed: Option<u64>,
        /// Runs the component, instead of the same engine compiled into the program, which starts faster.
        #[arg(long)]
        wasm: bool,
    },
    /// Runs a table of items through the program, on a simulated gateway with faults, then once more while it is killed (`kill -9`) at
    /// random moments, and prints what came of the items, the time and the memory.
    ///
    /// Exit code 1: an item was lost, told twice or done again, or more was spent than allowed; the seed was printed.
    Wide {
        /// Items, each with two tasks.
        #[arg(long, default_value_t = 5_000)]
        items: u32,
        /// How often the second run is killed.
        #[arg(long, default_value_t = 10)]
        kills: u32,
        /// The moments come from it; without it they are new ones.
        #[arg(long)]
        seed: Option<u32>,
        /// Runs the same engine compiled into the program, instead of the component.
        #[arg(long)]
        native: bool,
    },
    /// Runs what the tests of reliability run, and writes the figures into docs/reliability.md.
    Proof,
    /// Runs everything that has to pass before a change lands: format, lints, licences, tests.
    Ci,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Build { only_component: true } => component::build().map(|_| ExitCode::SUCCESS),
        Task::Build { only_component: false } => {
            component::build().and_then(|_| component::build_hostile()).map(|_| ExitCode::SUCCESS)
        }
        Task::Demo { file } => demo::run(file),
        Task::Test { skip_e2e, skip_browser } => suite::run(skip_e2e, skip_browser).map(|()| ExitCode::SUCCESS),
        Task::Browser => browser::run().map(|()| ExitCode::SUCCESS),
        Task::Engines { runs } => {
            npm::PluginTools::ensure().and_then(|tools| engines::run(&tools, runs)).map(|()| ExitCode::SUCCESS)
        }
        Task::E2e { setup_only, choice } => e2e::run(setup_only, &choice).map(|()| ExitCode::SUCCESS),
        Task::Defects => defects::run().map(|()| ExitCode::SUCCESS),
        Task::Bench { count: true, .. } => bench::count().map(|()| ExitCode::SUCCESS),
        Task::Bench { quick, gateway: true, way, rounds, json, .. } => {
            bench::in_a_gateway(quick, &way, rounds, json).map(|()| ExitCode::SUCCESS)
        }
        Task::Bench { quick, json, .. } => bench::run(quick, json).map(|()| ExitCode::SUCCESS),
        Task::Package => npm::PluginTools::ensure()
            .and_then(|tools| publish::check(&tools.node, &package::run(&tools)?))
            .map(|()| ExitCode::SUCCESS),
        Task::Release => npm::PluginTools::ensure().and_then(|tools| release::run(&tools)).map(|()| ExitCode::SUCCESS),
        Task::Fuzz { target, seconds, keep } => fuzz::run(target.as_deref(), seconds, keep).map(|()| ExitCode::SUCCESS),
        Task::Mutants(choice) => mutants::run(&choice).map(|()| ExitCode::SUCCESS),
        Task::ClusterDemo(options) => cluster::demo(&options),
        Task::Soak { cluster: true, crashes, .. } => cluster::soak(&crashes),
        Task::Soak { minutes, results, .. } => proof::soak(minutes.unwrap_or_default(), &results),
        Task::Kills { times, seed, wasm } => kills::run(times, seed, wasm).map(|()| ExitCode::SUCCESS),
        Task::Wide { items, kills, seed, native } => {
            kills::wide(items, kills, seed, native).map(|()| ExitCode::SUCCESS)
        }
        Task::Proof => proof::page().map(|()| ExitCode::SUCCESS),
        Task::Ci => ci::run().map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(1)
    })
}
