//! What the engine wants: each command goes to the gateway that it concerns.

use std::sync::Arc;

use parallel_agents_engine::host::{Command, EventKind, HistoryQuery, HostError, Reply, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::{About, Action, ClusterCall, Waiting};
use crate::orders::{Ask, Following};
use crate::placement::{Choice, GatewayIndex};

impl ClusterCall {
    pub(super) fn perform(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => self.spawn(request, options),
            Command::List(request, filter) => self.list(request, filter),
            Command::History(request, query) => {
                let session = query.session_key.clone();
                self.of_session(request, &session, |key, own| {
                    Ask::History(key, HistoryQuery { session_key: own, ..query })
                });
            }
            Command::Cancel(request, session) => self.of_session(request, &session, |key, _| Ask::Cancel(key)),
            Command::Delete(request, session) => self.of_session(request, &session, |key, _| Ask::Delete(key)),
            Command::Watch(request, session) => match self.place_of(&session) {
                Some((gateway, own)) => {
                    self.ask(About::Find(request, gateway, session), gateway, Ask::Find(own));
                }
                None => self.answer(request, Err(not_found(&session))),
            },
            Command::Progress(progress) => self.stepped.progress = Some(progress),
            Command::Item(item) => self.stepped.items.push(item),
        }
    }

    pub(super) fn answer(&mut self, request: RequestId, outcome: Result<Reply, HostError>) {
        self.untold.push_back(EventKind::Answered { request, outcome });
    }

    fn spawn(&mut self, request: RequestId, options: Arc<SpawnOptions>) {
        // A key that may have a session somewhere is asked for there and nowhere else.
        let gateway = self.in_doubt.get(&options.idempotency_key).copied();
        let waiting = Waiting { request, options, since_ms: self.now_ms };
        match gateway {
            Some(gateway) => self.spawn_at(gateway, waiting),
            None => self.place(waiting),
        }
    }

    fn spawn_at(&mut self, gateway: GatewayIndex, waiting: Waiting) {
        let options = Arc::clone(&waiting.options);
        self.in_doubt.insert(options.idempotency_key.clone(), gateway);
        self.ask(About::Spawn(gateway, waiting), gateway, Ask::Spawn(options));
    }

    /// Chooses a gateway for a session, or lets it wait for one.
    pub(super) fn place(&mut self, waiting: Waiting) {
        match self.placement.take(waiting.options.model.as_deref(), self.now_ms) {
            Choice::At(gateway) => self.spawn_at(gateway, waiting),
            Choice::Wait(_) => self.waiting.push_back(waiting),
            Choice::Never(why) => self.answer(waiting.request, Err(HostError::Invalid(why))),
        }
    }

    /// Tries again those that wait, in their order; one that has waited for too long is given up.
    pub(super) fn place_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            if self.now_ms >= self.patience_ends(&waiting) {
                let obstacles = self.placement.obstacles(self.now_ms);
                let words =
                    format!("no gateway took the session within {} s: {obstacles}", self.input.patience_seconds);
                self.answer(waiting.request, Err(HostError::Unavailable(words)));
            } else {
                self.place(waiting);
            }
        }
    }

    /// When to look again at those that wait, if nothing happens before.
    pub(super) fn waiting_until(&self) -> Option<u64> {
        let patience = self.patience_ends(self.waiting.front()?);
        Some(self.placement.quiet_until(self.now_ms).map_or(patience, |at| at.min(patience)))
    }

    fn patience_ends(&self, waiting: &Waiting) -> u64 {
        waiting.since_ms.saturating_add(u64::from(self.input.patience_seconds) * 1_000)
    }

    /// Somebody wants the run to stop: nothing waits any more.
    pub(super) fn stop(&mut self, reason: String) {
        for waiting in std::mem::take(&mut self.waiting) {
            let words = "the run is being stopped, and no gateway had taken the session".to_owned();
            self.answer(waiting.request, Err(HostError::Unavailable(words)));
        }
        if let Some(opening) = &mut self.opening {
            opening.cut();
        }
        self.untold.push_back(EventKind::StopRequested { task: None, reason });
    }

    fn of_session(&mut self, request: RequestId, session: &SessionKey, ask: impl FnOnce(String, SessionKey) -> Ask) {
        let known = self.sessions.get(session).map(|known| (known.gateway, known.key.clone()));
        match (known, self.place_of(session)) {
            (Some((gateway, key)), Some((_, own))) => {
                self.ask(About::Session(request), gateway, ask(key, own));
            }
            _ => self.answer(request, Err(not_found(session))),
        }
    }

    /// Waits for the end of a session from now on.
    pub(super) fn follow(&mut self, session: SessionKey, gateway: GatewayIndex, key: String) {
        let Some((_, own)) = self.place_of(&session) else { return };
        let lease_seconds =
            self.placement.all().find(|(index, _)| *index == gateway).and_then(|(_, spec)| spec.lease_seconds);
        let id = self.next_id();
        self.asked.insert(id, About::End(session));
        let gateway = self.placement.name(gateway).to_owned();
        self.stepped.actions.push(Action::Follow(id, Following { gateway, key, session: own, lease_seconds }));
    }
}

pub(super) fn not_found(session: &SessionKey) -> HostError {
    HostError::NotFound(format!("this run has no session {session}"))
}
