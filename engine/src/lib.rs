//! The engine of one run: takes a checked request and the host's events, and returns commands and a report.
//!
//! Data moves one way:
//!
//! ```text
//! request -> plan -> schedule -> session -> answer -> report
//!                        ^ engine: the only one that changes state; policy: the decisions
//! ```
//!
//! All of it is a pure state machine: no clock, no random number, no input but the host's events. It knows neither WIT
//! nor WebAssembly nor any workflow; a workflow implements [`workflow::Workflow`] and is told of each result.

// From outside to inside.
pub mod collect;
pub mod driver;
pub mod journal;
pub mod workflow;

// The stages.
pub mod agents;
pub mod answer;
pub mod engine;
pub mod plan;
pub mod policy;
pub mod prompt;
pub mod report;
pub mod review;
mod schedule;
mod session;

// What all stages share.
mod arena;
pub mod canary;
pub mod host;
pub mod ids;
pub mod json;
pub mod marker;
pub mod problem;
pub mod score;
pub mod task;
pub mod text;

#[cfg(test)]
mod testing;

/// The version of the component that is built of this crate, as journals name it.
pub const COMPONENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the WIT package that the component implements, as journals name it; a test compares the two.
pub const CONTRACT_VERSION: &str = "0.1.0";
