//! A gateway of its own: its state, its configuration and its port belong to this run only.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use crate::npm::Tools;
use crate::started::Started;
use crate::{address, http, load, workspace};

use super::configuration::{configuration, merge};
use super::model::{ModelServer, Models};

pub(super) const PLUGIN: &str = "parallel-agents";
/// The session in which turns run that name none.
pub const CALLER: &str = "agent:main:main";
/// OpenClaw's own tries at a provider that fails: one more, where by default they take a minute and a half.
const RETRY_ONCE: &str = r#"{"retry": {"provider": {"maxRetries": 1}}}"#;
const AGENT_SETTINGS: &str = "state/agents/main/agent/settings.json";

/// Each takes ten seconds alone, and minutes where others build on the same two processors. They end what hangs.
const INSTALL: Duration = Duration::from_secs(400);
const READY: Duration = Duration::from_secs(600);
const STOP: Duration = Duration::from_secs(20);

/// An OpenClaw gateway with the model server that its agents ask.
pub struct Gateway {
    /// None while it is being started anew.
    pub(super) process: Option<Started>,
    /// Processor time of the processes that it had before, where somebody counts it.
    spent: Duration,
    /// None while another script is put on.
    pub(super) model: Option<ModelServer>,
    pub(super) address: SocketAddr,
    pub(super) surroundings: Surroundings,
}

/// What OpenClaw's programs are started with.
pub(super) struct Surroundings {
    node: PathBuf,
    openclaw: PathBuf,
    pub(super) place: PathBuf,
    /// Of this gateway alone: what has the token of another one is not let in.
    pub(super) token: String,
}

impl Gateway {
    /// Installs the plugin into a new state directory, starts the gateway and waits until it is ready. The model server
    /// ends with it.
    pub fn start(
        tools: &Tools,
        archive: &Path,
        model: ModelServer,
        config: &Value,
        plugin: &Value,
        place: &Path,
    ) -> Result<Self> {
        let address = address::free()?;
        let surroundings = Surroundings {
            node: tools.plugin.node.clone(),
            openclaw: tools.openclaw.clone(),
            place: place.to_owned(),
            token: format!("end-to-end-{}", address.port()),
        };
        for directory in ["home", "state/agents/main/agent", "tmp", "workspace"] {
            fs::create_dir_all(place.join(directory)).with_context(|| format!("cannot create {directory}"))?;
        }
        fs::write(place.join(AGENT_SETTINGS), RETRY_ONCE).context("cannot write the agent's settings")?;
        let mut own = configuration(address, model.models.address, &surroundings);
        merge(&mut own, config);
        surroundings.write_config(&own)?;
        let mut gateway = Self { process: None, spent: Duration::ZERO, model: Some(model), address, surroundings };
        gateway.install(archive)?;
        gateway.surroundings.configure_plugin(plugin)?;
        gateway.run()?;
        Ok(gateway)
    }

    fn run(&mut self) -> Result<()> {
        let port = self.address.port().to_string();
        let mut command = self.surroundings.openclaw(&["gateway", "run", "--port", &port]);
        let mut process = Started::start("gateway", &mut command, &self.surroundings.place)?;
        let address = self.address;
        process.wait_until("ready", READY, |_| http::get(address, "/readyz").ok())?;
        self.process = Some(process);
        Ok(())
    }

    /// Kills it without a word, and starts it on the same state.
    pub fn kill_and_start(&mut self) -> Result<()> {
        self.kill();
        self.start_again()
    }

    /// Kills it without a word (`kill -9`). It stays down until it is started again.
    pub fn kill(&mut self) {
        self.spent = self.load().unwrap_or(self.spent);
        // Dropping it is that kill.
        self.process = None;
    }

    /// Starts it on the state and the port that it had.
    pub fn start_again(&mut self) -> Result<()> {
        self.run()
    }

    /// Stops it in order, and starts it on the same state.
    pub fn stop_and_start(&mut self) -> Result<()> {
        self.spent = self.load().unwrap_or(self.spent);
        if let Some(process) = self.process.take() {
            process.stop(STOP)?;
        }
        self.run()
    }

    /// Has the agents play another script from here on, each task at its first attempt.
    pub fn play(&mut self, script: &Path) -> Result<()> {
        let model = self.model.take().context("there is no model server")?;
        self.model = Some(model.play(script)?);
        Ok(())
    }

    /// Installs the package.
    pub fn install(&self, archive: &Path) -> Result<()> {
        let mut install = self.surroundings.openclaw(&["plugins", "install"]);
        install.arg(archive).args(["--force", "--accept-capabilities"]);
        Started::start("plugin-install", &mut install, &self.surroundings.place)?.finish(INSTALL)?;
        Ok(())
    }

    /// What can be asked of the models behind it.
    pub fn models(&self) -> Result<Models> {
        Ok(self.model.as_ref().context("there is no model server")?.models)
    }

