//! Spawning: what is asked for is written down and on the disk before anything begins.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::error::Refusal;
use super::gateway::Gateway;
use super::note::{Asked, Note, Receipt};
use super::table::Phase;
use crate::clock::now_ms;

/// What a spawn call has brought.
#[derive(Debug)]
pub(super) struct Spawned {
    pub receipt: Arc<Receipt>,
    pub tool_free: bool,
    /// Which call for this key it was, from 1.
    pub call: u64,
}

/// What a spawn call finds.
enum Found {
    Session(Arc<Receipt>),
    /// It is being spawned, since this line.
    Flight(u64),
}

impl Gateway {
    /// One session for a key, however often it is asked for.
    pub(super) async fn spawn(self: &Arc<Self>, key: Arc<str>, asked: Asked) -> Result<Spawned, Refusal> {
        let tool_free = asked.tool_free;
        let (found, call) = self.ask(&key, asked)?;
        let receipt = match found {
            Found::Session(receipt) => receipt,
            Found::Flight(line) => {
                self.syncer.reached(line).await.map_err(|why| Refusal::registry(&why))?;
                self.accept(&key)?
            }
        };
        Ok(Spawned { receipt, tool_free, call })
    }

    fn ask(&self, key: &Arc<str>, asked: Asked) -> Result<(Found, u64), Refusal> {
        let mut table = self.table();
        let call = table.entries.get_mut(key).map_or(1, |entry| {
            entry.calls += 1;
            entry.calls
        });
        if let Some(entry) = table.entries.get(key) {
            if entry.asked.as_ref().is_some_and(|known| known.print != asked.print) {
                return Err(Refusal::key_taken(key));
            }
            if entry.cancelled {
                return Err(Refusal::cancelled(key));
            }
            if let Some(receipt) = &entry.receipt {
                return Ok((Found::Session(Arc::clone(receipt)), call));
            }
            if entry.phase == Phase::Asked {
                return Ok((Found::Flight(entry.line), call));
            }
        }
        let sessions = &self.args.sessions;
        if let Some(model) = asked.model.as_ref().filter(|_| !sessions.models.is_empty())
            && !sessions.models.contains(model)
        {
            return Err(Refusal::forbidden("model", model));
        }
        let live = table.counts.live + table.flights;
        if live >= sessions.most_live {
            return Err(Refusal::full(live, sessions.most_live));
        }
        if table.labelled(&asked.label).is_some_and(|other| other != &**key) {
            return Err(Refusal::label_taken(&asked.label));
        }
        let line = table.note(key, Note::Asked(Arc::new(asked)))?;
        if let Some(entry) = table.entries.get_mut(key) {
            entry.calls = call;
        }
        Ok((Found::Flight(line), call))
    }

    /// What was asked for is on the disk, so the session may begin; whoever comes first does it.
    fn accept(self: &Arc<Self>, key: &Arc<str>) -> Result<Arc<Receipt>, Refusal> {
        let mut table = self.table();
        let entry = table.entries.get(key).ok_or_else(|| Refusal::unknown(key))?;
        if entry.cancelled {
            return Err(Refusal::cancelled(key));
        }
        if let Some(receipt) = &entry.receipt {
            return Ok(Arc::clone(receipt));
        }
        let asked = entry.asked.as_deref().ok_or_else(|| Refusal::unknown(key))?;
        let receipt = Arc::new(self.receipt(key, asked));
        table.note(key, Note::Receipt(Arc::clone(&receipt)))?;
        self.start_queued(&mut table);
        Ok(receipt)
    }

    fn receipt(&self, key: &str, asked: &Asked) -> Receipt {
        let agent = asked.agent_id.as_deref().or_else(|| self.args.session.split(':').nth(1)).unwrap_or("main");
        let id = |what: &str| {
            let name = format!("{what} {} {key} {}", self.args.dir.display(), now_ms());
            let hash = Sha256::digest(name);
            hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        Receipt {
            session_key: format!("agent:{agent}:subagent:{}", id("session")),
            run_id: id("run"),
            model: self.script.applied_model(asked.model.as_deref()),
        }
    }
}
