//! An offline OpenClaw: runs the parallel-agents component against simulated sessions with scripted answers.
//!
//! The simulated gateway, its invariant checker and random runs are in the crate `gateway_sim`, which has no WebAssembly.
//!
//! | module         | what it does                                                               |
//! |----------------|----------------------------------------------------------------------------|
//! | `component`    | the component under wasmtime, one fresh instance per call                  |
//! | `foreign`      | the same calls in an engine that is another program                        |
//! | `engines`      | two engines, compared byte for byte                                        |
//! | `live`         | real sessions: one chat completion each, on an OpenAI-compatible server    |
//! | `openclaw`     | real sessions on a real gateway, through the door of its plugin            |
//! | `model_server` | scripted answers behind an OpenAI-compatible address, for a real gateway   |
//! | `quirks`       | how model servers differ from the protocol that they all claim to speak    |
//! | `scenario`     | what goes wrong without a policy, and what comes of it with one            |
//! | `cost_benchmark` | what the ladder of models is worth                                         |
//! | `page`         | a report as one page for a browser                                         |
//! | `telemetry`    | a report as OpenTelemetry spans                                            |
//!
//! # Example
//!
//! A run by simulated agents, and its page for a browser. `ComponentHost` of [`component`] has a `call` with the same arguments that
//! runs the component instead of the engine's own code.
//!
//! ```
//! use futures::executor::block_on;
//! use gateway_sim::{clock::Clock, native, options::SimulationOptions, script::Script, simulation::Simulation};
//! use host_sim::page::page;
//! use parallel_agents::documents::DocumentReply;
//! use serde_json::Value;
//!
//! let request = r#"{"tasks": [{"agent_type": "documentation_writer", "task_description": "Document this."}]}"#;
//! let gateway = Simulation::new(Script::bundled(), 1, SimulationOptions::default());
//! let called = block_on(native::call("run_tasks", request, gateway, &Clock::virtual_time()));
//! let DocumentReply::Answer(text) = called.result? else { panic!("the request was refused") };
//! let report: Value = serde_json::from_str(&text)?;
//! assert_eq!(report["status"], "completed");
//!
//! let page = page("run_tasks", &report, &[]);
//! assert!(page.starts_with("<!doctype html>") && page.contains("documentation_writer"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bindings;
pub mod component;
mod convert;
pub mod cost_benchmark;
pub mod engines;
mod explored;
pub mod foreign;
pub mod live;
pub mod model_server;
pub mod openclaw;
pub mod page;
pub mod quirks;
mod real_call;
pub mod scenario;
pub mod telemetry;
