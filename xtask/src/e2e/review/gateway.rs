//! A gateway of its own: its state, its configuration and its port belong to this run only.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::npm::Tools;

use super::http;
use super::model::ModelServer;
use super::started::Started;

const PLUGIN: &str = "parallel-agents";
/// The session in which the agent's turn runs.
const CALLER: &str = "agent:main:main";
/// It only listens on this machine, and only while the run lasts.
const TOKEN: &str = "end-to-end";
/// What the scripted agent puts in front of a tool's result when it repeats it.
const RESULT_MARK: &str = "TOOL_RESULT ";

const INSTALL: Duration = Duration::from_secs(120);
const READY: Duration = Duration::from_secs(180);
const TURN: Duration = Duration::from_secs(240);

/// The gateway.
pub struct Gateway {
    process: Started,
    address: SocketAddr,
    surroundings: Surroundings,
}

/// What OpenClaw's programs are started with.
struct Surroundings {
    node: PathBuf,
    openclaw: PathBuf,
    place: PathBuf,
}

impl Gateway {
    /// Installs the plugin into a new state directory, starts the gateway and waits until it is ready.
    pub fn start(tools: &Tools, archive: &Path, model: &ModelServer, seed: &str, place: &Path) -> Result<Self> {
        let surroundings =
            Surroundings { node: tools.node.clone(), openclaw: tools.openclaw()?, place: place.to_owned() };
        for directory in ["home", "state", "tmp", "workspace"] {
            fs::create_dir(place.join(directory)).with_context(|| format!("cannot create {directory}"))?;
        }
        let address = http::free_address()?;
        surroundings.write_config(&configuration(address, model.address, place))?;
        let mut install = surroundings.openclaw(&["plugins", "install"]);
        install.arg(archive).args(["--force", "--accept-capabilities"]);
        Started::start("plugin-install", &mut install, place)?.finish(INSTALL)?;
        surroundings.set_seed(seed)?;
        let mut run = surroundings.openclaw(&["gateway", "run", "--port", &address.port().to_string()]);
        let mut process = Started::start("gateway", &mut run, place)?;
        process.wait_until("ready", READY, |_| http::get(address, "/readyz").ok())?;
        Ok(Self { process, address, surroundings })
    }

    /// Runs one turn of the agent, in which its scripted model calls a tool; the tool's result.
    pub fn call_from_a_turn(&self, tool: &str, arguments: &Value) -> Result<Value> {
        let message = format!("CALL_TOOL {tool} {arguments}");
        let mut command = self.surroundings.openclaw(&["agent", "--agent", "main", "--json", "--message"]);
        let turn = Started::start("agent-turn", command.arg(message), &self.surroundings.place)?.finish(TURN);
        let printed = turn.map_err(|error| error.context(format!("the gateway printed{}", self.process.tail())))?;
        let turn: Value = serde_json::from_str(&printed).context("the agent's turn printed no JSON")?;
        let said = turn.pointer("/result/payloads/0/text").and_then(Value::as_str).unwrap_or_default();
        let Some(result) = said.strip_prefix(RESULT_MARK) else {
            bail!("the agent did not repeat the result of the tool; it said {said:?}");
        };
        serde_json::from_str(result).with_context(|| format!("the result of the tool is no JSON: {result}"))
    }

