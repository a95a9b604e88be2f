//! The simulator's scripted agents as a model server on this machine.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::started::Started;
use crate::{http, workspace};

use super::SEED;

/// Agents think for about half a minute in the script; here nobody wants to wait for that.
const SPEED: &str = "20";

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

    /// Agents that wait for an answer of it.
    pub fn live(self) -> Result<u64> {
        self.counts()?.get("live").and_then(Value::as_u64).context("counts without those that wait")
    }

    /// Counts anew; what was counted so far.
    pub fn count_anew(self) -> Result<Value> {
        serde_json::from_str(&http::post(self.address, "/stats/reset", &[], "", http::LIMIT)?)
            .context("counts that are no JSON")
    }

    /// Keeps agents' answers back, or lets them go.
    pub fn hold(self, held: bool) -> Result<()> {
        http::post(self.address, if held { "/hold" } else { "/release" }, &[], "", http::LIMIT).map(|_| ())
    }
}

/// The model server.
pub struct ModelServer {
    process: Started,
    simulator: PathBuf,
    place: PathBuf,
    /// What can be asked of it.
    pub models: Models,
}

impl ModelServer {
    /// Starts it and waits until it listens.
    pub fn start(simulator: &Path, script: &Path, place: &Path) -> Result<Self> {
        Self::listen(simulator.to_owned(), script, place.to_owned(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Another one in its place, with another script.
    pub fn play(self, script: &Path) -> Result<Self> {
        let (simulator, place, address) = (self.simulator.clone(), self.place.clone(), self.models.address);
        self.stop()?;
        Self::listen(simulator, script, place, address)
    }

    fn listen(simulator: PathBuf, script: &Path, place: PathBuf, address: SocketAddr) -> Result<Self> {
        let mut command = Command::new(&simulator);
        command.args(["serve-model", "--speed", SPEED, "--seed", SEED, "--listen", &address.to_string(), "--script"]);
        command.arg(script).current_dir(workspace::root());
        let mut process = Started::start("model-server", &mut command, &place)?;
        let address = process.wait_until("listening", Duration::from_secs(30), |out| {
            let text = fs::read_to_string(out).ok()?;
            let line: Value = serde_json::from_str(text.lines().next()?).ok()?;
            line.get("address")?.as_str()?.parse().ok()
        })?;
        Ok(Self { process, simulator, place, models: Models { address } })
    }

    /// Ends the process, and fails if its port still answers.
    pub fn stop(self) -> Result<()> {
        let Self { process, models: Models { address }, .. } = self;
        process.stop(Duration::from_secs(5))?;
        if http::is_open(address) {
            bail!("somebody still listens where the model server was, on {address}");
        }
        Ok(())
    }
}
