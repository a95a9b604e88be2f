//! One run over several OpenClaw gateways, made durable by Restate.
//!
//! | module         | what it does                                                          |
//! |----------------|-----------------------------------------------------------------------|
//! | `command_line` | the program's commands                                                |

pub mod command_line;
