//! One run over several OpenClaw gateways, made durable by Restate.
//!
//! | module         | what it does                                                          |
//! |----------------|-----------------------------------------------------------------------|
//! | `command_line` | the program's commands                                                |

pub mod call;
pub mod command_line;
mod config;
mod gateways;
pub mod model;
mod operator;
pub mod orders;
pub mod placement;
mod restate;
mod run;
mod serving;
mod session;
pub mod stepper;
mod watch;
