//! An offline OpenClaw: runs the parallel-agents component against simulated sessions with scripted answers.
//!
//! | module         | what it does                                                               |
//! |----------------|----------------------------------------------------------------------------|
//! | `agent_files`  | agent definitions as people have them in files                            |
//! | `script`       | what simulated agents answer, and what the gateway allows                  |
//! | `outside`      | what may answer the component's imports                                    |
//! | `world`        | the simulated gateway: sessions, lanes, caps, an ordered stream of events  |
//! | `live`         | real sessions: one chat completion each, on an OpenAI-compatible server    |
//! | `http`         | what all clients of this program have in common                            |
//! | `watch`        | who sees what is said during a call                                        |
//! | `recording`    | a run as it went, to be gone through again under other rules               |
//! | `reply`        | where a reply of the component has its run, and how it ended               |
//! | `session_log`  | what the host saw of each session, for reports                             |
//! | `page`         | a report as one page for a browser                                         |
//! | `telemetry`    | a report as OpenTelemetry spans                                            |
//! | `ledger`       | the host's own account of a call, and the promises that it checks          |
//! | `trace`        | everything that was said, as text that can be compared                     |
//! | `clock`        | virtual time, which jumps, and real time, which passes                     |
//! | `component`    | the component under wasmtime, one fresh instance per call                  |
//! | `foreign`      | the same calls in an engine that is another program                        |
//! | `engines`      | two engines, compared byte for byte                                        |
//! | `explore`      | random runs, held to what every run promises                               |
//! | `economics`    | what the ladder of models is worth                                         |
//! | `scenario`     | what goes wrong without a policy, and what comes of it with one            |
//! | `native`       | the same calls on the engine's native code                                 |
//! | `quirks`       | how model servers differ from the protocol that they all claim to speak    |
//! | `model_server` | the same answers behind an OpenAI-compatible address, for a real gateway   |

pub mod agent_files;
mod bindings;
mod call;
pub mod clock;
pub mod component;
mod convert;
pub mod economics;
pub mod engines;
mod error;
pub mod explore;
pub mod foreign;
mod http;
pub mod ledger;
pub mod live;
pub mod model_server;
pub mod native;
pub mod outside;
pub mod page;
mod paging;
pub mod quirks;
pub mod recording;
pub mod reply;
pub mod scenario;
pub mod script;
pub mod session_log;
pub mod telemetry;
pub mod trace;
pub mod watch;
pub mod world;

pub use call::{Called, spawns_sessions};
pub use error::SimError;
