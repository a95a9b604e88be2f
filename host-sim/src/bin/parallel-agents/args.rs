//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use parallel_agents::documents::functions;

use crate::text::wrapped;

mod agents;
mod backend;
mod simulation;
mod trials;

pub use agents::{AgentsCommand, OwnAgents};
pub use backend::{BackendArguments, BackendKind, ServerArguments, WhatIfArguments};
pub use simulation::{
    Cast, ClockKind, ComponentArguments, Course, EngineKind, Guest, ProgressKind, ResumeArguments, Simulation,
};
pub use trials::{CompareArguments, EconomicsArguments, ExploreArguments, ScenariosCommand};

const ABOUT: &str = "Runs the parallel-agents component: with scripted agents, offline and at no cost, or with --backend openai \
                     on a model server, which may cost money";

const EXIT_CODES: &str = "\
Exit codes:
  0  everything asked for was done; a run is completed by its own rules: a task that they do not need (`wait`,
     `required: false`) may have ended otherwise, which its output says
  1  the run came to an end that its rules do not call completed; a review: not every reviewer answered
  2  bad usage, a bad request or file, or a journal that is in use
  3  the host or the component failed, or a file could not be written; a result that there is, is on standard output
  129, 130, 143  a second SIGHUP, SIGINT or SIGTERM ended the program; the first one stops a run, which then ends with 1

With OTEL_EXPORTER_OTLP_ENDPOINT set, a run is also sent to that collector as spans (OTLP over HTTP).

Examples:
  parallel-agents agents list
  parallel-agents review src/main.rs
  parallel-agents run request.json --max-concurrent 20 --seed 7
  parallel-agents call content_team - <<< '{\"topic\": \"tides\", \"platform\": \"bluesky\"}'";

const CALL_EXAMPLES: &str = "\
Examples:
  parallel-agents call versions
  parallel-agents call describe_function - <<< '{\"function\": \"run_tasks\"}'
  parallel-agents call development_team arguments.json
  parallel-agents call custom_agent - <<< '{\"name\": \"tide_reader\", \"purpose\": \"Read tide tables\", \"run\": true}'
  parallel-agents call content_team - <<< '{\"topic\": \"tides\", \"platform\": \"bluesky\"}'";

/// Columns of help on a wide terminal.
const MAX_WIDTH: usize = 100;

#[derive(Debug, Parser)]
#[command(name = "parallel-agents", version, about = ABOUT, after_help = EXIT_CODES, max_term_width = MAX_WIDTH)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the tasks of a request and show what came of each
    #[command(after_help = "\
Examples:
  parallel-agents run request.json
  parallel-agents run request.json --report report.html
  parallel-agents run request.json --json > report.json
  parallel-agents run request.json --agents my-agents
  parallel-agents run - --clock real --script slow.toml < request.json
  parallel-agents run request.json --backend openai --base-url http://127.0.0.1:8080/v1")]
    Run(RunArguments),

    /// Call one function of the component with a JSON object
    #[command(after_help = call_help())]
    Call(CallArguments),

    /// Show the agent types
    #[command(subcommand)]
    Agents(AgentsCommand),

    /// Keep agent types that were made as files
    #[command(subcommand)]
    Registry(RegistryCommand),

    /// Have five reviewers read a source file
    #[command(after_help = "\
The file has to be text in UTF-8, at most 96 KiB.

Examples:
  parallel-agents review src/main.rs
  parallel-agents review shop.py --json | jq '.results[].output.findings'")]
    Review(ReviewArguments),

    /// Go through a journal again, and say whether the same follows from it
    #[command(after_help = "\
Exit code 2: the journal is damaged or of another version, or something else follows; the first difference is named.

Examples:
  parallel-agents run request.json --journal run.journal
  parallel-agents replay run.journal
  parallel-agents replay run.jsonl --what-if max_concurrent=16,ladder=big-model   # a recording: as what-if --set")]
    Replay(ReplayArguments),

    /// Go on with a call that was cut off, from its journal
    #[command(after_help = "\
