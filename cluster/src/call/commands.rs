//! What the engine wants: each command goes to the gateway that it concerns.

use std::sync::Arc;

use parallel_agents_engine::host::{Command, EventKind, HistoryQuery, HostError, Reply, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::{About, Action, ClusterCall, Doubt};
use crate::messages::{FollowRequest, GatewayCall};
use crate::placement::{Choice, GatewayIndex, Needs};

/// When a task is tried again that no gateway could take since all were away, in milliseconds. The engine tries six times, so that two
/// minutes are survived without the failure of a session.
const AWAY_MS: u64 = 20_000;

impl ClusterCall {
    pub(super) fn perform(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => self.spawn(request, options),
            Command::List(request, filter) => self.list(request, filter),
            Command::History(request, query) => {
                let session = query.session_key.clone();
                self.of_session(request, &session, |key, own| {
                    GatewayCall::History(key, HistoryQuery { session_key: own, ..query })
                });
            }
            Command::Cancel(request, session) => self.of_session(request, &session, |key, _| GatewayCall::Cancel(key)),
            Command::Delete(request, session) => self.of_session(request, &session, |key, _| GatewayCall::Delete(key)),
            Command::Attach(request, session) => match self.place_of(&session) {
                Some((gateway, own)) => {
                    self.ask(About::Find(request, gateway, session), gateway, GatewayCall::Find(own));
                }
                None => self.answer(request, Err(not_found(&session))),
            },
            Command::Progress(progress) => self.stepped.progress.push(progress),
            Command::Item(item) => self.stepped.items.push(item),
        }
    }

    pub(super) fn answer(&mut self, request: RequestId, outcome: Result<Reply, HostError>) {
        self.untold.push_back(EventKind::Answered { request, outcome });
    }

    fn spawn(&mut self, request: RequestId, options: Arc<SpawnOptions>) {
        if let Some(why) = self.input.allowed.refuses(&options) {
            return self.answer(request, Err(HostError::Forbidden(why)));
        }
        // A key that may have a session somewhere is asked for there and nowhere else.
        match self.in_doubt.get(&options.idempotency_key) {
            Some(doubt) => self.spawn_at(doubt.gateway, request, options),
            None => self.place(request, options),
        }
    }

    fn spawn_at(&mut self, gateway: GatewayIndex, request: RequestId, options: Arc<SpawnOptions>) {
        self.in_doubt.entry(options.idempotency_key.clone()).or_insert(Doubt { gateway, answers: 0 });
        self.ask(About::Spawn(request, gateway, Arc::clone(&options)), gateway, GatewayCall::Spawn(options));
    }

    /// Chooses a gateway for a session. If none takes it now, the engine does with its task what it does when a host has no room.
    pub(super) fn place(&mut self, request: RequestId, options: Arc<SpawnOptions>) {
        self.ask_unread();
        let obstacles = |call: &Self| call.placement.obstacles(call.now_ms);
        let error = match self.placement.take(&Needs::from(options.as_ref()), self.now_ms) {
            Choice::At(gateway) => return self.spawn_at(gateway, request, options),
            Choice::Full => HostError::AtCapacity(obstacles(self)),
            Choice::Away => HostError::RateLimited { retry_after_ms: Some(AWAY_MS), message: obstacles(self) },
            Choice::Never(why) => HostError::Invalid(why),
            Choice::Refused(why) => HostError::Forbidden(why),
        };
        self.answer(request, Err(error));
    }

    /// Lets a key never have a session.
    pub(super) fn tombstone(&mut self, gateway: GatewayIndex, key: String) {
        self.ask(About::Tombstone(gateway), gateway, GatewayCall::Tombstone(key));
    }

    /// Somebody wants the run to stop.
    pub(super) fn stop(&mut self, reason: String) {
        if let Some(opening) = &mut self.opening {
            opening.cut();
        }
        self.untold.push_back(EventKind::StopRequested { task: None, reason });
    }

    fn of_session(
        &mut self,
        request: RequestId,
        session: &SessionKey,
        call: impl FnOnce(String, SessionKey) -> GatewayCall,
    ) {
        let known = self.sessions.get(session).map(|known| (known.gateway, known.key.clone()));
        match (known, self.place_of(session)) {
            (Some((gateway, key)), Some((_, own))) => {
                self.ask(About::Session(request, session.clone()), gateway, call(key, own));
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
        self.stepped.actions.push(Action::Follow(id, FollowRequest { gateway, key, session: own, lease_seconds }));
    }
}

pub(super) fn not_found(session: &SessionKey) -> HostError {
    HostError::NotFound(format!("this run has no session {session}"))
}
