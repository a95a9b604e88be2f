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
//!
//! # Example
//!
//! A run of one task, with a host in five lines: it says that it is there, accepts the session, and says how that ended.
//!
//! ```
//! use parallel_agents_engine::agents::BuiltIn;
//! use parallel_agents_engine::engine::Engine;
//! use parallel_agents_engine::host::{
//!     Command, Completion, Event, EventKind, FinishReason, HostFacts, Receipt, Reply, SessionEnd, SessionOutcome,
//! };
//! use parallel_agents_engine::ids::SessionKey;
//! use parallel_agents_engine::plan;
//! use parallel_agents_engine::workflow::AsPlanned;
//! use serde_json::json;
//!
//! let request = json!({
//!     "agents": [{"name": "echo", "description": "Says it again.", "prompt": "Say it again.", "tools": "none"}],
//!     "tasks": [{"agent_type": "echo", "task_description": "Say: hello", "output_format": "text"}],
//! });
//! // The component brings its request schema and its agent types; this example has neither.
//! let plan = plan::plan(&json!({"type": "object"}), BuiltIn(&[]), request).expect("a good request");
//! let mut engine = Engine::new(plan);
//! let mut tell = |seq, what| engine.step(Event { seq, at_ms: seq * 1_000, what }, &mut AsPlanned);
//!
//! let facts = HostFacts {
//!     name: "example".to_owned(), seed: 7, max_concurrent: None, reports_starts: false, keeps_journal: false, limits: None,
//! };
//! let commands = tell(0, EventKind::Opened(facts));
//! let asked = commands.into_iter().find_map(|command| match command {
//!     Command::Spawn(request, options) => Some((request, options)),
//!     _ => None,
//! });
//! let (request, options) = asked.expect("the task is ready");
//! assert!(options.task.contains("Say: hello"));
//!
//! let session = SessionKey::new("session-1");
//! let receipt = Receipt { session_key: session.clone(), run_id: String::new(), applied_model: None, tool_free: true };
//! tell(1, EventKind::Answered { request, outcome: Ok(Reply::Spawned(receipt)) });
//! let text = "hello".to_owned();
//! tell(2, EventKind::SessionEnded(SessionEnd {
//!     session,
//!     outcome: SessionOutcome::Completed,
//!     completion: Some(Completion { text, truncated: false, finish: FinishReason::Stop }),
//!     usage: None,
//!     model: None,
//! }));
//!
//! let report = engine.finished().expect("nothing is left to do").expect("the host kept to the contract");
//! assert_eq!(report.results[0].output, Some(json!("hello")));
//! ```

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
pub mod delimiters;
pub mod host;
pub mod ids;
pub mod json;
pub mod order;
pub mod placeholders;
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