Sessions were part of the program that is gone, so those that ran count as cut off by a restart. What had ended is not
asked for again. A last line that was written in part is removed from the file first. The time between the two parts does
not count. Only one program at a time may write a journal: while a run or another resume does, this one ends with
E_JOURNAL_LOCKED.
A run on a model server goes on there: name its address again, and its --model if it was named.

Examples:
  parallel-agents run request.json --clock real --journal run.journal
  parallel-agents resume run.journal --clock real
  parallel-agents resume ~/.local/state/parallel-agents/run_tasks-1767225600-0a1b.journal \\
    --base-url http://127.0.0.1:8080/v1")]
    Resume(ResumeArguments),

    /// Tell what was decided about one task of a saved report, and why
    #[command(after_help = "\
Examples:
  parallel-agents run request.json --report report.json
  parallel-agents explain report.json task-7")]
    Explain(ExplainArguments),

    /// Run random requests against random faults and hold every run to what it promises
    #[command(after_help = "\
A seed names one run: its tasks, limits and stops, its gateway and everything that goes wrong with it. Each seed is run
twice and has to be the same; then the run is held to its promises.
Exit code 1: a promise was broken; the run is made as small as possible, and the command that repeats it is printed.
With --json the counters are on standard output and what was broken on standard error.

Examples:
  parallel-agents explore --seeds 0..10000 --engine native
  parallel-agents explore --seeds 0..200 --cancel every --trap every
  parallel-agents explore --seeds 17 --keep-tasks 1,4 --only-faults spawn_busy --trace run-17.txt
  parallel-agents explore --seeds 0..100 --tasks 60 --faults bad-day.toml --json")]
    Explore(ExploreArguments),

    /// Run the same seeds under wasmtime and in another engine, and hold both to the same bytes
    #[command(after_help = "\
The program is started once and speaks JSON over its standard input and output; skill/test/engine.ts is one, with the
component in Node. The commands with all fields, the waits, the events and the reply of each run are compared.
Exit code 1: a run differed; its seed and the first difference are printed. 3: the program was lost.

Example:
  parallel-agents compare --seeds 0..300 -- node skill/test/engine.ts")]
    Compare(CompareArguments),

    /// Hunt each deliberate defect of the engine and say how many seeds it took to find it
    #[cfg(feature = "canary-bugs")]
    #[command(after_help = "\
Only in builds with the feature `canary-bugs`. Exit code 1: a defect was not found.

Example:
  parallel-agents canaries --json")]
    Canaries {
        /// Print exactly one JSON document
        #[arg(long)]
        json: bool,
    },

    /// Show what goes wrong without a policy, and what comes of it with one
    #[command(subcommand)]
    Scenarios(ScenariosCommand),

    /// Compare the ladder of models with one model for everything, on tasks of known difficulty
    #[command(after_help = "\
Exit code 1: the ladder costs too much, or has fewer good answers than the best model.

Examples:
  parallel-agents economics
  parallel-agents economics --tasks 5000 --seed 7 --json")]
    Economics(EconomicsArguments),

    /// Go through a recorded run again in virtual time, as it was or under other rules
    #[command(
        name = "what-if",
        after_help = "\
The recorded answers come after the recorded times; a session that ran out of time then never answers. What was not
recorded is made up, and the output says of what.
Exit code 1: not every task is completed under the other rules.

Examples:
  parallel-agents run request.json --backend openai --base-url http://127.0.0.1:8080/v1 --record run.jsonl
  parallel-agents what-if run.jsonl
  parallel-agents what-if run.jsonl --set max_concurrent=16,ladder=big-model --pace big-model=1.8"
    )]
    WhatIf(WhatIfArguments),

    /// Serve the scripted answers as an OpenAI-compatible model server, for a real gateway
    #[command(after_help = "\
The address is printed as one JSON line once the server listens; the server runs until it is interrupted.

