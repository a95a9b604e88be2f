//! A simulated OpenClaw gateway: sessions with scripted answers, lanes, caps, faults and virtual time, and a checker that holds
//! every call to its invariants. No WebAssembly and no network.
//!
//! | module        | what it does                                                                        |
//! |---------------|-------------------------------------------------------------------------------------|
//! | `script`      | what simulated agents answer, what the gateway allows, and what goes wrong            |
//! | `gateway`     | sessions, lanes, caps, an ordered queue of events                                   |
//! | `backend`     | what may answer a call's commands: the gateway, or a host of another crate            |
//! | `observer`    | who sees what is said during a call                                                  |
//! | `checker`     | the host's own account of a call, held to the invariants                             |
//! | `trace`       | everything that was said, as text that can be compared                               |
//! | `session_log` | what was seen of each session, for reports                                           |
//! | `task_log`    | where each task stands while a call lasts                                            |
//! | `changes`     | what is new in these two since somebody looked                                       |
//! | `recording`   | a call as it went, to be played again under other rules                              |
//! | `clock`       | virtual time, which jumps, and real time, which passes                               |
//! | `native`      | calls on the engine's own code                                                       |
//! | `answering`   | the same, where a function says what each session answers: for tests of workflows       |
//! | `odd_host`    | a host for tests of single replies that no gateway gives                              |
//! | `engine`      | whatever carries calls out, for random runs                                          |
//! | `explore`     | random runs, held to every invariant                                                |
//! | `defects`     | seeded defects, each of which random runs have to find                               |
//! | `call`        | a finished call, and what a request allows it                                        |
//! | `reply`       | where a reply has its run, and how it ended                                          |
//! | `paging`      | lists and transcripts in pages                                                      |
//! | `error`       | why a call has no result                                                            |
//!
//! # Example
//!
//! A request of two tasks with simulated agents. The seed decides how long they take and what goes wrong; the same one always gives
//! the same run.
//!
//! ```
//! use futures::executor::block_on;
//! use gateway_sim::{clock::Clock, native, options::SimulationOptions, script::Script, simulation::Simulation};
//! use parallel_agents::documents::DocumentReply;
//! use serde_json::Value;
//!
//! let request = r#"{"tasks": [
//!     {"agent_type": "code_reviewer", "task_description": "Review this.", "input_data": {"code": "fn f() {}"}},
//!     {"agent_type": "test_engineer", "task_description": "Test this.", "dependencies": ["task-1"]}
//! ]}"#;
//! let gateway = Simulation::new(Script::bundled(), 1, SimulationOptions::default());
//! let called = block_on(native::call("run_tasks", request, gateway, &Clock::virtual_time()));
//!
//! let DocumentReply::Answer(text) = called.result? else { panic!("the request was refused") };
//! let report: Value = serde_json::from_str(&text)?;
//! assert_eq!(report["census"]["completed"], 2);
//! assert_eq!(report["peak_in_flight"], 1, "the second waited for the first");
//! // The checker counts for itself; it does not believe the report.
//! assert_eq!(called.backend.checker().spawn_calls(), 2);
//! assert_eq!(called.backend.checker().violations(), []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod answering;
pub mod backend;
pub mod call;
pub mod changes;
pub mod checker;
pub mod clock;
pub mod defects;
mod effort;
pub mod engine;
pub mod error;
pub mod explore;
pub mod gateway;
pub mod host;
mod label;
pub mod native;
pub mod observed;
pub mod observer;
pub mod odd_host;
pub mod options;
pub mod paging;
pub mod recording;
pub mod reply;
pub mod script;
mod search;
mod secret;
pub mod session_log;
pub mod simulation;
pub mod task_log;
pub mod trace;
pub mod truth;

pub use call::{Called, spawns_sessions};
pub use error::SimError;
