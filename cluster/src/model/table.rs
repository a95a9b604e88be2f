//! What is known of all keys. Everything here follows from the lines of the file, read or just written.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use serde::Serialize;
use tokio::sync::Notify;

use super::error::Refusal;
use super::log::Log;
use super::note::{Asked, Line, Note, Outcome, Receipt};
use crate::clock::now_ms;

/// How far the session of a key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none, and nothing is done about it.
    #[default]
    New,
    /// It is being spawned.
    Asked,
    Queued,
    /// Since a time in milliseconds since 1970.
    Running(u64),
    Ended(Outcome),
}

#[derive(Debug, Default)]
pub(super) struct Entry {
    pub asked: Option<Arc<Asked>>,
    pub receipt: Option<Arc<Receipt>>,
    pub phase: Phase,
    pub cancelled: bool,
    pub deleted: bool,
    starts: u64,
    /// The line that says that it was asked for, counted in this process.
    pub line: u64,
    /// Spawn calls for it in this process.
    pub calls: u64,
    watchers: Vec<Weak<Notify>>,
}

impl Entry {
    /// Its session, unless there is none or it is deleted.
    pub(super) fn session(&self) -> Option<(&Arc<Asked>, &Arc<Receipt>)> {
        self.asked.as_ref().zip(self.receipt.as_ref()).filter(|_| !self.deleted)
    }

    /// Rings at the next thing that happens to it.
    pub(super) fn watch(&mut self, bell: &Arc<Notify>) {
        self.watchers.retain(|watcher| watcher.strong_count() > 0);
        self.watchers.push(Arc::downgrade(bell));
    }

    fn ring(&mut self) {
        for bell in self.watchers.drain(..).filter_map(|bell| bell.upgrade()) {
            bell.notify_one();
        }
    }
}

/// Sums over all keys and all processes that wrote the file.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Counts {
    /// Keys that were asked for.
    pub asked: u64,
    /// Keys that got a session.
    pub spawned: u64,
    /// Times that a session began to run.
    pub starts: u64,
    /// The same of one key, the most.
    pub most_starts: u64,
    /// Running and queued.
    pub live: usize,
    pub running: usize,
    pub peak_live: usize,
    pub peak_running: usize,
    pub ended: BTreeMap<Outcome, u64>,
    pub cancelled: u64,
    pub deleted: u64,
}

/// All keys that were ever asked for, and the sessions behind them.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// None: the file is being read.
    pub log: Option<Log>,
    pub entries: BTreeMap<Arc<str>, Entry>,
    labels: BTreeMap<String, Arc<str>>,
    /// Keys in the order in which they were first asked for.
    pub order: Vec<Arc<str>>,
    /// Keys whose sessions wait for a place; those that no longer do are passed over.
    pub queue: VecDeque<Arc<str>>,
    /// Sessions that are being spawned.
    pub flights: usize,
    pub counts: Counts,
}

impl Table {
    /// Writes something down; only then it counts. Gives the number of its line.
    pub(super) fn note(&mut self, key: &Arc<str>, note: Note) -> Result<u64, Refusal> {
        let line = Line { at: now_ms(), key: Arc::clone(key), note };
        let number = match &mut self.log {
            Some(log) => log.add(&line).map_err(|why| Refusal::registry(&why))?,
            None => 0,
        };
        self.apply(line, number);
        Ok(number)
    }

    /// Whoever wrote the file is gone: what it was about to spawn is not spawned.
    pub(super) fn read_to_the_end(&mut self, log: Log) {
        self.log = Some(log);
        self.flights = 0;
        for entry in self.entries.values_mut().filter(|entry| entry.phase == Phase::Asked) {
            entry.phase = Phase::New;
        }
    }

    /// Whose label it is.
    pub(super) fn labelled(&self, label: &str) -> Option<&str> {
        self.labels.get(label).map(|key| &**key)
    }

    pub(super) fn apply(&mut self, Line { at, key, note }: Line, number: u64) {
        let entry = self.entries.entry(Arc::clone(&key)).or_default();
        let counts = &mut self.counts;
        match note {
            Note::Asked(asked) => {
                if entry.asked.is_none() {
                    counts.asked += 1;
                    self.order.push(Arc::clone(&key));
                }
                if entry.phase != Phase::Asked {
                    self.flights += 1;
                }
                self.labels.insert(asked.label.clone(), key);
                (entry.phase, entry.line, entry.asked) = (Phase::Asked, number, Some(asked));
            }
            Note::Receipt(receipt) => {
                (entry.phase, entry.receipt) = (Phase::Queued, Some(receipt));
                self.flights = self.flights.saturating_sub(1);
                self.queue.push_back(key);
                counts.spawned += 1;
                counts.live += 1;
                counts.peak_live = counts.peak_live.max(counts.live);
            }
            Note::Started => {
                entry.phase = Phase::Running(at);
                entry.starts += 1;
                counts.starts += 1;
                counts.most_starts = counts.most_starts.max(entry.starts);
                counts.running += 1;
                counts.peak_running = counts.peak_running.max(counts.running);
            }
            Note::Ended { outcome } => {
                let less = |number: &mut usize, is_less: bool| *number = number.saturating_sub(is_less.into());
                let is_running = matches!(entry.phase, Phase::Running(_));
                less(&mut self.flights, entry.phase == Phase::Asked);
                less(&mut counts.live, is_running || entry.phase == Phase::Queued);
                less(&mut counts.running, is_running);
                if entry.receipt.is_some() {
                    *counts.ended.entry(outcome).or_default() += 1;
                }
                entry.phase = Phase::Ended(outcome);
            }
            Note::Cancelled => {
                entry.cancelled = true;
                counts.cancelled += 1;
            }
            Note::Deleted => {
                entry.deleted = true;
                counts.deleted += 1;
            }
        }
        entry.ring();
    }
}
