//! One run over several OpenClaw gateways, made durable by Restate.
//!
//! | module                      | what it does                                                                       |
//! |-----------------------------|------------------------------------------------------------------------------------|
//! | `call`                      | the state machine of a run: what has happened goes in, what is to be done comes out |
//! | `placement`                 | which gateway gets a session                                                       |
//! | `stepper`                   | the native engine, one event at a time                                             |
//! | `messages`                  | what stands in Restate's journal                                                   |
//! | `starting`, `limits`        | how a run is made of what somebody wants and what operators allow                 |
//! | `runs`                      | the service that starts runs, for other programs                                   |
//! | `run`, `session`, `operator` | the other services                                                                |
//! | `status`                    | what a run keeps of how far it is                                                  |
//! | `controls`                  | what a run can be told from outside                                                |
//! | `gateways`, `watch`, `silence` | what a worker asks of gateways, how it waits for the ends of sessions there, and since when without an answer |
//! | `lease`                     | since when a gateway has not answered any worker                                   |
//! | `restate`, `serving`        | the client of a Restate server, and the worker's own HTTP/2 server                 |
//! | `config`, `command_line`    | the configuration file, and the program's commands                                 |
//! | `model`                     | a gateway with an open door for trials, on loopback and without costs              |

pub mod call;
mod clock;
pub mod command_line;
mod config;
mod controls;
mod gateways;
mod lease;
mod limits;
pub mod messages;
pub mod model;
mod operator;
pub mod placement;
mod restate;
mod run;
mod runs;
mod serving;
mod session;
mod silence;
mod starting;
mod status;
pub mod stepper;
mod watch;
