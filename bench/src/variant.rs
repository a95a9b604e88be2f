//! What is run in a cell.

use clap::ValueEnum;
use parallel_agents_bench_native::Extent;
use serde::{Deserialize, Serialize};

/// Who runs the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// A plain loop.
    Plain,
    /// The component, bare.
    Bare,
    /// The component, full.
    Full,
    /// The engine without WebAssembly, bare.
    NativeBare,
    /// The same, full.
    NativeFull,
}

impl Variant {
    /// All, in the order in which they take turns.
    pub const ALL: [Self; 5] = [Self::Plain, Self::NativeBare, Self::Bare, Self::NativeFull, Self::Full];

    /// How much is asked of the engine, and whether it runs without WebAssembly. None: there is no engine.
    pub fn of_engine(self) -> Option<(Extent, bool)> {
        match self {
            Self::Plain => None,
            Self::Bare => Some((Extent::Bare, false)),
            Self::Full => Some((Extent::Full, false)),
            Self::NativeBare => Some((Extent::Bare, true)),
            Self::NativeFull => Some((Extent::Full, true)),
        }
    }

    /// As the rows of tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain loop",
            Self::Bare => "component, bare",
            Self::Full => "component, full",
            Self::NativeBare => "native, bare",
            Self::NativeFull => "native, full",
        }
    }
}
