//! A gateway of its own: its state, its configuration and its port belong to this run only.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::npm::Tools;

use super::model::Models;
use super::started::Started;
use super::{http, load};

const PLUGIN: &str = "parallel-agents";
/// The session in which the agent's turn runs.
const CALLER: &str = "agent:main:main";
/// It only listens on this machine, and only while the run lasts.
const TOKEN: &str = "end-to-end";
/// What the scripted agent puts in front of a tool's result when it repeats it.
const RESULT_MARK: &str = "TOOL_RESULT ";

const INSTALL: Duration = Duration::from_secs(120);
const READY: Duration = Duration::from_secs(180);
const TURN: Duration = Duration::from_secs(400);
const STOP: Duration = Duration::from_secs(20);

/// The gateway.
pub struct Gateway {
    /// None while it is being started anew.
    process: Option<Started>,
    address: SocketAddr,
    /// The models behind it.
    pub models: Models,
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
    pub fn start(
        tools: &Tools,
        archive: &Path,
        models: Models,
        config: &Value,
        plugin: &Value,
        place: &Path,
    ) -> Result<Self> {
        let surroundings =
            Surroundings { node: tools.node.clone(), openclaw: tools.openclaw.clone(), place: place.to_owned() };
        for directory in ["home", "state", "tmp", "workspace"] {
            fs::create_dir(place.join(directory)).with_context(|| format!("cannot create {directory}"))?;
        }
        let address = http::free_address()?;
        let mut own = configuration(address, models.address, place);
        merge(&mut own, config);
        surroundings.write_config(&own)?;
        let mut gateway = Self { process: None, address, models, surroundings };
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
        // Dropping it is that kill.
        self.process = None;
        self.run()
    }

    /// Stops it in order, and starts it on the same state.
    pub fn stop_and_start(&mut self) -> Result<()> {
        if let Some(process) = self.process.take() {
            process.stop(STOP)?;
        }
        self.run()
    }

    /// Installs the package.
    pub fn install(&self, archive: &Path) -> Result<()> {
        let mut install = self.surroundings.openclaw(&["plugins", "install"]);
        install.arg(archive).args(["--force", "--accept-capabilities"]);
        Started::start("plugin-install", &mut install, &self.surroundings.place)?.finish(INSTALL)?;
        Ok(())
    }

    /// Processor time of the gateway so far, with all of its threads, and of what it has started.
    pub fn load(&self) -> Result<Duration> {
        load::of_group(self.process.as_ref().context("no gateway runs")?.id())
    }

    /// Where the plugin lies, as OpenClaw has installed it.
    pub fn installed(&self) -> String {
        self.surroundings.place.join("state/extensions").join(PLUGIN).display().to_string()
    }

