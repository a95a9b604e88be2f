//! `drain` and `check`.

use clap::Args;
use futures::future::join_all;
use parallel_agents_door::{DoorError, Facts};
use serde_json::{Value, json};

use super::{Failure, print, say};
use crate::config::{Config, ConfiguredGateway};
use crate::messages::Control;
use crate::restate::RestateError;

#[derive(Args)]
pub(super) struct Drain {
    /// The name of the gateway in the configuration
    gateway: String,
    /// Give it new sessions again
    #[arg(long)]
    undo: bool,
}

pub(super) async fn drain(what: Drain, config: &Config) -> Result<(), Failure> {
    let names: Vec<&str> = config.gateways.iter().map(|gateway| gateway.spec.name.as_str()).collect();
    if !names.contains(&what.gateway.as_str()) {
        let words = format!("there is no gateway {:?}; there are {}", what.gateway, names.join(", "));
        return Err(Failure::Wrong { code: "E_NO_GATEWAY", words });
    }
    let kept = match config.restate.drain(&what.gateway, !what.undo).await {
        Ok(()) => None,
        Err(error @ RestateError::NoWorker { .. }) => Some(error),
        Err(error) => return Err(error.into()),
    };
    let control = Control::Drain(what.gateway.clone(), !what.undo);
    let runs = config.restate.runs().await?.into_iter();
    let keys: Vec<String> = runs.filter(|(_, state)| state != "completed").map(|(key, _)| key).collect();
    let tell = async |key: &str| match kept.is_some() {
        // Each run would be waited for.
        true => config.restate.send(key, "control", &control).await,
        false => config.restate.ask::<Option<()>>(key, "control", Some(&control)).await.map(drop),
    };
    let untold = tell_each(&keys, tell).await;
    let words = if what.undo { "gets new sessions again" } else { "gets no new sessions" };
    let told = keys.len().saturating_sub(untold.len());
    match kept {
        None => say(&format!("{} {words}; {told} runs that are under way were told", what.gateway)),
        Some(error) if untold.is_empty() => return Err(error.into()),
        Some(_) => {}
    }
    if untold.is_empty() { Ok(()) } else { Err(Failure::Untold(untold)) }
}

/// Tells each of these runs something, whatever becomes of the others: those that were not told, and why.
async fn tell_each<T, E>(keys: &[String], tell: impl AsyncFn(&str) -> Result<T, E>) -> Vec<(String, E)> {
    let mut untold = Vec::new();
    for key in keys {
        if let Err(error) = tell(key).await {
            untold.push((key.clone(), error));
        }
    }
    untold
}

pub(super) async fn check(config: &Config, json: bool) -> Result<(), Failure> {
    let asked =
        join_all(config.gateways.iter().map(|gateway| async move { (gateway, gateway.door.facts().await) })).await;
    let mut wrong = 0;
    for (gateway, facts) in &asked {
        wrong += usize::from(facts.is_err());
        let name = &gateway.spec.name;
        print(&if json { document(gateway, facts).to_string() } else { format!("{name}: {}", words(gateway, facts)) });
    }
    if wrong == 0 {
        return Ok(());
    }
    let words = format!("{wrong} of {} gateways cannot be used", asked.len());
    match asked.iter().any(|(_, facts)| matches!(facts, Err(error) if !is_away(error))) {
        true => Err(Failure::Wrong { code: "E_GATEWAY", words }),
        false => Err(Failure::Gateways(words)),
    }
}

fn is_away(error: &DoorError) -> bool {
    matches!(error, DoorError::Unreachable { .. } | DoorError::Lost { .. })
}

fn code(error: &DoorError) -> &'static str {
    error.code().unwrap_or("E_HOST")
}

fn document(gateway: &ConfiguredGateway, facts: &Result<Facts, DoorError>) -> Value {
    let name = &gateway.spec.name;
    match facts {
        Ok(facts) => json!({ "gateway": name, "ok": true, "slots": gateway.spec.slots,
            "max_concurrent": facts.max_concurrent, "plugin": facts.versions.plugin }),
        Err(error) => json!({ "gateway": name, "ok": false, "code": code(error), "message": error.to_string() }),
    }
}

fn words(gateway: &ConfiguredGateway, facts: &Result<Facts, DoorError>) -> String {
    match facts {
        Ok(facts) => {
            let fewer = if facts.max_concurrent < gateway.spec.slots { ", fewer than its slots" } else { "" };
            let plugin = facts.versions.plugin.as_deref().unwrap_or("of no number");
            format!("plugin {plugin}, {} sessions at once{fewer}", facts.max_concurrent)
        }
        Err(error) => format!("{}: {error}", code(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn a_run_that_cannot_be_told_does_not_keep_it_from_the_others() {
        let asked = RefCell::new(Vec::new());
        let tell = async |key: &str| {
            asked.borrow_mut().push(key.to_owned());
            if key == "a" { Err("full") } else { Ok(()) }
        };
        let untold = tell_each(&["a", "b", "c"].map(str::to_owned), tell).await;
        assert_eq!(untold, [("a".to_owned(), "full")]);
        assert_eq!(*asked.borrow(), ["a", "b", "c"]);
    }
}
