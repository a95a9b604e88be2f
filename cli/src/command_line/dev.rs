//! What is said to the commands for developers of this project.

use clap::Subcommand;

use crate::commands::compare::CompareArguments;
use crate::commands::cost_benchmark::CostBenchmarkArguments;
use crate::commands::explore::ExploreArguments;
use crate::commands::replay::ReplayArguments;
use crate::commands::scenarios::ScenariosCommand;
use crate::commands::serve_model::ServeModelArguments;
use crate::commands::what_if::WhatIfArguments;

#[derive(Debug, Subcommand)]
pub enum DevCommand {
    /// Run random requests against random faults and check every invariant
    #[command(
        after_help = "\
Examples:
  parallel-agents dev explore --seeds 0..10000 --engine native
  parallel-agents dev explore --seeds 17 --keep-tasks 1,4 --only-faults spawn_busy --trace run.txt",
        after_long_help = "\
A seed names one run: its tasks, limits and stops, its gateway and everything that goes wrong with it. Each seed is run
twice and has to be the same; then every invariant is checked.
Exit code 1: an invariant was violated; the run is made as small as possible, and the command that repeats it is printed.
With --json the counters are on standard output and what was broken on standard error.

Examples:
  parallel-agents dev explore --seeds 0..10000 --engine native
  parallel-agents dev explore --seeds 0..200 --cancel every --trap every
  parallel-agents dev explore --seeds 17 --keep-tasks 1,4 --only-faults spawn_busy --trace run-17.txt
  parallel-agents dev explore --seeds 0..100 --tasks 60 --faults bad-day.toml --json"
    )]
    Explore(ExploreArguments),

    /// Run the same seeds under wasmtime and in another engine, and compare the bytes
    #[command(
        after_help = "\
Example:
  parallel-agents dev compare --seeds 0..300 -- node skill/test/engine.ts",
        after_long_help = "\
The program is started once and speaks JSON over its standard input and output; skill/test/engine.ts is one, with the
component in Node. The commands with all fields, the waits, the events and the reply of each run are compared.
Exit code 1: a run differed; its seed and the first difference are printed. 3: the program was lost.

Example:
  parallel-agents dev compare --seeds 0..300 -- node skill/test/engine.ts"
    )]
    Compare(CompareArguments),

    /// Look for each seeded defect with random runs and say how many it took
    #[command(
        alias = "canaries",
        after_help = "\
Example:
  parallel-agents dev defects --json",
        after_long_help = "\
A seeded defect is a mistake that an engine could have, played by changing what passes between the engine and its host.
The engine is the one in this program. Exit code 1: a defect was not found.

Example:
  parallel-agents dev defects --json"
    )]
    Defects {
        /// Print exactly one JSON document
        #[arg(long)]
        json: bool,
    },

    /// Show what goes wrong without a policy, and what comes of it with one
    #[command(subcommand)]
    Scenarios(ScenariosCommand),

    /// Compare the ladder of models with one model for everything
    #[command(
        after_help = "\
Examples:
  parallel-agents dev cost-benchmark
  parallel-agents dev cost-benchmark --tasks 5000 --seed 7 --json",
        after_long_help = "\
The tasks are of known difficulty, the agents scripted.
Exit code 1: the ladder costs too much, or has fewer good answers than the best model.

Examples:
  parallel-agents dev cost-benchmark
  parallel-agents dev cost-benchmark --tasks 5000 --seed 7 --json"
    )]
    CostBenchmark(CostBenchmarkArguments),

    /// Repeat a journal, and say whether the same follows from it
    #[command(
        after_help = "\
Examples:
  parallel-agents run request.json --journal run.journal
  parallel-agents dev replay run.journal",
        after_long_help = "\
Exit code 2: the journal is damaged or of another version, or something else follows; the first difference is named.

Examples:
  parallel-agents run request.json --journal run.journal
  parallel-agents dev replay run.journal
  parallel-agents dev replay run.jsonl --what-if max_concurrent=16,ladder=big-model   # a recording: as what-if --set"
    )]
    Replay(ReplayArguments),

    /// Repeat a recorded run in virtual time, as it was or under other rules
    #[command(
        name = "what-if",
        after_help = "\
Examples:
  parallel-agents run request.json --base-url http://127.0.0.1:8080/v1 --record run.jsonl
  parallel-agents dev what-if run.jsonl --set max_concurrent=16,ladder=big --latency-factor big=1.8",
        after_long_help = "\
The recorded answers come after the recorded times; a session that ran out of time then never answers. What was not
recorded is made up, and the output says of what.
Exit code 1: not every task is completed under the other rules.

Examples:
  parallel-agents run request.json --backend openai --base-url http://127.0.0.1:8080/v1 --record run.jsonl
  parallel-agents dev what-if run.jsonl
  parallel-agents dev what-if run.jsonl --set max_concurrent=16,ladder=big-model --latency-factor big-model=1.8"
    )]
    WhatIf(WhatIfArguments),

    /// Serve the scripted answers as an OpenAI-compatible model server, for a real gateway
    #[command(
        after_help = "\
Example:
  parallel-agents dev serve-model --listen 127.0.0.1:8080 --speed 10",
        after_long_help = "\
The address is printed as one JSON line once the server listens; the server runs until it is interrupted.

Example:
  parallel-agents dev serve-model --listen 127.0.0.1:8080 --speed 10"
    )]
    ServeModel(ServeModelArguments),
}
