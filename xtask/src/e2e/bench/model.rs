//! The simulator's scripted agents as a model server on this machine.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::workspace;

use super::http;
use super::started::Started;

/// What a model server plays.
#[derive(Clone, Copy)]
pub struct Play {
    /// The script, from the root of this repository.
    pub script: &'static str,
    /// How many times faster than the script says.
    pub speed: &'static str,
}

/// What can be asked of a model server beside answers.
#[derive(Clone, Copy)]
pub struct Models {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Models {
    /// What it has been asked since it began to count.
    pub fn counts(self) -> Result<Value> {
        serde_json::from_str(&http::get(self.address, "/stats")?).context("counts that are no JSON")
    }

    /// Counts anew; what was counted so far.
    pub fn count_anew(self) -> Result<Value> {
        serde_json::from_str(&http::post(self.address, "/stats/reset", "", "")?).context("counts that are no JSON")
    }

    /// Keeps agents' answers back, or lets them go.
    pub fn hold(self, held: bool) -> Result<()> {
        http::post(self.address, if held { "/hold" } else { "/release" }, "", "").map(|_| ())
    }
}

/// The model server.
pub struct ModelServer {
    process: Started,
    /// What can be asked of it.
    pub models: Models,
}

impl ModelServer {
    /// Starts it and waits until it listens.
    pub fn start(simulator: &Path, play: Play, seed: &str, place: &Path) -> Result<Self> {
        let mut command = Command::new(simulator);
        command.args(["serve-model", "--listen", "127.0.0.1:0", "--speed", play.speed]);
        command.args(["--script", play.script, "--seed", seed]).current_dir(workspace::root());
        let mut process = Started::start("model-server", &mut command, place)?;
        let address = process.wait_until("listening", Duration::from_secs(30), |out| {
            let text = fs::read_to_string(out).ok()?;
            let line: Value = serde_json::from_str(text.lines().next()?).ok()?;
            line.get("address")?.as_str()?.parse().ok()
        })?;
        Ok(Self { process, models: Models { address } })
    }

    /// Stops it.
    pub fn stop(self) -> Result<()> {
        let Self { process, models: Models { address } } = self;
        process.stop(Duration::from_secs(5))?;
        if http::is_open(address) {
            bail!("somebody still listens where the model server was, on {address}");
        }
        Ok(())
    }
}
