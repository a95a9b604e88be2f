//! `status` and `cancel`.

use clap::Args;
use parallel_agents_engine::host::Progress;
use serde_json::json;

use super::{Failure, print, say};
use crate::config::Config;
use crate::messages::Control;
use crate::status;

#[derive(Args)]
pub(super) struct Status {
    /// The key of one run
    key: Option<String>,
}

#[derive(Args)]
pub(super) struct Cancel {
    /// The key of the run
    key: String,
    /// Why; it stands in the report
    #[arg(long, default_value = "cancelled by the operator of the cluster")]
    reason: String,
}

pub(super) async fn status(what: Status, config: &Config, json: bool) -> Result<(), Failure> {
    let runs = config.restate.runs().await?;
    let wanted = |key: &str| what.key.as_deref().is_none_or(|wanted| wanted == key);
    let runs: Vec<_> = runs.into_iter().filter(|(key, _)| wanted(key)).collect();
    if let Some(key) = what.key.as_deref().filter(|_| runs.is_empty()) {
        let words = format!("there is no run {key}; `status` shows all");
        return Err(Failure::Wrong { code: "E_NO_RUN", words });
    }
    for (key, state) in runs {
        let status: status::Status = config.restate.ask(&key, "status", None::<&()>).await?;
        print(&if json {
            let progress = status.progress.as_ref().map(numbers);
            let live: serde_json::Map<_, _> = status.live.into_iter().map(|(name, live)| (name, json!(live))).collect();
            let closed = status.closed.into_iter().map(|(name, reason)| (name, json!(reason)));
            let closed: serde_json::Map<_, _> = closed.collect();
            json!({ "key": key, "state": state, "tasks": progress, "live_sessions": live, "closed": closed })
                .to_string()
        } else {
            line(&key, &state, &status)
        });
    }
    Ok(())
}

fn numbers(progress: &Progress) -> serde_json::Value {
    json!({ "ended": progress.ended, "running": progress.running, "total": progress.total })
}

fn line(key: &str, state: &str, status: &status::Status) -> String {
    let tasks = status.progress.as_ref().map_or_else(
        || "not begun".to_owned(),
        |progress| format!("{} of {} tasks ended, {} run", progress.ended, progress.total, progress.running),
    );
    let live: Vec<String> = status.live.iter().map(|(name, live)| format!("{name} {live}")).collect();
    let live = if live.is_empty() { String::new() } else { format!("; live sessions: {}", live.join(", ")) };
    let closed: String =
        status.closed.iter().map(|(name, reason)| format!("\n  {name} gets no more sessions: {reason}")).collect();
    format!("{key}  {state}  {tasks}{live}{closed}")
}

pub(super) async fn cancel(what: Cancel, config: &Config) -> Result<(), Failure> {
    let runs = config.restate.runs().await?;
    match runs.iter().find(|(key, _)| *key == what.key) {
        None => {
            let words = format!("there is no run {}; `status` shows all", what.key);
            Err(Failure::Wrong { code: "E_NO_RUN", words })
        }
        Some((_, state)) if state == "completed" => {
            say(&format!("{} has ended; there was nothing to do", what.key));
            Ok(())
        }
        Some(_) => {
            config.restate.ask::<Option<()>>(&what.key, "control", Some(&Control::Stop(what.reason))).await?;
            say(&format!("{} is being stopped; `attach {}` waits for its report", what.key, what.key));
            Ok(())
        }
    }
}
