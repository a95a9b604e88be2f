//! What a cluster promises, held against what its gateways and its replies say.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::client::Reply;
use super::gateways::Account;
use super::run::Budget;

/// What was seen of runs, added up.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Runs.
    pub runs: u32,
    /// Tasks of all runs.
    pub agents: u64,
    /// Tasks that are completed.
    pub completed: u64,
    /// Tasks without a final status.
    pub lost: u64,
    /// Runs that spent more than their budget.
    pub over_budget: u32,
    /// Runs with a budget that was too small, as it was to be.
    pub short: u32,
    /// Runs that were told in other bytes when they were asked for again.
    pub digests_differ: u32,
    /// Keys under which sessions were started.
    pub keys: u64,
    /// Starts of sessions.
    pub starts: u64,
    /// The most starts of one key.
    pub most_starts: u64,
    /// Sessions that a killed gateway has interrupted; each is done again under a key of its own.
    pub interrupted: u64,
    /// The most that were alive at once on one gateway.
    pub most_live: u64,
    /// Promises that were broken, in words.
    pub broken: Vec<String>,
}

impl Seen {
    /// Adds what one run has come to, told twice.
    ///
    /// # Errors
    /// If the reply is not that of a run.
    pub fn add_run(&mut self, key: &str, agents: u32, budget: Budget, first: &Reply, second: &Reply) -> Result<()> {
        let told = Told::read(&first.text).with_context(|| format!("the reply of {key}: {}", first.text))?;
        self.runs += 1;
        self.agents += u64::from(agents);
        self.completed += told.completed;
        let lost = u64::from(agents).saturating_sub(told.finals);
        self.lost += lost;
        if lost > 0 {
            self.broken.push(format!("{key}: {lost} tasks have no final status"));
        }
        if told.spent > told.cap {
            self.over_budget += 1;
            self.broken.push(format!("{key}: {} micro-dollars were spent of {}", told.spent, told.cap));
        }
        match budget {
            Budget::Enough if !first.completed || told.completed != u64::from(agents) => {
                let Told { completed, status, error, .. } = &told;
                self.broken
                    .push(format!("{key}: {completed} of {agents} tasks are completed, {status}; first: {error}"));
            }
            Budget::Short if told.status != "budget" => {
                self.broken.push(format!("{key}: the budget was to run out, but the run is {}", told.status));
            }
            Budget::Short => self.short += 1,
            Budget::Enough => {}
        }
        if first != second {
            self.digests_differ += 1;
            self.broken.push(format!("{key}: told as {}, then as {}", digest(&first.text), digest(&second.text)));
        }
        Ok(())
    }

    /// Adds what the gateways have done in all of these runs.
    pub fn add_accounts(&mut self, accounts: &[Account]) {
        // A key may be known to two gateways, one of which was away when it was asked; only one of them may start it.
        let mut starts: BTreeMap<&str, u64> = BTreeMap::new();
        for (number, account) in accounts.iter().enumerate() {
            for (key, times) in &account.starts {
                *starts.entry(key).or_default() += times;
            }
            self.interrupted += account.interrupted;
            self.most_live = self.most_live.max(account.most_live);
            if account.most_live > account.slots {
                let name = number + 1;
                let Account { most_live, slots, .. } = account;
                self.broken.push(format!("gateway {name} had {most_live} sessions at once, of {slots}"));
            }
        }
        for (key, times) in starts.iter().filter(|(_, times)| **times > 1) {
            self.broken.push(format!("{key} was started {times} times"));
        }
        self.keys += starts.len() as u64;
        self.starts += starts.values().sum::<u64>();
        self.most_starts = self.most_starts.max(starts.values().copied().max().unwrap_or_default());
        if self.keys < self.completed {
            self.broken.push(format!("{} tasks are completed with {} sessions", self.completed, self.keys));
        }
    }

    /// Sessions beyond the first of their key.
    pub fn double(&self) -> u64 {
        self.starts - self.keys
    }
}

