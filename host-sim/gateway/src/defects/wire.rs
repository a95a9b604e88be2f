//! What has passed between an engine and its host.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use parallel_agents_engine::host::{Command, Event, EventKind, Reply, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};

/// Requests that nobody made have numbers from here on; no run makes so many itself.
const FIRST_MADE_UP: u64 = 1_000_000;

/// What a defect can know and do beside changing what passes.
#[derive(Default)]
pub(super) struct Wire {
    /// Which call of its engine this is, from 0.
    pub call: u64,
    /// Milliseconds on the host's clock, as last told.
    pub now_ms: u64,
    /// When the call opened, on the same clock.
    pub opened_ms: Option<u64>,
    /// All spawn calls of the engine.
    pub spawns: BTreeMap<RequestId, Arc<SpawnOptions>>,
    /// The session that each spawn call was told of first.
    pub sessions: BTreeMap<SessionKey, RequestId>,
    /// Sessions whose end was told.
    pub ended: BTreeSet<SessionKey>,
    /// Requests that the engine made and the host was not given, with what the engine is told of them next.
    pub made_up: VecDeque<EventKind>,
    /// What a defect keeps in mind.
    pub memory: BTreeMap<String, String>,
    last_made_up: u64,
}

impl Wire {
    /// The wire of a call that begins.
    pub fn of_call(call: u64) -> Self {
        Self { call, last_made_up: FIRST_MADE_UP, ..Self::default() }
    }

    /// The number of a request that the engine did not make.
    pub fn request(&mut self) -> RequestId {
        self.last_made_up += 1;
        RequestId(self.last_made_up)
    }

    /// Has the engine told that a request is done, which its host was not given.
    pub fn pretend(&mut self, request: RequestId, reply: Reply) {
        self.made_up.push_back(EventKind::Answered { request, outcome: Ok(reply) });
    }

    /// The spawn call of a session.
    pub fn spawn_of(&self, session: &SessionKey) -> Option<&Arc<SpawnOptions>> {
        self.spawns.get(self.sessions.get(session)?)
    }

    /// Takes in a command of the engine.
    pub fn commanded(&mut self, command: &Command) {
        if let Command::Spawn(request, options) = command {
            self.spawns.insert(*request, options.clone());
        }
    }

    /// Takes in what the host tells.
    pub fn told(&mut self, event: &Event) {
        self.now_ms = event.at_ms;
        match &event.what {
            EventKind::Opened(_) => self.opened_ms = Some(event.at_ms),
            EventKind::Answered { request, outcome: Ok(Reply::Spawned(receipt)) } => {
                self.sessions.entry(receipt.session_key.clone()).or_insert(*request);
            }
            EventKind::SessionEnded(end) => {
                self.ended.insert(end.session.clone());
            }
            EventKind::Answered { .. }
            | EventKind::SessionStarted(_)
            | EventKind::StopRequested { .. }
            | EventKind::TimerFired => {}
        }
    }
}
