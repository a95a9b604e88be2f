//! Waiting for news of sessions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::gateway::Gateway;
use super::note::{Asked, Outcome, Receipt};
use super::table::{Phase, Table};

/// Ends that are told at once; the others come with the next call.
const MOST_ENDS: usize = 32;

/// After the first news so long is waited for more. A gateway takes that time to look, too, and it saves most of the calls.
const GATHER: Duration = Duration::from_millis(10);

/// What a wait has brought.
#[derive(Debug, Default)]
pub(super) struct Waited {
    pub ended: Vec<End>,
    pub started: Vec<String>,
    pub unknown: Vec<String>,
}

/// A session that has ended.
#[derive(Debug)]
pub(super) struct End {
    pub key: String,
    pub asked: Arc<Asked>,
    pub receipt: Arc<Receipt>,
    pub outcome: Outcome,
}

impl Waited {
    fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.started.is_empty() && self.unknown.is_empty()
    }
}

impl Gateway {
    /// What has ended among these; waits for the first end, or for one to begin that is not in `started`.
    pub(super) async fn wait(&self, keys: &[String], started: &BTreeSet<String>, timeout: Duration) -> Waited {
        let over = Instant::now() + timeout;
        let bell = Arc::new(Notify::new());
        loop {
            {
                let mut table = self.table();
                let waited = look(&table, keys, started);
                if !waited.is_empty() || Instant::now() >= over {
                    return waited;
                }
                for key in keys {
                    if let Some(entry) = table.entries.get_mut(key.as_str()) {
                        entry.watch(&bell);
                    }
                }
            }
            // Whether it rang or the time is over, the next look tells.
            if timeout_at(over, bell.notified()).await.is_ok() {
                sleep_until(over.min(Instant::now() + GATHER)).await;
            }
        }
    }
}

fn look(table: &Table, keys: &[String], started: &BTreeSet<String>) -> Waited {
    let mut waited = Waited::default();
    for key in keys {
        let known = table.entries.get(key.as_str());
        match known.map(|entry| (entry.phase, entry.session())) {
            // What is being spawned has no end yet.
            Some((Phase::Asked, _) | (Phase::Queued, Some(_))) => {}
            Some((Phase::Running(_), Some(_))) => {
                if !started.contains(key) {
                    waited.started.push(key.clone());
                }
            }
            Some((Phase::Ended(outcome), Some((asked, receipt)))) => {
                if waited.ended.len() < MOST_ENDS {
                    let (asked, receipt) = (Arc::clone(asked), Arc::clone(receipt));
                    waited.ended.push(End { key: key.clone(), asked, receipt, outcome });
                }
            }
            None | Some(_) => waited.unknown.push(key.clone()),
        }
    }
    waited
}
