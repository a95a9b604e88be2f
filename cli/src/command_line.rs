//! What can be said on the command line, and who carries it out.

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;
use parallel_agents::documents::functions;

use crate::text::wrapped;

mod brief;
mod dev;
mod dispatch;

use crate::args::PROGRAM;
use crate::args::ResumeArguments;
use crate::commands::agents::AgentsCommand;
use crate::commands::call::CallArguments;
use crate::commands::doctor::DoctorArguments;
use crate::commands::explain::ExplainArguments;
use crate::commands::help::HelpArguments;
use crate::commands::init::InitArguments;
use crate::commands::map::MapArguments;
use crate::commands::registry::RegistryCommand;
use crate::commands::review::ReviewArguments;
use crate::commands::run::RunArguments;
use dev::DevCommand;
pub use dispatch::{carry_out, wants_json};

const ABOUT: &str = "Runs many specialised agents at once, on a model server or scripted and offline";

const FOOTER: &str = "\
Begin with `doctor`, then `init`, or `review FILE --backend script`. Also: completions SHELL, man
help TOPIC: exit-codes, journals, models, agent-files, or a command with all its options";

const CALL_EXAMPLE: &str = "\
Example:
  parallel-agents call describe_function - <<< '{\"function\": \"run_tasks\"}'";

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
#[command(name = PROGRAM, version, about = ABOUT, after_help = FOOTER, max_term_width = MAX_WIDTH)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write files to begin with: a request, an agent, a template and its items
    #[command(after_help = "\
Nothing that is there is overwritten.

Example:
  parallel-agents init && parallel-agents run request.jsonc --agents agents")]
    Init(InitArguments),

    /// Have five reviewers read a source file, on the model server that is found
    #[command(
        after_help = "\
Without --base-url a server is looked for: `help models` says where.
Examples:
  parallel-agents review src/main.rs
  parallel-agents review src/main.rs --backend script    # scripted answers, offline, at no cost",
        after_long_help = "\
The file has to be text in UTF-8, at most 96 KiB.
Without --base-url a server is looked for: `help models` says where.

Examples:
  parallel-agents review src/main.rs
  parallel-agents review src/main.rs --backend script    # scripted answers, offline, at no cost
  parallel-agents review shop.py --model NAME --json | jq '.results[].output.findings'"
    )]
    Review(ReviewArguments),

    /// Run the tasks of a request and show what came of each
    #[command(
        after_help = "\
Without --backend or --base-url the answers are scripted: no model is called, nothing is spent.
Examples:
  parallel-agents run request.json --report report.html
  parallel-agents run request.json --base-url http://127.0.0.1:8080/v1",
        after_long_help = "\
Without --backend, --base-url or --gateway the answers are scripted: no model is called, nothing is spent.

Examples:
  parallel-agents run request.json
  parallel-agents run request.json --report report.html
  parallel-agents run request.json --json > report.json
  parallel-agents run request.json --agents my-agents
  parallel-agents run - --clock real --script slow.toml < request.json
  parallel-agents run request.json --backend openai --base-url http://127.0.0.1:8080/v1"
    )]
    Run(RunArguments),

    /// Do the same with each of many items: files, rows of a table, lines
    #[command(
        after_help = "\
Example:
  parallel-agents map template.jsonc --items items.csv --output results.jsonl",
        after_long_help = "\
A template has `steps`: one task, or several that depend on each other. In their texts {{field}} stands
for a field of the item. It may have `reduce`, which makes one answer of all, and the rules of a run.
Each line of the output has the item's number, status, answer or error, cost and fields. It is there as
soon as the item is final. After a crash go on with: resume JOURNAL --output FILE. No line is then
missing or double. `parallel-agents init` writes a template; docs/wide-runs.md has more.

Examples:
  parallel-agents map template.jsonc --items items.csv --output results.jsonl
  parallel-agents map template.json --items docs --pattern '**/*.md' --output results.csv
  parallel-agents map template.json --items - --output results.jsonl --backend openai < items.jsonl
  tail -f results.jsonl | jq -c '[.item, .status]'"
    )]
    Map(MapArguments),

    /// Go on with a run that was cut off, from its journal
    #[command(
        after_help = "\
Examples:
  parallel-agents resume run.journal
  parallel-agents resume run.journal --base-url http://127.0.0.1:8080/v1",
        after_long_help = "\
Sessions were part of the program that is gone, so those that ran count as cut off by a restart. What had ended is not
asked for again. A last line that was written in part is removed from the file first. The time between the two parts does
not count. Only one program at a time may write a journal: while a run or another resume does, this one ends with
E_JOURNAL_LOCKED.
A run on a model server goes on there: name its address again, and its --model if it was named.

Examples:
  parallel-agents run request.json --clock real --journal run.journal
  parallel-agents resume run.journal --clock real
  parallel-agents resume ~/.local/state/parallel-agents/run_tasks-1767225600-0a1b.journal \\
    --base-url http://127.0.0.1:8080/v1"
    )]
    Resume(ResumeArguments),

    /// Tell what was decided about one task of a saved report, and why
    #[command(after_help = "\
Examples:
  parallel-agents run request.json --report report.json
  parallel-agents explain report.json task-7")]
    Explain(ExplainArguments),

    /// Show the agent types, and check files with your own
    #[command(subcommand)]
    Agents(AgentsCommand),

    /// Keep agent types that were made in a run as files
    #[command(subcommand)]
    Registry(RegistryCommand),

    /// Call one function of the component with a JSON object
    #[command(after_help = CALL_EXAMPLE, after_long_help = call_help())]
    Call(CallArguments),

    /// Say what works here: component, cache, model servers, OpenClaw, Node
    #[command(after_help = "\
Exit codes: 0 this program can do its work; 1 something is broken, and it says what to do.

Examples:
  parallel-agents doctor
  parallel-agents doctor --json | jq '.checks[] | select(.state != \"ok\")'")]
    Doctor(DoctorArguments),

    /// Show a topic, or all options of a command
    #[command(after_help = "\
Examples:
  parallel-agents help exit-codes
  parallel-agents help run")]
    Help(HelpArguments),

    /// Commands for developers of this project
    Dev {
        #[command(subcommand)]
        command: DevCommand,
    },

    /// Print the completions for a shell
    #[command(
        hide = true,
        after_help = "\
Example:
  source <(parallel-agents completions bash)    # for this shell; into ~/.bashrc for all"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Print the manual page of the program, or of a command
    #[command(
        hide = true,
        after_help = "\
Example:
  parallel-agents man run | man -l -"
    )]
    Man {
        /// The command, in words such as `agents check`
        command: Vec<String>,
    },

    /// As they were called before there was `dev`.
    #[command(flatten)]
    Old(DevCommand),
}

/// Reads a command line.
pub fn parse(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(&in_brief().try_get_matches_from(words)?)
}

/// The command line as `--help` shows it: what fits a screen.
pub fn in_brief() -> clap::Command {
    brief::brief(Arguments::command())
}

/// The command line with every option and every word about it.
pub fn in_full() -> clap::Command {
    hide_old(Arguments::command())
}

/// The commands of `dev` are not shown twice.
fn hide_old(command: clap::Command) -> clap::Command {
    let old = DevCommand::augment_subcommands(clap::Command::new(PROGRAM));
    let names: Vec<String> = old.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |old| old.hide(true)))
}

/// The functions as the component has them.
fn call_help() -> String {
    let functions = functions();
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    format!("Functions:\n{}{CALL_EXAMPLES}", wrapped(&names.join(", "), MAX_WIDTH, "  "))
}
