//! What is said to the command that does the same with each of many items.

use std::path::PathBuf;

use clap::Args;

use super::{OwnAgents, RunRules, Simulation};

#[derive(Debug, Args)]
pub struct MapArguments {
    /// The template: JSON with steps, rules and perhaps reduce; .jsonc with comments
    #[arg(value_name = "TEMPLATE.json")]
    pub template: PathBuf,

    /// A .csv, .tsv, .jsonl or .json file, a directory, or - for JSON Lines
    ///
    /// One item for each row, line, entry of a list, or file. The fields of a row are texts under the names of their columns; those
    /// of a file are `path`, `name` and `text`. Without it the template has its items itself.
    #[arg(long, value_name = "ITEMS")]
    pub items: Option<PathBuf>,

    /// One line for each item as soon as it is final; a table if it ends in .csv
    ///
    /// A new file, which can be followed while it grows. For a table the lines are in FILE.csv.jsonl beside it, and the table is
    /// written when the run is over.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,

    /// Which files of a directory are items, such as '**/*.md'; several times
    ///
    /// Compared with the path below the directory. Without it all files whose names do not begin with a dot.
    #[arg(long, value_name = "GLOB", requires = "items")]
    pub pattern: Vec<String>,

    /// What stands between the fields of a table; found out by its first line otherwise
    #[arg(long, value_name = "CHARACTER", requires = "items")]
    pub delimiter: Option<char>,

    #[command(flatten)]
    pub rules: RunRules,

    #[command(flatten)]
    pub own_agents: OwnAgents,

    #[command(flatten)]
    pub simulation: Simulation,
}
