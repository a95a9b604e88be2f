//! What is said about a call: its agents, its code, its clock, and what is kept of it.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use host_sim::component::COMPONENT_VARIABLE;

use super::{BackendArguments, ServerArguments};

/// Rules of a run that are set without touching its request.
#[derive(Debug, Args)]
pub struct RunRules {
    /// Sessions alive at once, 1 to 2000
    ///
    /// In place of what the request says; 5 if it says nothing.
    #[arg(long, value_name = "N")]
    pub max_concurrent: Option<u32>,

    /// Seconds for each task that names no time itself, 1 to 86400
    ///
    /// In place of what the request says; if it says nothing, what the agent type has, mostly 120.
    #[arg(long, value_name = "SECONDS")]
    pub task_timeout: Option<u32>,
}

/// Agent types that do not come with the component.
#[derive(Debug, Args)]
pub struct OwnAgents {
    /// Agent types of your own: a directory with *.md files, or a file
    ///
    /// Each file has one definition. Types that the request names are looked up there, in subdirectories too; they extend
    /// the catalogue or replace a type of it. `agents check DIR` says how the files are read. A request that brings agents
    /// itself takes no others.
    #[arg(long = "agents", value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// Everything about a call of a function.
#[derive(Debug, Args)]
pub struct Simulation {
    #[command(flatten)]
    pub agent_arguments: AgentArguments,

    #[command(flatten)]
    pub backend: BackendArguments,

    #[command(flatten)]
    pub run_options: RunOptions,

    /// Keep a journal in a new file, for `resume` (help journals)
    ///
    /// From it `resume` continues a call that was cut off, but none that a signal stopped, which is finished. A run on a model server keeps one without being asked, in
    /// $XDG_STATE_HOME/parallel-agents (else ~/.local/state/parallel-agents), for 30 days; where it is stands on standard
    /// error.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,

    /// Keep no journal of a run on a model server
    #[arg(long, conflicts_with = "journal")]
    pub no_journal: bool,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

/// A call that is gone on with, by what answered its first part.
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The journal; further lines are added to it
    #[arg(value_name = "FILE")]
    pub journal_file: PathBuf,

    /// The results of a run over many items, as `map` was told
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub agent_arguments: AgentArguments,

    #[command(flatten)]
    pub server: ServerArguments,

    #[command(flatten)]
    pub run_options: RunOptions,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

/// By which clock a call goes, and what is seen and kept of it.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Jump from event to event, or take as long as the sessions would
    #[arg(long, value_enum, default_value = "virtual")]
    pub clock: ClockKind,

    /// How progress is shown on standard error
    #[arg(long, value_enum, default_value = "auto")]
    pub progress: ProgressKind,

    /// Write every command and every event to a file, one per line
    ///
    /// Once the result was shown.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Write the whole report to a file: JSON, or a page if it ends in .html
    ///
    /// With the simulator's own account of it.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Open the file of --report, where there is a desktop
    #[arg(long, requires = "report")]
    pub open: bool,

    /// Show the run in a browser while it lasts; the page stays until Ctrl-C
    ///
    /// On this machine only, at an address that stands on standard error: at a free port, or with --serve=8080 at that one. The
    /// result is printed when the run has ended, and the exit code is that of the run. Ctrl-C during the run stops the run, and
    /// takes the page with it.
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub serve: Option<u16>,
}

/// Which agents and which gateway are simulated.
#[derive(Debug, Args)]
pub struct AgentArguments {
    /// The same number gives the same simulated run
    ///
    /// Everything that is drawn comes from it. Without it 1, but for a real server a fresh one.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// What agents answer and what the gateway allows: a .toml or .json file
    ///
    /// In place of the bundled one.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
}

impl AgentArguments {
    /// The number that simulations draw from.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }
}

/// Which code is called, and how replies are shown.
#[derive(Debug, Args)]
pub struct InstanceArguments {
    #[command(flatten)]
    pub component: ComponentArguments,

    /// Run the component, or the same engine compiled into this program
    #[arg(long, value_enum, default_value = "wasm")]
    pub engine: EngineKind,

    /// Print exactly one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Which component is run.
#[derive(Debug, Default, Args)]
pub struct ComponentArguments {
    /// The component to run, in place of the one that is part of this program
    #[arg(long, value_name = "FILE", env = COMPONENT_VARIABLE)]
    pub component: Option<PathBuf>,

    /// Compile the component anew, and do not keep its machine code
    ///
    /// Otherwise that is kept for the next call in $XDG_CACHE_HOME/parallel-agents/code (else ~/.cache). The same with
    /// PARALLEL_AGENTS_NO_CACHE=1.
    #[arg(long, env = "PARALLEL_AGENTS_NO_CACHE", value_parser = FalseyValueParser::new())]
    pub no_cache: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// Bars on a terminal; elsewhere lines, if the run takes real time
    Auto,
    /// A line for each task that ends
    Lines,
    /// Nothing
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockKind {
    /// Time jumps to whatever comes next
    Virtual,
    /// Time passes as it does
    Real,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineKind {
    /// The component under wasmtime
    Wasm,
    /// The same engine, compiled into this program
    Native,
}
