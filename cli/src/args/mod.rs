//! Arguments that several commands have in common, by what they are for. Those of one command stand with it.

mod backend;
mod items;
mod seeds;
mod simulation;

pub use backend::{BackendArguments, BackendKind, ServerArguments};
pub use items::ItemArguments;
pub use seeds::seeds;
pub use simulation::{
    AgentArguments, ClockKind, ComponentArguments, EngineKind, InstanceArguments, OwnAgents, ProgressKind,
    ResumeArguments, RunOptions, RunRules, Simulation,
};

/// The program's name.
pub const PROGRAM: &str = "parallel-agents";
