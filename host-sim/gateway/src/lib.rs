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
//! | `recording`   | a call as it went, to be played again under other rules                              |
//! | `clock`       | virtual time, which jumps, and real time, which passes                               |
//! | `native`      | calls on the engine's own code                                                       |
//! | `engine`      | whatever carries calls out, for random runs                                          |
//! | `explore`     | random runs, held to every invariant                                                |
//! | `call`        | a finished call, and what a request allows it                                        |
//! | `reply`       | where a reply has its run, and how it ended                                          |
//! | `paging`      | lists and transcripts in pages                                                      |
//! | `error`       | why a call has no result                                                            |

pub mod backend;
pub mod call;
pub mod checker;
pub mod clock;
pub mod engine;
pub mod error;
pub mod explore;
pub mod gateway;
pub mod host;
mod label;
pub mod native;
pub mod observed;
pub mod observer;
pub mod options;
pub mod paging;
pub mod recording;
pub mod reply;
pub mod script;
mod secret;
pub mod session_log;
pub mod simulation;
pub mod trace;
pub mod truth;

pub use call::{Called, spawns_sessions};
pub use error::SimError;
