//! `start`: a run, once for each key.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use futures::FutureExt as _;
use parallel_agents_engine::host::OperatorLimits;
use serde_json::json;

use super::{Failure, print, runs, say};
use crate::config::Config;
use crate::limits::Allowed;
use crate::starting::{Wanted, chance, input, of_run};

/// How often a run is asked for its input that was only just started.
const LOOKS: u32 = 20;

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
    /// The chance of the run, together with its name; drawn if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Wait for the end and print the reply
    #[arg(long)]
    attach: bool,
}

pub(super) async fn start(what: Start, config: Config, json: bool) -> Result<(), Failure> {
    let wanted = Wanted {
        key: what.key.unwrap_or_else(|| format!("run-{:016x}", chance())),
        function: what.function,
        request: read(&what.request)?,
        limits: OperatorLimits::default(),
        allowed: Allowed::default(),
    };
    let terms = config.terms();
    let problems = wanted.problems(&terms);
    if !problems.is_empty() {
        return Err(Failure::Refused(problems));
    }
    let key = wanted.key.clone();
    let is_new =
        config.restate.start(&key, &wanted.clone().input(terms.draw(what.seed.map(|seed| of_run(seed, &key))))).await?;
    if !is_new {
        same_run(&wanted, &config).await?;
    }
    if what.attach {
        say(&format!("run {key}"));
        return runs::attach(&key, &config).await;
    }
    print(&if json { json!({ "key": key, "new": is_new }).to_string() } else { key });
    Ok(())
}

/// Whether the run that has the key already is the one that was asked for.
async fn same_run(wanted: &Wanted, config: &Config) -> Result<(), Failure> {
    let look = || config.restate.ask(&wanted.key, "input", None::<&()>);
    let pause = |pause| tokio::time::sleep(pause).map(Ok);
    match input(LOOKS, look, pause).await? {
        Some(known) => wanted.same(&known).map_err(Failure::Refused),
        None => {
            say(
                "a run with this key was started and has not begun yet, so it is not known whether it is the same request",
            );
            Ok(())
        }
    }
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