Example:
  parallel-agents serve-model --listen 127.0.0.1:8080 --speed 10")]
    ServeModel(ServeModelArguments),
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// The request: a JSON file, or - for standard input
    #[arg(value_name = "REQUEST.json")]
    pub request: PathBuf,

    /// Sessions alive at once, 1 to 50; in place of what the request says
    #[arg(long, value_name = "N")]
    pub max_concurrent: Option<u32>,

    /// Seconds that each task may take which names no time itself, 1 to 86400; in place of what the request says
    #[arg(long, value_name = "SECONDS")]
    pub task_timeout: Option<u32>,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

#[derive(Debug, Args)]
pub struct CallArguments {
    /// The function
    pub function: String,

    /// Its arguments: a file with a JSON object, or - for standard input; without it {}
    #[arg(value_name = "ARGS.json")]
    pub arguments: Option<PathBuf>,

    /// Seconds that each task may take which names no time itself, 1 to 86400; in place of what the arguments say
    #[arg(long, value_name = "SECONDS")]
    pub task_timeout: Option<u32>,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Write each agent type of a registry into a file of its own
    #[command(after_help = "\
The files have the form of the built-in types, and `run --agents DIR` takes them. registry.json beside them is the index:
version, hash and score. A better version in the directory is kept, and a file that was changed by hand is not touched.

Examples:
  parallel-agents call create_agents wishes.json > reply.json
  parallel-agents registry export reply.json my-agents
  parallel-agents run request.json --agents my-agents")]
    Export {
        /// A registry, or a reply that holds one: a JSON file, or - for standard input
        #[arg(value_name = "REGISTRY.json")]
        registry: PathBuf,

        /// The directory; it is made if need be
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        guest: Guest,
    },

    /// Print the registry that a directory holds, for the field registry of a request
    #[command(after_help = "\
Only what the index registry.json names is taken, and each file has to be the one that its hash stands for.

Example:
  parallel-agents registry import my-agents > registry.json")]
    Import {
        /// The directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        guest: Guest,
    },
}

#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The journal; with --what-if, a recording
    #[arg(value_name = "FILE")]
    pub journal_file: PathBuf,

    /// Go through a recording in virtual time with something different, as `what-if --set` does
    #[arg(long = "what-if", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,

    #[command(flatten)]
    pub guest: Guest,
}

#[derive(Debug, Args)]
pub struct ReviewArguments {
    /// The file to review
    pub file: PathBuf,

    /// Sessions alive at once, 1 to 50; 5 unless said otherwise
    #[arg(long, value_name = "N")]
    pub max_concurrent: Option<u32>,

    /// Seconds that each reviewer may take, 1 to 86400; 120 unless said otherwise
    #[arg(long, value_name = "SECONDS")]
    pub task_timeout: Option<u32>,

    #[command(flatten)]
    pub simulation: Simulation,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A report: what --report or --json wrote, or - for standard input
    #[arg(value_name = "REPORT.json")]
    pub report: PathBuf,

    /// The task's id
    #[arg(value_name = "TASK")]
    pub task: String,

    #[command(flatten)]
    pub guest: Guest,
}

#[derive(Debug, Args)]
pub struct ServeModelArguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// How many times faster the answers come than the script says; below 1 they come later
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    pub speed: f64,

    /// Answer as some servers do: one of the habits that --list-quirks names
    #[arg(long, value_name = "NAME")]
    pub quirk: Option<String>,

    /// Show the habits of servers that --quirk plays, and leave
    #[arg(long)]
    pub list_quirks: bool,

    #[command(flatten)]
    pub cast: Cast,
}

/// The functions as the component has them.
fn call_help() -> String {
    let functions = functions();
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    format!("Functions:\n{}\n{CALL_EXAMPLES}", wrapped(&names.join(", "), MAX_WIDTH, "  "))
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("it has to be a number above 0".to_owned()),
    }
}
