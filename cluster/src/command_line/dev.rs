//! `dev`: what is for tests and trials.

use super::say;
use crate::model::{self, ModelArgs, ModelError};

/// For tests and trials.
#[derive(Debug, clap::Subcommand)]
pub(super) enum DevCommand {
    /// A gateway as it is seen through its door: sessions by a script, faults as wanted, no costs
    GatewayModel(Box<ModelArgs>),
}

/// Runs one to its end, and gives the exit code.
pub(super) fn run(DevCommand::GatewayModel(args): DevCommand) -> u8 {
    let session = args.session.clone();
    let ready = |address| say(&format!("the model of a gateway is at http://{address}, its door {session}"));
    // One thread is enough for all that it does, and costs least.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("the runtime cannot be set up: {error}"));
            return 3;
        }
    };
    match runtime.block_on(model::serve(*args, ready)) {
        Ok(()) => 0,
        Err(error) => {
            say(&format!("error: {error}"));
            if matches!(error, ModelError::NotLoopback(_)) { 2 } else { 3 }
        }
    }
}
