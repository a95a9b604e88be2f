//! Gateways as they are seen through their doors: models of them, which the program has.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{address, http};

use super::member::Member;
use super::program::Program;
use super::service::Door;

/// They only listen on this machine, and only while the cluster lasts.
const TOKEN: &str = "cluster-demo";

/// Gateways of a cluster.
pub const GATEWAYS: usize = 3;

/// Sessions that run on one gateway at once, and that a run may have there.
pub const SLOTS: u64 = 50;

/// How long a session takes, in milliseconds; drawn for each key.
const SESSION: &str = "300..3000";

/// Of 1,000 spawns 50 are done and not answered, of 1,000 requests 50 are refused with 503, of 1,000 sessions 30 fail.
const FAULTS: [&str; 6] = ["--lose-reply", "50", "--refuse", "50", "--fail", "30"];

/// What the model writes down, in its directory.
const KEYS: &str = "keys.jsonl";

/// As long as there is such a file in its directory, nothing reaches it, and nothing that it says arrives.
const CUT_OFF: &str = "cut-off";

/// How well gateways work while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// They do what they are asked.
    Sound,
    /// They lose answers, refuse requests and fail sessions.
    Faulty,
}

/// What the models of a cluster are like.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub health: Health,
    /// As `SLOTS`, where it is to be another number.
    pub slots: u64,
    /// As the doors' of the cluster.
    pub lease_seconds: Option<u32>,
}

impl From<Health> for Kind {
    fn from(health: Health) -> Self {
        Self { health, slots: SLOTS, lease_seconds: None }
    }
}

/// A model of a gateway with its directory, which outlives its kills.
pub struct Gateway {
    /// As the cluster's configuration calls it.
    pub name: String,
    /// Where its door is.
    pub address: SocketAddr,
    /// The process of the gateway, which can be killed.
    pub process: Member,
    directory: PathBuf,
    kind: Kind,
}

/// What a gateway has done, over all of its processes.
#[derive(Debug, Default, Clone)]
pub struct Account {
    /// How often a session was started, by its key: the gateway writes a line before it starts one.
    pub starts: BTreeMap<String, u64>,
    /// Sessions that ended because the gateway was killed.
    pub interrupted: u64,
    /// Sessions that are alive now, running or queued.
    pub live: u64,
    /// The most that were alive at once, and that may be.
    pub most_live: u64,
    pub slots: u64,
}

impl Gateway {
    /// Starts one that has had no session yet.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn start(program: &Program, number: usize, kind: Kind, place: &Path) -> Result<Self> {
        let (name, address) = (format!("gateway-{}", number + 1), address::free()?);
        let directory = place.join(&name);
        let command = {
            let (program, directory) = (program.clone(), directory.clone());
            move || {
                let mut command = program.command();
                command.args(["dev", "gateway-model", "--listen", &address.to_string(), "--token", TOKEN, "--dir"]);
                command.arg(&directory).args(["--session-ms", SESSION, "--slots", &kind.slots.to_string()]);
                command.arg("--silent-while").arg(directory.join(CUT_OFF));
                if kind.health == Health::Faulty {
                    command.args(FAULTS);
                }
                command
            }
        };
        let process = Member::start("gateway", vec![(address, None)], place, command)?;
        Ok(Self { name, address, process, directory, kind })
    }

    /// Its door, as workers are told of it.
    pub fn door(&self) -> Door {
        let (name, token) = (self.name.clone(), TOKEN.to_owned());
        let Kind { slots, lease_seconds, .. } = self.kind;
        Door { name, address: self.address, token, session: "agent:main:door", slots, lease_seconds }
    }

    /// What it has done.
    ///
    /// # Errors
    /// If it does not answer, or not as expected.
    pub fn account(&self) -> Result<Account> {
        let lines = fs::read_to_string(self.directory.join(KEYS)).unwrap_or_default();
        let (starts, interrupted) = written(&lines);
        let text = http::get(self.address, "/stats")?;
        let stats: Value = serde_json::from_str(&text).context("/stats is no JSON")?;
        let number = |name: &str| {
            let found = stats.get(name).and_then(Value::as_u64);
            found.with_context(|| format!("/stats of {} has no {name}: {stats:#}", self.name))
        };
        Ok(Account {
            starts,
            interrupted,
            live: number("live")?,
            most_live: number("peak_live")?,
            slots: self.kind.slots,
        })
    }

    /// Cuts it off from the network for a time. It goes on, and knows nothing of that.
    ///
    /// # Errors
    /// If its file cannot be written or removed.
    pub fn cut_off(&self, time: Duration) -> Result<()> {
        let file = self.directory.join(CUT_OFF);
        let explain = || format!("cannot cut {} off", self.name);
        fs::write(&file, "").with_context(explain)?;
        thread::sleep(time);
        fs::remove_file(&file).with_context(explain)
    }

    /// Sessions that it has started so far.
    pub fn started(&self) -> u64 {
        let lines = fs::read_to_string(self.directory.join(KEYS)).unwrap_or_default();
        written(&lines).0.values().sum()
    }
}

/// Starts by key, and how many sessions were interrupted. A line that a kill has cut off says nothing.
fn written(lines: &str) -> (BTreeMap<String, u64>, u64) {
    let (mut starts, mut interrupted) = (BTreeMap::new(), 0);
    for line in lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let field = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        match (field("what"), field("outcome")) {
            ("started", _) => *starts.entry(field("key").to_owned()).or_default() += 1,
            ("ended", "interrupted") => interrupted += 1,
            _ => {}
        }
    }
    (starts, interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_counted_by_key_and_a_half_line_is_left_out() {
        let lines = concat!(
            r#"{"at":1,"key":"a","what":"started"}"#,
            "\n",
            r#"{"at":1,"key":"b","what":"started"}"#,
            "\n",
            r#"{"at":2,"key":"a","what":"ended","outcome":"interrupted"}"#,
            "\n",
            r#"{"at":3,"key":"a","what":"started"}"#,
            "\n",
            r#"{"at":3,"key":"c","what":"sta"#,
        );
        let (starts, interrupted) = written(lines);
        assert_eq!(starts, BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]));
        assert_eq!(interrupted, 1);
    }
}
