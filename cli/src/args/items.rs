//! Which items the steps of a template are done with.

use std::path::PathBuf;

use clap::Args;

/// Where items come from, and how they are read.
#[derive(Debug, Args)]
pub struct ItemArguments {
    /// A .csv, .tsv, .jsonl or .json file, a directory, or - for JSON Lines
    ///
    /// One item for each row, line, entry of a list, or file. The fields of a row are texts under the names of their columns; those
    /// of a file are `path`, `name` and `text`. Without it the template has its items itself.
    #[arg(long, value_name = "ITEMS")]
    pub items: Option<PathBuf>,

    /// Which files of a directory are items, such as '**/*.md'; several times
    ///
    /// Compared with the path below the directory. Without it all files whose names do not begin with a dot.
    #[arg(long, value_name = "GLOB", requires = "items")]
    pub pattern: Vec<String>,

    /// What stands between the fields of a table; found out by its first line otherwise
    #[arg(long, value_name = "CHARACTER", requires = "items")]
    pub delimiter: Option<char>,
}
