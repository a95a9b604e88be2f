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
//! | `model_server` | scripted answers behind an OpenAI-compatible address, for a real gateway   |
//! | `quirks`       | how model servers differ from the protocol that they all claim to speak    |
//! | `http`         | what all clients of this program have in common                            |
//! | `scenario`     | what goes wrong without a policy, and what comes of it with one            |
//! | `economics`    | what the ladder of models is worth                                         |
//! | `canaries`     | deliberate defects of the engine, and how many seeds it takes to find each |
//! | `agent_files`  | agent definitions as people have them in files                             |
//! | `page`         | a report as one page for a browser                                         |
//! | `telemetry`    | a report as OpenTelemetry spans                                            |

pub mod agent_files;
mod bindings;
#[cfg(feature = "canary-bugs")]
pub mod canaries;
pub mod component;
mod convert;
pub mod economics;
pub mod engines;
mod explored;
pub mod foreign;
mod http;
pub mod live;
pub mod model_server;
pub mod page;
pub mod quirks;
pub mod scenario;
pub mod telemetry;
