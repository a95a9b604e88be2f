//! The gateway: what it does with its sessions, and when. How they come about is in `spawn`.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gateway_sim::script::{Script, Scripted, ScriptedOutcome};

use super::args::ModelArgs;
use super::draw::{draw, strikes};
use super::error::{ModelError, Refusal};
use super::log::{Log, Syncer};
use super::note::{Asked, Note, Outcome};
use super::table::{Phase, Table};
use crate::clock::now_ms;

/// A gateway with its door.
#[derive(Debug)]
pub(super) struct Gateway {
    table: Mutex<Table>,
    pub syncer: Syncer,
    pub script: Script,
    pub args: ModelArgs,
    /// Requests so far.
    pub requests: AtomicU64,
}

impl Gateway {
    /// Goes on where the last process stopped: what ran is interrupted or goes on, what was queued is run.
    pub(super) fn open(args: ModelArgs) -> Result<Arc<Self>, ModelError> {
        let mut table = Table::default();
        let (log, syncer) = Log::open(&args.dir, |line| table.apply(line, 0))?;
        table.read_to_the_end(log);
        let (script, requests) = (Script::bundled(), AtomicU64::new(0));
        let gateway = Arc::new(Self { table: Mutex::new(table), syncer, script, args, requests });
        let mut table = gateway.table();
        let phases = table.entries.iter().map(|(key, entry)| (Arc::clone(key), entry.phase));
        let running: Vec<_> = phases.filter(|(_, phase)| matches!(phase, Phase::Running(_))).collect();
        for (key, _) in running {
            if gateway.args.sessions.keep_sessions {
                gateway.arm(&table, &key);
            } else {
                let path = || gateway.args.dir.clone();
                table.note(&key, Note::Ended { outcome: Outcome::Interrupted }).map_err(|_| ModelError::Registry {
                    path: path(),
                    source: std::io::Error::other("the ends of interrupted sessions could not be added"),
                })?;
            }
        }
        gateway.start_queued(&mut table);
        drop(table);
        Ok(gateway)
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing is spawned under this key; what there is of it is stopped. The session, if there is one.
    pub(super) async fn cancel(self: &Arc<Self>, key: &Arc<str>) -> Result<Option<String>, Refusal> {
        let (session, line) = {
            let mut table = self.table();
            let known = table.entries.get(key);
            let line = match known.is_some_and(|entry| entry.cancelled) {
                true => None,
                false => Some(table.note(key, Note::Cancelled)?),
            };
            self.stop(&mut table, key)?;
            let entry = table.entries.get(key);
            (entry.and_then(|entry| Some(entry.session()?.1.session_key.clone())), line)
        };
        if let Some(line) = line {
            self.syncer.reached(line).await.map_err(|why| Refusal::registry(&why))?;
        }
        Ok(session)
    }

    /// Deletes a session, which does not go on. None: there is none.
    pub(super) fn delete(self: &Arc<Self>, key: &Arc<str>) -> Result<Option<String>, Refusal> {
        let mut table = self.table();
        let Some((_, receipt)) = table.entries.get(key).and_then(|entry| entry.session()) else { return Ok(None) };
        let session = receipt.session_key.clone();
        self.stop(&mut table, key)?;
        table.note(key, Note::Deleted)?;
        Ok(Some(session))
    }

    fn stop(self: &Arc<Self>, table: &mut Table, key: &Arc<str>) -> Result<(), Refusal> {
        let phase = table.entries.get(key).map(|entry| entry.phase);
        if matches!(phase, Some(Phase::Asked | Phase::Queued | Phase::Running(_))) {
            table.note(key, Note::Ended { outcome: Outcome::Cancelled })?;
            self.start_queued(table);
        }
        Ok(())
    }

    /// Runs what waits for a place.
    pub(super) fn start_queued(self: &Arc<Self>, table: &mut Table) {
        while table.counts.running < self.args.sessions.slots {
            let Some(key) = table.queue.pop_front() else { return };
            if table.entries.get(&key).is_none_or(|entry| entry.phase != Phase::Queued) {
                continue;
            }
            // What cannot be written down does not happen; everybody who asks is told why.
            if table.note(&key, Note::Started).is_err() {
                return;
            }
            self.arm(table, &key);
        }
    }

    /// Ends a running session when its time is over, if this gateway still exists then.
    fn arm(self: &Arc<Self>, table: &Table, key: &Arc<str>) {
        let Some(entry) = table.entries.get(key) else { return };
        let (Phase::Running(since), Some(asked)) = (entry.phase, &entry.asked) else { return };
        let most = u64::from(asked.run_timeout_seconds) * 1_000;
        let left = (since + self.duration_ms(key).min(most)).saturating_sub(now_ms());
        let (gateway, key) = (Arc::downgrade(self), Arc::clone(key));
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(left)).await;
            if let Some(gateway) = gateway.upgrade() {
                gateway.finish(&key);
            }
        });
    }

    fn finish(self: &Arc<Self>, key: &Arc<str>) {
        let asked = {
            let table = self.table();
            let running = table.entries.get(key).filter(|entry| matches!(entry.phase, Phase::Running(_)));
            running.and_then(|entry| entry.asked.clone())
        };
        let Some(asked) = asked else { return };
        let outcome = self.fate(key, &asked);
        let mut table = self.table();
        let is_running = table.entries.get(key).is_some_and(|entry| matches!(entry.phase, Phase::Running(_)));
        if is_running && table.note(key, Note::Ended { outcome }).is_ok() {
            self.start_queued(&mut table);
        }
    }

    fn duration_ms(&self, key: &str) -> u64 {
        let span = self.args.sessions.session_ms;
        span.min + draw(self.args.sessions.seed, "duration", key) % (span.max - span.min + 1)
    }

    fn fate(&self, key: &str, asked: &Asked) -> Outcome {
        if self.duration_ms(key) > u64::from(asked.run_timeout_seconds) * 1_000 {
            Outcome::TimedOut
        } else if strikes(self.args.faults.fail, self.args.sessions.seed, "fail", key) {
            Outcome::Failed
        } else {
            match self.said(asked).outcome {
                ScriptedOutcome::Answer(_) => Outcome::Completed,
                ScriptedOutcome::Fail { .. } | ScriptedOutcome::Hang => Outcome::Failed,
            }
        }
    }

    /// What the script makes of a prompt.
    pub(super) fn said<'a>(&self, asked: &'a Asked) -> &'a Scripted {
        asked.said.get_or_init(|| {
            let model = self.script.applied_model(asked.model.as_deref());
            self.script.play(self.args.sessions.seed, &asked.task, &model, 1)
        })
    }
}