    /// One command of OpenClaw's; what it prints.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.surroundings.openclaw(arguments);
        Started::start("openclaw", &mut command, &self.surroundings.place)?.finish(INSTALL)
    }

    /// What the plugin keeps of a run: a line for each session.
    pub fn receipts(&self, run: &str) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.kept(run, "sessions")).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// The whole result of a run, as the plugin keeps it.
    pub fn kept_result(&self, run: &str) -> Result<Value> {
        let reply = fs::read_to_string(self.kept(run, "result")).context("the plugin kept no result")?;
        let reply: Value = serde_json::from_str(&reply)?;
        let text = reply.get("val").and_then(Value::as_str).context("a result without a document")?;
        Ok(serde_json::from_str(text)?)
    }

    fn kept(&self, run: &str, kind: &str) -> PathBuf {
        self.surroundings.place.join(format!("state/parallel-agents/runs/{run}.{kind}"))
    }

    /// Waits for something that only looking can find.
    pub fn wait_until(&self, what: &str, limit: Duration, look: impl Fn(&Self) -> bool) -> Result<()> {
        let begin = Instant::now();
        while !look(self) {
            ensure!(begin.elapsed() < limit, "not after {} s: {what}", limit.as_secs());
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Runs one turn of the agent, in which its scripted model calls a tool of the plugin; the details of its reply.
    pub fn call(&self, tool: &str, arguments: &Value) -> Result<Value> {
        let reply = self.turn(tool, arguments)?;
        reply.pointer("/result/details").cloned().with_context(|| format!("a reply without details: {reply:#}"))
    }

    /// Runs one turn of the agent, in which its scripted model runs a Code Mode program; what that returns.
    pub fn program(&self, code: &str) -> Result<Value> {
        let reply = self.turn("exec", &json!({ "code": code }))?;
        let value = reply.get("value").filter(|_| reply.get("status") == Some(&json!("completed")));
        value.cloned().with_context(|| format!("the program did not return: {reply:#}"))
    }

    /// Sends a slash command to a session of its own; the details of the tool that answers it, without any model.
    pub fn slash(&self, line: &str, limit: Duration) -> Result<Value> {
        let key = format!("slash-{}", line.len());
        let session = format!("agent:main:{key}");
        let send = json!({ "sessionKey": session, "message": line, "idempotencyKey": key }).to_string();
        self.command(&["gateway", "call", "chat.send", "--json", "--timeout", "60000", "--params", &send])?;
        let history = json!({ "sessionKey": session }).to_string();
        let begin = Instant::now();
        loop {
            let ask = ["gateway", "call", "chat.history", "--json", "--timeout", "60000", "--params", &history];
            let printed: Value = serde_json::from_str(&self.command(&ask)?).context("a history that is no JSON")?;
            let messages = printed.get("messages").and_then(Value::as_array).into_iter().flatten();
            let mut answers = messages.filter(|message| field(message, "role") == "assistant");
            if let Some(text) = answers.find_map(|answer| answer.pointer("/content/0/text")?.as_str()) {
                return serde_json::from_str(text).with_context(|| format!("{line} was answered with {text}"));
            }
            ensure!(begin.elapsed() < limit, "no answer to {line}: {printed:#}");
        }
    }

    fn turn(&self, tool: &str, arguments: &Value) -> Result<Value> {
        let message = format!("CALL_TOOL {tool} {arguments}");
        let mut command = self.surroundings.openclaw(&["agent", "--agent", "main", "--json", "--message"]);
        let turn = Started::start("agent-turn", command.arg(message), &self.surroundings.place)?.finish(TURN);
        let log = || self.process.as_ref().map(Started::tail).unwrap_or_default();
        let printed = turn.map_err(|error| error.context(format!("the gateway printed{}", log())))?;
        let turn: Value = serde_json::from_str(&printed).context("the agent's turn printed no JSON")?;
        let said = turn.pointer("/result/payloads/0/text").and_then(Value::as_str).unwrap_or_default();
        let Some(result) = said.strip_prefix(RESULT_MARK) else {
            bail!("the agent did not repeat the result of the tool; it said {said:?}");
        };
        serde_json::from_str(result).with_context(|| format!("the result of the tool is no JSON: {result}"))
    }

    /// The sessions that the gateway lists.
    fn sessions(&self) -> Result<Vec<Value>> {
        let request = json!({ "tool": "sessions_list", "args": { "limit": 200 }, "sessionKey": CALLER });
        let answer = http::post(self.address, "/tools/invoke", TOKEN, &request.to_string())?;
        let answer: Value = serde_json::from_str(&answer).context("the gateway's list of sessions is no JSON")?;
        let rows = answer.pointer("/result/details/sessions").and_then(Value::as_array);
        rows.cloned().with_context(|| format!("the gateway lists no sessions: {answer:#}"))
    }

    /// Checks that no session runs any more.
    pub fn check_idle(&self) -> Result<()> {
        for row in self.sessions()? {
            let status = field(&row, "status");
            ensure!(!["queued", "running"].contains(&status.as_str()), "still {status}: {}", field(&row, "key"));
        }
        Ok(())
    }

    /// Checks that every result has a session of the caller, and that no session runs any more.
    pub fn check_sessions(&self, report: &Value) -> Result<()> {
        self.check_idle()?;
        let rows = self.sessions()?;
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
        if let Some(process) = self.process {
            process.stop(STOP)?;
        }
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

    /// The installation has written its own entry into the configuration; the plugin's goes into that.
    fn configure_plugin(&self, plugin: &Value) -> Result<()> {
        let text = fs::read_to_string(self.config()).context("cannot read the gateway's configuration")?;
        let mut config: Value = serde_json::from_str(&text).context("the gateway's configuration is no JSON")?;
        let entry = config.pointer_mut(&format!("/plugins/entries/{PLUGIN}")).and_then(Value::as_object_mut);
        let entry = entry.with_context(|| format!("the installation left no entry for the plugin: {text}"))?;
        entry.insert("config".to_owned(), plugin.clone());
        self.write_config(&config)
    }
}

fn field(row: &Value, name: &str) -> String {
    row.get(name).and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// Lays the fields of one object over those of another.
fn merge(to: &mut Value, from: &Value) {
    match (to, from) {
        (Value::Object(to), Value::Object(from)) => {
            for (name, value) in from {
                merge(to.entry(name).or_insert(Value::Null), value);
            }
        }
        (to, from) => *to = from.clone(),
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