/// What a reply says.
struct Told {
    status: String,
    /// Tasks with a final status.
    finals: u64,
    completed: u64,
    spent: u64,
    cap: u64,
    /// Of the first task that has one.
    error: Value,
}

impl Told {
    fn read(text: &str) -> Result<Self> {
        let reply: Value = serde_json::from_str(text).context("no JSON")?;
        let results = reply.get("results").and_then(Value::as_array).context("no results")?;
        let statuses = results.iter().filter_map(|result| result.get("status")?.as_str());
        let finals = statuses
            .filter(|status| matches!(*status, "completed" | "failed" | "timeout" | "cancelled" | "skipped"))
            .count();
        let number = |place: &str| reply.pointer(place).and_then(Value::as_u64).with_context(|| format!("no {place}"));
        Ok(Self {
            status: reply.get("status").and_then(Value::as_str).context("no status")?.to_owned(),
            finals: finals as u64,
            completed: number("/census/completed")?,
            spent: number("/budget/micro_usd/spent")?,
            cap: number("/budget/micro_usd/cap")?,
            error: results
                .iter()
                .filter_map(|result| result.get("error"))
                .find(|error| !error.is_null())
                .cloned()
                .unwrap_or_default(),
        })
    }
}

/// The beginning of a text's SHA-256, for people to compare.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::gateways::SLOTS;
    use super::*;

    fn reply(statuses: &[&str], spent: u64) -> Reply {
        let results: Vec<Value> = statuses.iter().map(|status| json!({ "status": status })).collect();
        let completed = statuses.iter().filter(|status| **status == "completed").count();
        let text = json!({ "status": "completed", "results": results, "census": { "completed": completed },
            "budget": { "micro_usd": { "spent": spent, "cap": 100 } } });
        Reply { completed: true, text: text.to_string() }
    }

    fn broken(agents: u32, first: &Reply, second: &Reply, accounts: &[Account]) -> Vec<String> {
        let mut seen = Seen::default();
        seen.add_run("k", agents, Budget::Enough, first, second).unwrap();
        seen.add_accounts(accounts);
        seen.broken
    }

    fn account(keys: &[(&str, u64)], most_live: u64) -> Account {
        let starts = keys.iter().map(|(key, times)| ((*key).to_owned(), *times)).collect();
        Account { starts, most_live, slots: SLOTS, ..Account::default() }
    }

    #[test]
    fn kept_promises_break_nothing() {
        let good = reply(&["completed", "completed"], 100);
        let accounts = [account(&[("a", 1)], SLOTS), account(&[("b", 1)], 1)];
        assert_eq!(broken(2, &good, &good, &accounts), Vec::<String>::new());
    }

    #[test]
    fn every_broken_promise_is_named() {
        let good = reply(&["completed", "completed"], 100);
        let accounts = [account(&[("a", 1), ("b", 1)], 1)];
        let named = |words: &str, broken: Vec<String>| {
            assert!(broken.iter().any(|line| line.contains(words)), "{words}: {broken:?}");
        };
        let lost = reply(&["completed", "running"], 0);
        named("1 tasks have no final status", broken(2, &lost, &lost, &accounts));
        let failed = reply(&["completed", "failed"], 0);
        named("1 of 2 tasks are completed", broken(2, &failed, &failed, &accounts));
        let dear = reply(&["completed", "completed"], 101);
        named("101 micro-dollars were spent of 100", broken(2, &dear, &dear, &accounts));
        named("told as", broken(2, &good, &reply(&["completed", "completed"], 99), &accounts));
        named("b was started 2 times", broken(2, &good, &good, &[account(&[("a", 1), ("b", 2)], 1)]));
        let two = [account(&[("a", 1), ("b", 1)], 1), account(&[("b", 1)], 1)];
        named("b was started 2 times", broken(2, &good, &good, &two));
        named("51 sessions at once", broken(2, &good, &good, &[account(&[("a", 1), ("b", 1)], 51)]));
        named("with 1 sessions", broken(2, &good, &good, &[account(&[("a", 1)], 1)]));
    }
}
