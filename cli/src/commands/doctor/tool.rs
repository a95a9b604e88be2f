//! Other programs, by what they say of themselves.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::Check;
use crate::text::{cut, shown};

/// How long a program may take to say its version: Node's own tools load slowly from a cold disk.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Columns of what a program said.
const SHOWN: usize = 80;

/// Node's name, and whether WebAssembly can wait in it, without which the component cannot run there.
const NODE: &str =
    "process.version + (typeof WebAssembly.Suspending === 'function' ? '' : ' is too old: it has no JSPI')";

/// The first line that a program prints.
pub enum Said {
    Line(String),
    NotFound,
    Failed(String),
}

pub async fn ask(program: &str, arguments: &[&str]) -> Said {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(TIMEOUT, command.output()).await {
        Err(_) => Said::Failed(format!("it said nothing within {} s", TIMEOUT.as_secs())),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Said::NotFound,
        Ok(Err(error)) => Said::Failed(error.to_string()),
        Ok(Ok(output)) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            Said::Line(cut(&shown(text.lines().next().unwrap_or_default()), SHOWN))
        }
        Ok(Ok(output)) => Said::Failed(format!("it ended with {}", output.status)),
    }
}

/// The plugin runs the component in Node.
pub async fn node() -> Check {
    const NAME: &str = "Node";
    const NEWER: &str = "the OpenClaw plugin needs Node 24 or newer; this program needs none";
    match ask("node", &["-p", NODE]).await {
        Said::Line(version) if version.contains("JSPI") => Check::missing(NAME, version, NEWER),
        Said::Line(version) => Check::ok(NAME, version),
        Said::NotFound => Check::missing(NAME, "not on the PATH", NEWER),
        Said::Failed(why) => Check::missing(NAME, why, NEWER),
    }
}
