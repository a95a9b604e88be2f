//! The gateway's configuration, as it is started with and as it changes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::gateway::{Gateway, PLUGIN, Surroundings};

/// What a gateway says when it works by another configuration.
const APPLIED: [&str; 2] = ["[reload] config hot reload applied", "[reload] config change applied"];

/// What it says of a configuration that it does not take.
const REFUSED: &str = "config reload skipped (invalid config)";

const RECONFIGURE: Duration = Duration::from_secs(30);

impl Gateway {
    /// Lays these fields over the gateway's configuration, which it reads when it starts.
    pub fn configure(&self, fields: &Value) -> Result<()> {
        let mut config = self.surroundings.read_config()?;
        merge(&mut config, fields);
        self.surroundings.write_config(&config)
    }

    /// The same while it runs, and these over the plugin's own: it watches its configuration, and says when it works by
    /// the new one. Of what only the plugin reads it says nothing, so that has to come with something else.
    pub fn reconfigure(&mut self, fields: &Value, plugin: &Value) -> Result<()> {
        let mut config = self.surroundings.read_config()?;
        let present = config.clone();
        merge(&mut config, fields);
        if config == present {
            ensure!(plugin == &json!({}), "the gateway would not say that it has read {plugin}");
            return Ok(());
        }
        merge(&mut config, &json!({ "plugins": { "entries": { PLUGIN: { "config": plugin } } } }));
        let process = self.process.as_mut().context("no gateway runs")?;
        let before = applied(process.out());
        self.surroundings.write_config(&config)?;
        process.wait_until("configured anew", RECONFIGURE, |out| (applied(out) > before).then_some(()))
    }

    /// Lays these fields over the plugin's configuration, which the running gateway must not take, and takes them away again;
    /// what it says of them.
    pub fn refused(&self, plugin: &Value) -> Result<String> {
        let present = self.surroundings.read_config()?;
        let mut config = present.clone();
        merge(&mut config, &json!({ "plugins": { "entries": { PLUGIN: { "config": plugin } } } }));
        let before = self.refusals().len();
        self.surroundings.write_config(&config)?;
        let outcome =
            self.wait_until("a wrong value is refused", RECONFIGURE, |gateway| gateway.refusals().len() > before);
        self.surroundings.write_config(&present)?;
        outcome?;
        self.refusals().pop().context("the gateway has forgotten what it refused")
    }

    /// The lines of its log about configurations that it did not take.
    fn refusals(&self) -> Vec<String> {
        let log = fs::read_to_string(self.surroundings.place.join("gateway.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(REFUSED)).map(str::to_owned).collect()
    }
}

impl Surroundings {
    pub(super) fn config(&self) -> PathBuf {
        self.place.join("openclaw.json")
    }

    pub(super) fn write_config(&self, config: &Value) -> Result<()> {
        fs::write(self.config(), format!("{config:#}\n")).context("cannot write the gateway's configuration")
    }

    fn read_config(&self) -> Result<Value> {
        let text = fs::read_to_string(self.config()).context("cannot read the gateway's configuration")?;
        serde_json::from_str(&text).context("the gateway's configuration is no JSON")
    }

    /// The installation has written its own entry into the configuration; the plugin's goes into that.
    pub(super) fn configure_plugin(&self, plugin: &Value) -> Result<()> {
        let mut config = self.read_config()?;
        let entry = config.pointer_mut(&format!("/plugins/entries/{PLUGIN}")).and_then(Value::as_object_mut);
        let entry = entry.context("the installation left no entry for the plugin")?;
        entry.insert("config".to_owned(), plugin.clone());
        self.write_config(&config)
    }
}

/// How often a gateway has said that it works by another configuration.
fn applied(out: &Path) -> usize {
    let said = fs::read_to_string(out).unwrap_or_default();
    said.lines().filter(|line| APPLIED.iter().any(|words| line.contains(words))).count()
}

/// Lays the fields of one object over those of another.
pub(super) fn merge(to: &mut Value, from: &Value) {
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
pub(super) fn configuration(address: SocketAddr, model: SocketAddr, surroundings: &Surroundings) -> Value {
    let Surroundings { place, token, .. } = surroundings;
    let models = ["economy", "standard", "premium"]
        .map(|name| json!({ "id": name, "name": name, "contextWindow": 200_000, "maxTokens": 8_192 }));
    json!({
        "gateway": {
            "mode": "local", "port": address.port(), "bind": "loopback",
            "auth": { "mode": "token", "token": token },
            "http": { "endpoints": { "chatCompletions": { "enabled": true } } },
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
