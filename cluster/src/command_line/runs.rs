//! What runs gave: `attach`, `result`, `report`, `items`.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::{Failure, print, say};
use crate::config::Config;
use crate::messages::{RunInput, RunOutput};

#[derive(Args)]
pub(super) struct Named {
    /// The key of the run
    pub(super) key: String,
}

#[derive(Args)]
pub(super) struct Report {
    /// The key of the run
    key: String,
    /// Where to write the page
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// How long Restate may be away while a run is waited for, and the pause between two questions.
const AWAY: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(1);

/// Waits for the end of a run; a server that is away is asked again, since the run goes on when it is back.
pub(super) async fn attach(key: &str, config: &Config) -> Result<(), Failure> {
    let mut away = None::<Instant>;
    loop {
        let asked = Instant::now();
        let error = match config.restate.attach(key).await {
            Ok(output) => return given(output.ok_or_else(|| unknown(key))?),
            Err(error) => error,
        };
        // An answer that was long in coming was waited for at a server that was there.
        let since = *away.get_or_insert(asked);
        if !error.may_pass() || asked.duration_since(since) >= AWAY {
            return Err(error.into());
        }
        if since == asked {
            say(&format!("{error}; asking again"));
        }
        if asked.elapsed() > PAUSE {
            away = None;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) async fn result(key: &str, config: &Config) -> Result<(), Failure> {
    match config.restate.output(key).await? {
        Some(output) => given(output),
        None => Err(not_ended(key, config).await),
    }
}

pub(super) async fn report(what: Report, config: &Config) -> Result<(), Failure> {
    let Some(output) = config.restate.output::<RunOutput>(&what.key).await? else {
        return Err(not_ended(&what.key, config).await);
    };
    let RunOutput::Answer(text) = output else { return given(output) };
    let input: Option<RunInput> = config.restate.ask(&what.key, "input", None::<&()>).await?;
    let function = input.map_or_else(|| "run_tasks".to_owned(), |input| input.function);
    let report: Value = serde_json::from_str(&text).unwrap_or_default();
    let document = json!({ "format": 1, "function": function, "report": report, "heads": [], "sessions": [] });
    let page = parallel_agents_page::with_document(&parallel_agents_page::template(), &document.to_string());
    fs::write(&what.output, page).map_err(|error| Failure::Wrong {
        code: "E_OUTPUT",
        words: format!("{} cannot be written: {error}", what.output.display()),
    })?;
    say(&format!("page: {}", what.output.display()));
    Ok(())
}

pub(super) async fn items(key: &str, config: &Config) -> Result<(), Failure> {
    let mut from = 0_u32;
    loop {
        let lines: Vec<String> = config.restate.ask(key, "items", Some(&from)).await?;
        if lines.is_empty() {
            // A run that is not there has none either.
            return if from > 0 { Ok(()) } else { known(key, config).await };
        }
        lines.iter().for_each(|line| print(line));
        from = from.saturating_add(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    }
}

/// Prints what a run gave, and says whether it is what was wanted.
fn given(output: RunOutput) -> Result<(), Failure> {
    match output {
        RunOutput::Answer(text) => {
            print(&text);
            let reply: Value = serde_json::from_str(&text).unwrap_or_default();
            match reply.get("status").and_then(Value::as_str) {
                None | Some("completed") => Ok(()),
                Some(_) => Err(Failure::NotCompleted),
            }
        }
        RunOutput::Refused(text) => {
            print(&text);
            Err(Failure::Wrong { code: "E_REQUEST", words: "the request was refused".to_owned() })
        }
        RunOutput::NoGateway(reasons) => {
            Err(Failure::Gateways(format!("no gateway takes sessions: {}", reasons.join("; "))))
        }
    }
}

fn unknown(key: &str) -> Failure {
    Failure::Wrong { code: "E_NO_RUN", words: format!("there is no run {key}; `status` shows all") }
}

/// Whether there is such a run.
async fn known(key: &str, config: &Config) -> Result<(), Failure> {
    match config.restate.runs().await?.iter().any(|(known, _)| known == key) {
        true => Ok(()),
        false => Err(unknown(key)),
    }
}

async fn not_ended(key: &str, config: &Config) -> Failure {
    match known(key, config).await {
        Ok(()) => {
            say(&format!("{key} has not ended; `attach {key}` waits for it"));
            Failure::NotCompleted
        }
        Err(failure) => failure,
    }
}
