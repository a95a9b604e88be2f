//! `start`: a run, once for each key.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Failure, print, runs, say};
use crate::config::Config;
use crate::gateways::now_ms;
use crate::messages::RunInput;

/// How often, and after which pause, a run is asked for its input that was only just started.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Args)]
pub(super) struct Start {
    /// The request, a JSON object; `-` is standard input
    request: PathBuf,
    /// The function that is called
    #[arg(long, default_value = "run_tasks")]
    function: String,
    /// The name of the run. The same name with the same request twice is one run
    #[arg(long)]
    key: Option<String>,
    /// The chance of the run; drawn if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Wait for the end and print the reply
    #[arg(long)]
    attach: bool,
}

pub(super) async fn start(what: Start, config: Config, json: bool) -> Result<(), Failure> {
    let request = read(&what.request)?;
    let input = RunInput {
        function: what.function,
        request,
        seed: what.seed.unwrap_or_else(chance),
        at_ms: now_ms(),
        gateways: config.gateways.iter().map(|gateway| gateway.spec.clone()).collect(),
        limits: config.limits.clone(),
        patience_seconds: config.patience_seconds,
    };
    let key = what.key.unwrap_or_else(|| format!("run-{:016x}", chance()));
    if !plain(&key) {
        let words = "the key needs 1 to 100 letters, digits, hyphens, underscores and dots".to_owned();
        return Err(Failure::Wrong { code: "E_RUN_KEY", words });
    }
    let is_new = config.restate.start(&key, &input).await?;
    if !is_new {
        same_run(&key, &input, &config).await?;
    }
    if what.attach {
        say(&format!("run {key}"));
        return runs::attach(&key, &config).await;
    }
    print(&if json { json!({ "key": key, "new": is_new }).to_string() } else { key });
    Ok(())
}

/// Whether the run that has the key already is the one that was asked for.
async fn same_run(key: &str, input: &RunInput, config: &Config) -> Result<(), Failure> {
    for _ in 0..LOOKS {
        let known: Option<RunInput> = config.restate.ask(key, "input", None::<&()>).await?;
        match known {
            Some(known) if known.function == input.function && known.request == input.request => return Ok(()),
            Some(known) => {
                let words = format!("{key} is a run of another request, of {}; choose another key", known.function);
                return Err(Failure::Wrong { code: "E_RUN_KEY_TAKEN", words });
            }
            None => tokio::time::sleep(PAUSE).await,
        }
    }
    say("a run with this key was started and has not begun yet, so it is not known whether it is the same request");
    Ok(())
}

fn read(path: &PathBuf) -> Result<String, Failure> {
    let cannot = |error: std::io::Error| Failure::Wrong {
        code: "E_REQUEST_FILE",
        words: format!("{} cannot be read: {error}", path.display()),
    };
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map_err(cannot)?;
        return Ok(text);
    }
    fs::read_to_string(path).map_err(cannot)
}

fn plain(key: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=100).contains(&key.len()) && key.bytes().all(byte)
}

/// A number that the standard library draws from the system.
fn chance() -> u64 {
    RandomState::new().hash_one(now_ms())
}