    /// Checks that every result has a session of the caller, and that no session runs any more.
    pub fn check_sessions(&self, report: &Value) -> Result<()> {
        let request = json!({ "tool": "sessions_list", "args": { "limit": 200 }, "sessionKey": CALLER });
        let answer = http::post(self.address, "/tools/invoke", TOKEN, &request.to_string())?;
        let answer: Value = serde_json::from_str(&answer).context("the gateway's list of sessions is no JSON")?;
        let rows = answer.pointer("/result/details/sessions").and_then(Value::as_array);
        let rows = rows.with_context(|| format!("the gateway lists no sessions: {answer:#}"))?;
        let field = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        for row in rows {
            let status = field(row, "status");
            ensure!(!["queued", "running"].contains(&status.as_str()), "still {status}: {}", field(row, "key"));
        }
        let results = report.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut keys: Vec<String> = results.iter().map(|result| field(result, "session_key")).collect();
        for key in &keys {
            let row = rows.iter().find(|row| field(row, "key") == *key);
            let row = row.with_context(|| format!("the gateway knows no session {key}"))?;
            let parent = field(row, "parentSessionKey");
            ensure!(parent == CALLER, "{key} belongs to {parent}, not to {CALLER}");
        }
        keys.sort();
        keys.dedup();
        let others = rows.iter().filter(|row| field(row, "key") != CALLER).count();
        ensure!(keys.len() == others, "{others} sessions were spawned for {} results", keys.len());
        Ok(())
    }

    /// Stops it. An idle gateway needs two or three seconds.
    pub fn stop(self) -> Result<()> {
        self.process.stop(Duration::from_secs(20))?;
        if http::is_open(self.address) {
            bail!("somebody still listens where the gateway was, on {}", self.address);
        }
        Ok(())
    }
}

impl Surroundings {
    /// OpenClaw with nothing of this user but the search path: no configuration, no keys.
    fn openclaw(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.node);
        let own = self.node.parent().map(Path::to_path_buf).into_iter();
        let present = env::var_os("PATH").unwrap_or_default();
        // Paths that were split at separators hold none.
        let path = env::join_paths(own.chain(env::split_paths(&present))).unwrap_or_default();
        command.arg(&self.openclaw).args(arguments).current_dir(self.place.join("workspace"));
        command.env_clear().envs([
            ("NO_COLOR", "1"),
            ("OPENCLAW_NO_AUTO_UPDATE", "1"),
            ("OPENCLAW_GATEWAY_TOKEN", TOKEN),
        ]);
        command.env("PATH", path).env("HOME", self.place.join("home")).env("TMPDIR", self.place.join("tmp"));
        command.env("OPENCLAW_STATE_DIR", self.place.join("state")).env("OPENCLAW_CONFIG_PATH", self.config());
        command
    }

    fn config(&self) -> PathBuf {
        self.place.join("openclaw.json")
    }

    fn write_config(&self, config: &Value) -> Result<()> {
        fs::write(self.config(), format!("{config:#}\n")).context("cannot write the gateway's configuration")
    }

    /// The installation has written its own entry into the configuration; the seed goes beside that.
    fn set_seed(&self, seed: &str) -> Result<()> {
        let text = fs::read_to_string(self.config()).context("cannot read the gateway's configuration")?;
        let mut config: Value = serde_json::from_str(&text).context("the gateway's configuration is no JSON")?;
        let entry = config.pointer_mut(&format!("/plugins/entries/{PLUGIN}")).and_then(Value::as_object_mut);
        let entry = entry.with_context(|| format!("the installation left no entry for the plugin: {text}"))?;
        entry.insert("config".to_owned(), json!({ "seed": seed.parse::<u64>()? }));
        self.write_config(&config)
    }
}

/// The models have the names that the script gives them, so that both sides report the same ones.
fn configuration(address: SocketAddr, model: SocketAddr, place: &Path) -> Value {
    let models = ["economy", "standard", "premium"]
        .map(|name| json!({ "id": name, "name": name, "contextWindow": 200_000, "maxTokens": 8_192 }));
    json!({
        "gateway": {
            "mode": "local", "port": address.port(), "bind": "loopback",
            "auth": { "mode": "token", "token": TOKEN },
        },
        // Without this it also writes to a file that all gateways of this machine share.
        "logging": { "file": place.join("gateway.log") },
        "models": { "mode": "replace", "providers": { "sim": {
            "baseUrl": format!("http://{model}/v1"), "apiKey": "none", "api": "openai-completions", "models": models,
        } } },
        "agents": { "defaults": {
            "model": { "primary": "sim/standard" }, "workspace": place.join("workspace"), "skipBootstrap": true,
        } },
    })
}
