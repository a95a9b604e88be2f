//! What is run in a cell.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Who runs the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// A plain loop.
    Plain,
    /// The component with the shortest prompts and nothing to check, write or tell.
    Bare,
    /// The component with prompts of some length, a schema for answers, journal, starts and progress.
    Full,
}

impl Variant {
    /// All, in the order in which they take turns.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Bare, Self::Full];

    /// Whether everything is on.
    pub fn is_full(self) -> bool {
        self == Self::Full
    }

    /// As the rows of tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain loop",
            Self::Bare => "component, bare",
            Self::Full => "component, full",
        }
    }
}
