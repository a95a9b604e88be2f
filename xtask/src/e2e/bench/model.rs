//! The simulator's scripted agents as a model server on this machine.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::workspace;

use super::http;
use super::started::Started;

/// Agents think for about half a minute in the script; here nobody wants to wait for that.
const SPEED: &str = "20";

/// The model server.
pub struct ModelServer {
    process: Started,
    /// Where it listens.
    pub address: SocketAddr,
}

impl ModelServer {
    /// Starts it and waits until it listens.
    pub fn start(simulator: &Path, script: &str, seed: &str, place: &Path) -> Result<Self> {
        let mut command = Command::new(simulator);
        command.args(["serve-model", "--listen", "127.0.0.1:0", "--speed", SPEED]);
        command.args(["--script", script, "--seed", seed]).current_dir(workspace::root());
        let mut process = Started::start("model-server", &mut command, place)?;
        let address = process.wait_until("listening", Duration::from_secs(30), |out| {
            let text = fs::read_to_string(out).ok()?;
            let line: Value = serde_json::from_str(text.lines().next()?).ok()?;
            line.get("address")?.as_str()?.parse().ok()
        })?;
        Ok(Self { process, address })
    }

    /// Stops it.
    pub fn stop(self) -> Result<()> {
        let Self { process, address } = self;
        process.stop(Duration::from_secs(5))?;
        if http::is_open(address) {
            bail!("somebody still listens where the model server was, on {address}");
        }
        Ok(())
    }
}
