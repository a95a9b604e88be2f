//! What is said to the commands for everybody.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{InstanceArguments, OwnAgents, Simulation};

/// Rules of a run that are set without touching its request.
#[derive(Debug, Args)]
pub struct RunRules {
    /// Sessions alive at once, 1 to 1000
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

#[derive(Debug, Args)]
pub struct RunArguments {
    /// The request: a JSON file, .jsonc with comments, or - for standard input
    #[arg(value_name = "REQUEST.json")]
    pub request: PathBuf,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

#[derive(Debug, Args)]
pub struct CallArguments {
    /// The function; `help call` names all
    pub function: String,

    /// Its arguments: a file with a JSON object, or - for standard input; without it {}
    #[arg(value_name = "ARGS.json")]
    pub arguments: Option<PathBuf>,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}

#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Write each agent type of a registry into a file of its own
    #[command(
        after_help = "\
Examples:
  parallel-agents call create_agents new-agents.json > reply.json
  parallel-agents registry export reply.json my-agents
  parallel-agents run request.json --agents my-agents",
        after_long_help = "\
The files have the form of the built-in types, and `run --agents DIR` takes them. registry.json beside them is the index:
version, hash and score. A better version in the directory is kept, and a file that was changed by hand is not touched.

Examples:
  parallel-agents call create_agents new-agents.json > reply.json
  parallel-agents registry export reply.json my-agents
  parallel-agents run request.json --agents my-agents"
    )]
    Export {
        /// A registry, or a reply that holds one: a JSON file, or - for standard input
        #[arg(value_name = "REGISTRY.json")]
        registry: PathBuf,

        /// The directory; it is made if need be
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        instance: InstanceArguments,
    },

    /// Print the registry that a directory holds, for the field registry of a request
    #[command(
        after_help = "\
Example:
  parallel-agents registry import my-agents > registry.json",
        after_long_help = "\
Only what the index registry.json names is taken, and each file has to be the one that its hash stands for.

Example:
  parallel-agents registry import my-agents > registry.json"
    )]
    Import {
        /// The directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        instance: InstanceArguments,
    },
}

#[derive(Debug, Args)]
pub struct ReviewArguments {
    /// The file to review: text in UTF-8, at most 96 KiB
    pub file: PathBuf,

    #[command(flatten)]
    pub rules: RunRules,

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
    pub instance: InstanceArguments,
}

#[derive(Debug, Args)]
pub struct InitArguments {
    /// The directory; it is made if need be
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
}

#[derive(Debug, Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    pub component: super::ComponentArguments,

    /// Print exactly one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A topic, or a command in words such as `agents check`
    #[arg(value_name = "TOPIC")]
    pub topic: Vec<String>,
}
