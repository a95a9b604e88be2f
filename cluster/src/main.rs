//! One run over several OpenClaw gateways, made durable by Restate: the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(parallel_agents_cluster::command_line::run())
}
