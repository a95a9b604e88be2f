//! What gateways know of the sessions of a run, held against its reply.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::super::bench::{Gateway, Key, of_results};
use super::super::door;

/// The sessions of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// All of them.
    pub sessions: usize,
    /// The keys of those whose tasks were done again under other keys.
    pub replaced: BTreeSet<String>,
}

/// Asks gateways, by their names, for all of their sessions. `alive` are the keys that had a session at work when a gateway was
/// killed: nothing else may be done again.
///
/// # Errors
/// If a key has two sessions, a task has none or is not completed, or a session is left alive.
pub fn of(gateways: &[(&str, &Gateway)], reply: &Value, tasks: usize, alive: &BTreeSet<String>) -> Result<Account> {
    let mut known = Vec::new();
    for (name, gateway) in gateways {
        let keys = gateway.keys()?;
        let listed = gateway.spawned_by(door::SESSION)?;
        let own: BTreeSet<String> = keys.values().flat_map(|key| key.sessions.iter().cloned()).collect();
        // Of a hundred sessions that have ended the gateway lists some, but none may be there that the door has not written down.
        let unknown: Vec<&String> = listed.difference(&own).collect();
        ensure!(unknown.is_empty(), "{name} lists sessions that its door does not know: {unknown:?}");
        gateway.check_idle()?;
        let facts = door::done(gateway, &json!({ "action": "facts" }))?;
        ensure!(facts.pointer("/load/live") == Some(&json!(0)), "sessions are left alive on {name}: {facts:#}");
        known.push((*name, keys));
    }
    counted(&known, reply, tasks, alive)
}

fn counted(
    known: &[(&str, BTreeMap<String, Key>)],
    reply: &Value,
    tasks: usize,
    alive: &BTreeSet<String>,
) -> Result<Account> {
    // As replies name sessions of clusters.
    let mut sessions = BTreeMap::<&str, BTreeSet<String>>::new();
    for (name, keys) in known {
        for (key, own) in keys.iter().filter(|(_, own)| !own.sessions.is_empty()) {
            sessions.entry(key).or_default().extend(own.sessions.iter().map(|session| format!("{name}/{session}")));
        }
    }
    if let Some((key, double)) = sessions.iter().find(|(_, own)| own.len() > 1) {
        anyhow::bail!("{key} has several sessions: {double:?}");
    }
    let statuses = of_results(reply, "/status");
    ensure!(statuses == vec!["completed"; tasks], "not every task is completed: {reply:#}");
    let answers = of_results(reply, "/output").into_iter().filter(|answer| !answer.is_empty()).count();
    ensure!(answers == tasks, "{answers} answers for {tasks} tasks: {reply:#}");
    let told: BTreeSet<&str> = of_results(reply, "/session_key").into_iter().collect();
    ensure!(told.len() == tasks, "{} sessions answer for {tasks} tasks: {told:?}", told.len());
    let all: BTreeSet<&str> = sessions.values().flatten().map(String::as_str).collect();
    let foreign = told.iter().find(|session| !all.contains(*session));
    ensure!(foreign.is_none(), "no gateway has spawned {foreign:?}");
    let others = sessions.iter().filter(|(_, own)| own.iter().all(|session| !told.contains(session.as_str())));
    let replaced: BTreeSet<String> = others.map(|(key, _)| (*key).to_owned()).collect();
    let wrong: Vec<&String> = replaced.difference(alive).collect();
    ensure!(wrong.is_empty(), "done again, although no kill had cut them off: {wrong:?}");
    let sessions = sessions.len();
    (sessions == tasks + replaced.len()).then_some(Account { sessions, replaced }).context("sessions do not add up")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Key> {
        let key = |sessions: &[&str]| Key {
            sessions: sessions.iter().map(|session| (*session).to_owned()).collect(),
            is_ended: true,
        };
        pairs.iter().map(|(name, sessions)| ((*name).to_owned(), key(sessions))).collect()
    }

    fn reply(sessions: &[&str]) -> Value {
        let result = |session: &&str| json!({ "status": "completed", "output": "yes", "session_key": session });
        json!({ "results": sessions.iter().map(result).collect::<Vec<_>>() })
    }

    fn counted_with(a: &[(&str, &[&str])], b: &[(&str, &[&str])], reply: &Value) -> Result<Account> {
        counted(&[("a", keys(a)), ("b", keys(b))], reply, 2, &BTreeSet::from(["r-1".to_owned()]))
    }

    #[test]
    fn a_task_that_was_cut_off_has_two_keys_with_a_session_each() {
        let whole = reply(&["b/s2", "a/s1"]);
        let account = counted_with(&[("r-1", &["s0"]), ("r-2", &["s1"])], &[("r-3", &["s2"])], &whole).unwrap();
        assert_eq!(account, Account { sessions: 3, replaced: BTreeSet::from(["r-1".to_owned()]) });
        // A key that was asked for where nothing was spawned is no session.
        let account = counted_with(&[("r-1", &["s1"]), ("r-2", &[])], &[("r-2", &["s2"])], &whole).unwrap();
        assert_eq!(account.sessions, 2);
    }

    #[test]
    fn what_must_not_be_is_found() {
        let whole = reply(&["b/s2", "a/s1"]);
        let fails = |words: &str, a: &[(&str, &[&str])], b: &[(&str, &[&str])], reply: &Value| {
            let error = counted_with(a, b, reply).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        };
        fails("several sessions", &[("r-1", &["s0", "s1"])], &[("r-2", &["s2"])], &whole);
        fails("several sessions", &[("r-1", &["s1"])], &[("r-1", &["s1"]), ("r-2", &["s2"])], &whole);
        fails("no kill had cut them off", &[("r-1", &["s1"])], &[("r-2", &["s2"]), ("r-3", &["s3"])], &whole);
        fails("no gateway has spawned", &[("r-1", &["s1"])], &[], &whole);
        fails("not every task", &[("r-1", &["s1"])], &[], &reply(&["a/s1"]));
        fails("1 sessions answer for 2", &[("r-1", &["s1"])], &[], &reply(&["a/s1", "a/s1"]));
        let mut silent = whole.clone();
        silent["results"][0]["output"] = json!("");
        fails("1 answers", &[("r-1", &["s1"])], &[("r-2", &["s2"])], &silent);
    }
}
