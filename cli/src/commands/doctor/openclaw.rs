//! OpenClaw: its command line, its configuration, its gateway, and the plugin.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;

use super::Check;
use super::tool::{Said, ask};
use crate::text::shown;

const COMMAND: &str = "OpenClaw";
const CONFIG: &str = "OpenClaw config";
const GATEWAY: &str = "OpenClaw gateway";
const PLUGIN: &str = "OpenClaw plugin";

/// Where a gateway listens unless it is told otherwise.
const PORT: u16 = 18_789;

/// How long a gateway on this machine may take to accept a connection.
const TIMEOUT: Duration = Duration::from_millis(500);

pub async fn checks() -> Vec<Check> {
    let state = variable("OPENCLAW_STATE_DIR").map(PathBuf::from);
    let Some(state) = state.or_else(|| Some(etcetera::home_dir().ok()?.join(".openclaw"))) else {
        return vec![Check::missing(COMMAND, "this user has no home directory", "set HOME or OPENCLAW_STATE_DIR")];
    };
    let path = variable("OPENCLAW_CONFIG_PATH").map_or_else(|| state.join("openclaw.json"), PathBuf::from);
    vec![command().await, config(&path), gateway(port(&path)).await, plugin(&state)]
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

async fn command() -> Check {
    const INSTALL: &str = "for agents in OpenClaw: `npm install -g openclaw`; this program works without it";
    match ask("openclaw", &["--version"]).await {
        Said::Line(version) => Check::ok(COMMAND, version),
        Said::NotFound => Check::missing(COMMAND, "not on the PATH", INSTALL),
        Said::Failed(why) => Check::broken(COMMAND, why, "run `openclaw --version` and see what it says"),
    }
}

fn config(path: &Path) -> Check {
    if path.is_file() {
        Check::ok(CONFIG, path.display().to_string())
    } else {
        Check::missing(CONFIG, format!("{} is not there", path.display()), "`openclaw onboard` writes it")
    }
}

/// The port of the configuration, which may have comments and other freedoms of JSON5; what cannot be read says nothing.
fn port(path: &Path) -> u16 {
    let named = variable("OPENCLAW_GATEWAY_PORT").and_then(|port| port.parse().ok());
    let configured = || {
        let config: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        u16::try_from(config.pointer("/gateway/port")?.as_u64()?).ok()
    };
    named.or_else(configured).unwrap_or(PORT)
}

async fn gateway(port: u16) -> Check {
    let address = format!("127.0.0.1:{port}");
    match tokio::time::timeout(TIMEOUT, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Check::ok(GATEWAY, format!("something listens on {address}")),
        _ => Check::missing(GATEWAY, format!("nothing listens on {address}"), "`openclaw gateway run` starts it"),
    }
}

fn plugin(state: &Path) -> Check {
    const INSTALL: &str = "in a checkout: `cargo xtask package`, then `openclaw plugins install \
                           target/parallel-agents-*.tgz --force --accept-capabilities`";
    let manifest = state.join("extensions/parallel-agents/package.json");
    let Ok(text) = fs::read_to_string(&manifest) else {
        return Check::missing(PLUGIN, "not installed", INSTALL);
    };
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    match manifest.get("version").and_then(Value::as_str) {
        Some(version) if version == env!("CARGO_PKG_VERSION") => Check::ok(PLUGIN, format!("version {version}")),
        Some(version) => {
            let found = format!("version {}, this program is {}", shown(version), env!("CARGO_PKG_VERSION"));
            Check::broken(PLUGIN, found, "install the version of this program, so that both behave the same")
        }
        None => Check::broken(PLUGIN, "its package.json names no version", INSTALL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_has_to_be_of_this_version() {
        let state = tempfile::tempdir().expect("a directory");
        let installed = state.path().join("extensions/parallel-agents");
        assert_eq!(plugin(state.path()).found, "not installed");
        fs::create_dir_all(&installed).expect("a directory");
        let write = |text: &str| fs::write(installed.join("package.json"), text).expect("a file");
        write(r#"{"version": "0.0.1"}"#);
        assert!(plugin(state.path()).found.starts_with("version 0.0.1, this program is "));
        write("{}");
        assert_eq!(plugin(state.path()).found, "its package.json names no version");
        write(&format!(r#"{{"version": "{}"}}"#, env!("CARGO_PKG_VERSION")));
        assert_eq!(plugin(state.path()), Check::ok(PLUGIN, concat!("version ", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn a_gateways_port_is_that_of_its_configuration() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("openclaw.json");
        assert_eq!(port(&path), PORT);
        fs::write(&path, r#"{"gateway": {"port": 19001}}"#).expect("a file");
        assert_eq!(port(&path), 19_001);
        fs::write(&path, r#"{"gateway": {"port": 70000}} // c"#).expect("a file");
        assert_eq!(port(&path), PORT);
    }
}
