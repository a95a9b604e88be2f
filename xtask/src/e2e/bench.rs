//! What all scenarios stand on: the packaged plugin, a gateway with scripted models, turns of its agent.
//!
//! All that is started here ends with it, whatever happens.

mod approver;
mod configuration;
mod cron;
mod gateway;
mod keys;
mod model;
mod turns;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::npm::Tools;
use crate::{package, publish, simulator, started, workspace};

use super::tracks;

pub use crate::started::Started;
pub use approver::Approver;
pub use gateway::{CALLER, Gateway};
pub use keys::Key;
pub use model::Models;

use model::ModelServer;

/// Plays the agents, in the gateway as in the simulator.
pub const SCRIPT: &str = "host-sim/scripts/default.toml";
/// Plays agents that all take the same time: half a second.
pub const STEADY: &str = "xtask/fanout/steady.toml";
/// Draws the chance of every run, so that prompts repeat.
pub const SEED: &str = "7";

/// Ends what hangs. They take a minute alone, and five where they share two processors with two gateways.
const PLUGIN_TESTS: Duration = Duration::from_secs(900);

/// The programs and the package, built once.
pub struct Bench {
    /// Node and OpenClaw.
    pub tools: Tools,
    /// The simulator's command line.
    pub simulator: PathBuf,
    /// The package, as it is published.
    pub archive: PathBuf,
    place: TempDir,
}

impl Bench {
    /// Builds the package and the simulator.
    ///
    /// # Errors
    /// The first thing that fails; for programs with the end of what they printed.
    pub fn prepare(tools: Tools) -> Result<Self> {
        let simulator = step("build the simulator", simulator::build)?;
        let archive = step("package the plugin", || package::run(&tools.plugin))?;
        let place = tempfile::Builder::new().prefix("parallel-agents-e2e-").tempdir();
        let place = place.context("cannot create a temporary directory")?;
        started::end_on_signal(place.path())?;
        Ok(Self { tools, simulator, archive, place })
    }

    /// Runs the plugin's own tests, which need no gateway.
    ///
    /// # Errors
    /// If one fails, with the end of what they print.
    pub fn test_plugin(&self) -> Result<()> {
        step("test the plugin", || {
            let mut command = Command::new(&self.tools.plugin.node);
            command.args(["--test", "test/*.test.ts"]).current_dir(package::directory());
            Started::start("plugin-tests", &mut command, self.place.path())?.finish(PLUGIN_TESTS).map(drop)
        })
    }

    /// Has ClawHub's command line look at the package.
    ///
    /// # Errors
    /// What ClawHub would refuse.
    pub fn check_package(&self) -> Result<()> {
        step("check the package as ClawHub does", || publish::check(&self.tools.plugin.node, &self.archive))
    }

    /// A directory for the files of one group of scenarios.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.place.path().join(name);
        std::fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
        Ok(place)
    }

    /// Runs scenarios in a gateway that was set up for them. `config` is laid over the gateway's own, `plugin` is the
    /// plugin's configuration. The gateway is stopped in any case.
    ///
    /// # Errors
    /// What the scenarios find, or that the gateway does not start or stop.
    pub fn gateway(
        &self,
        name: &str,
        config: &Value,
        plugin: &Value,
        scenarios: impl FnOnce(&mut Gateway) -> Result<()>,
    ) -> Result<()> {
        self.gateways(&[name], config, plugin, |gateways| {
            scenarios(gateways.first_mut().context("no gateway was started")?)
        })
    }

    /// The same in several gateways of these names, each with models, a state and a token of its own.
    ///
    /// # Errors
    /// As for one gateway, and of several the first.
    pub fn gateways(
        &self,
        names: &[&str],
        config: &Value,
        plugin: &Value,
        scenarios: impl FnOnce(&mut [Gateway]) -> Result<()>,
    ) -> Result<()> {
        // One after the other: a gateway that starts beside others on a busy machine may lose its own lease and give up.
        let start = |name| step(&format!("start the gateway {name}"), || self.start_gateway(name, config, plugin));
        let mut gateways = names.iter().map(|name| start(*name)).collect::<Result<Vec<Gateway>>>()?;
        let outcome = scenarios(&mut gateways);
        let stopped = gateways.into_iter().map(Gateway::stop).fold(Ok(()), Result::and);
        outcome.and(stopped)
    }

    fn start_gateway(&self, name: &str, config: &Value, plugin: &Value) -> Result<Gateway> {
        let place = self.place(name)?;
        let model = ModelServer::start(&self.simulator, Path::new(SCRIPT), &place)?;
        Gateway::start(&self.tools, &self.archive, model, config, plugin, &place)
    }
}

/// Does something, and tells how long it took.
///
/// # Errors
/// Its own, with its name.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let begin = Instant::now();
    let outcome = work().with_context(|| format!("cannot {name}"))?;
    tell(begin.elapsed(), name);
    Ok(outcome)
}

/// Tells of something that is done, and on which track.
pub fn tell(took: Duration, what: &str) {
    eprintln!("{:>6.1} s  {:<7} {what}", took.as_secs_f64(), tracks::name());
}

/// A task that any answer will do for.
pub fn plain_task() -> Value {
    json!({ "agent_type": "code_reviewer", "task_description": "Say something.", "output_format": "text" })
}

/// What the results of a report have at a place, as far as they have a text there.
pub fn of_results<'a>(report: &'a Value, place: &str) -> Vec<&'a str> {
    let results = report.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    results.iter().filter_map(|result| result.pointer(place)?.as_str()).collect()
}

/// A JSON file of this repository.
///
/// # Errors
/// If it cannot be read.
pub fn json_file(path: &str) -> Result<Value> {
    let text = std::fs::read_to_string(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str(&text).with_context(|| format!("{path} is no JSON"))
}
