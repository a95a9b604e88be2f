//! Somebody who answers what plugins of a gateway ask.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::started::Started;

use super::gateway::Gateway;

const SCRIPT: &str = "xtask/scripts/approver.mjs";

const CONNECT: Duration = Duration::from_secs(30);

/// Is connected to a gateway until it is dropped.
pub struct Approver(Started);

impl Gateway {
    /// Somebody who answers every question in this way: `allow-once`, `deny`, or nothing at all with any other word.
    pub fn approver(&self, decision: &str) -> Result<Approver> {
        let mut command = self.surroundings.script(SCRIPT);
        command.args([&self.address.to_string(), self.token(), decision]);
        let mut approver = Approver(Started::start("approver", &mut command, &self.surroundings.place)?);
        let connected = approver.0.wait_until("connected", CONNECT, |out| {
            lines(&fs::read_to_string(out).ok()?).into_iter().find_map(|line| line.get("connected").cloned())
        })?;
        ensure!(connected.get("ok") == Some(&json!(true)), "the gateway took nobody who answers: {connected:#}");
        Ok(approver)
    }
}

impl Approver {
    /// What was asked so far.
    pub fn questions(&self) -> Vec<Value> {
        let printed = fs::read_to_string(self.0.out()).unwrap_or_default();
        lines(&printed).into_iter().filter_map(|line| line.get("question").cloned()).collect()
    }
}

fn lines(printed: &str) -> Vec<Value> {
    printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
