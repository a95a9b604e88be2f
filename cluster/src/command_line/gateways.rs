//! `drain` and `check`.

use clap::Args;
use futures::future::join_all;
use parallel_agents_door::{DoorError, Facts};
use serde_json::{Value, json};

use super::{Failure, print, say};
use crate::config::{Config, ConfiguredGateway};
use crate::messages::Control;

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
    config.restate.drain(&what.gateway, !what.undo).await?;
    let mut told = 0;
    for (key, state) in config.restate.runs().await? {
        if state != "completed" {
            let control = Control::Drain(what.gateway.clone(), !what.undo);
            config.restate.ask::<Option<()>>(&key, "control", Some(&control)).await?;
            told += 1;
        }
    }
    let words = if what.undo { "gets new sessions again" } else { "gets no new sessions" };
    say(&format!("{} {words}; {told} runs that are under way were told", what.gateway));
    Ok(())
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