    /// Processor time of the gateway so far, with all of its threads, and of what it has started. A process that it had before
    /// counts up to its end.
    pub fn load(&self) -> Result<Duration> {
        Ok(self.spent + load::of_group(self.process.as_ref().context("no gateway runs")?.id())?)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its operator is known by. The gateway only listens on this machine, and only while the run lasts.
    pub fn token(&self) -> &str {
        &self.surroundings.token
    }

    /// The directory of all that this gateway has: its state, its workspace, its configuration.
    pub fn place(&self) -> &Path {
        &self.surroundings.place
    }

    /// Where the plugin lies, as OpenClaw has installed it.
    pub fn installed(&self) -> String {
        self.surroundings.place.join("state/extensions").join(PLUGIN).display().to_string()
    }

    /// The agent's workspace.
    pub fn workspace(&self) -> PathBuf {
        self.surroundings.place.join("workspace")
    }

    /// One command of OpenClaw's; what it prints.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.surroundings.openclaw(arguments);
        Started::start("openclaw", &mut command, &self.surroundings.place)?.finish(INSTALL)
    }

    /// Waits for something that only looking can find.
    pub fn wait_until(&self, what: &str, limit: Duration, look: impl Fn(&Self) -> bool) -> Result<()> {
        let begin = Instant::now();
        while !look(self) {
            if begin.elapsed() > limit {
                return Err(self.with_log(anyhow!("not after {} s: {what}", limit.as_secs())));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The sessions that the gateway lists.
    fn sessions(&self) -> Result<Vec<Value>> {
        let answer = self.invoke(CALLER, "sessions_list", &json!({ "limit": 1_000 }))?;
        let rows = answer.get("sessions").and_then(Value::as_array);
        rows.cloned().with_context(|| format!("the gateway lists no sessions: {answer:#}"))
    }

    /// The sessions that belong to another one, as the gateway lists them.
    pub fn spawned_by(&self, session: &str) -> Result<BTreeSet<String>> {
        let rows = self.sessions()?;
        let own = rows.iter().filter(|row| field(row, "parentSessionKey") == session);
        Ok(own.map(|row| field(row, "key")).collect())
    }

    /// Checks that no session runs any more.
    pub fn check_idle(&self) -> Result<()> {
        for row in self.sessions()? {
            let status = field(&row, "status");
            ensure!(!["queued", "running"].contains(&status.as_str()), "still {status}: {}", field(&row, "key"));
        }
        Ok(())
    }

    /// Checks that every result has a session, and that the gateway lists none of them any more.
    pub fn check_deleted(&self, report: &Value) -> Result<()> {
        let listed: Vec<String> = self.sessions()?.iter().map(|row| field(row, "key")).collect();
        let results = report.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        ensure!(!results.is_empty(), "there are no results: {report:#}");
        for key in results.iter().map(|result| field(result, "session_key")) {
            ensure!(key.contains(":subagent:"), "{key} is no session");
            ensure!(!listed.contains(&key), "still listed, although it was to be deleted: {key}");
        }
        Ok(())
    }

    /// Checks that every result has a session of the caller, and that no session of it runs any more.
    pub fn check_sessions(&self, caller: &str, report: &Value) -> Result<()> {
        self.check_idle()?;
        let caller = key(caller);
        let rows = self.sessions()?;
        let results = report.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut keys: Vec<String> = results.iter().map(|result| field(result, "session_key")).collect();
        for key in &keys {
            let row = rows.iter().find(|row| field(row, "key") == *key);
            let row = row.with_context(|| format!("the gateway knows no session {key}"))?;
            let parent = field(row, "parentSessionKey");
            ensure!(parent == caller, "{key} belongs to {parent}, not to {caller}");
        }
        keys.sort();
        keys.dedup();
        let others = rows.iter().filter(|row| field(row, "parentSessionKey") == caller).count();
        ensure!(keys.len() == others, "{others} sessions were spawned for {} results", keys.len());
        Ok(())
    }

    /// Stops it. An idle gateway needs two or three seconds.
    pub fn stop(self) -> Result<()> {
        if let Some(process) = self.process {
            process.stop(STOP)?;
        }
        if http::is_open(self.address) {
            bail!("somebody still listens where the gateway was, on {}", self.address);
        }
        self.model.map_or(Ok(()), ModelServer::stop)
    }
}

impl Surroundings {
    /// A script of this repository, to be run by the gateway's Node.
    pub(super) fn script(&self, path: &str) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(workspace::root().join(path));
        command
    }

    /// OpenClaw with nothing of this user but the search path: no configuration, no keys.
    pub(super) fn openclaw(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.node);
        let own = self.node.parent().map(Path::to_path_buf).into_iter();
        let present = env::var_os("PATH").unwrap_or_default();
        // Paths that were split at separators hold none.
        let path = env::join_paths(own.chain(env::split_paths(&present))).unwrap_or_default();
        command.arg(&self.openclaw).args(arguments).current_dir(self.place.join("workspace"));
        command.env_clear().envs([
            ("NO_COLOR", "1"),
            ("OPENCLAW_NO_AUTO_UPDATE", "1"),
            ("OPENCLAW_GATEWAY_TOKEN", &self.token),
        ]);
        command.env("PATH", path).env("HOME", self.place.join("home")).env("TMPDIR", self.place.join("tmp"));
        command.env("OPENCLAW_STATE_DIR", self.place.join("state")).env("OPENCLAW_CONFIG_PATH", self.config());
        command
    }
}

pub(super) fn field(row: &Value, name: &str) -> String {
    row.get(name).and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// A session's whole name.
pub fn key(session: &str) -> String {
    if session.contains(':') { session.to_owned() } else { format!("agent:main:{session}") }
}
