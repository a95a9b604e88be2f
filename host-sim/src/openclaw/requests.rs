//! What is asked of the gateway, and what its answers mean for the call.

use std::sync::Arc;

use gateway_sim::truth::{SessionOver, Truth};
use parallel_agents_door::{Door, DoorError, Listed, Waited};
use parallel_agents_engine::host::{
    Command, EventKind, HostError, ListFilter, Receipt, Reply, SessionEnd, SessionOutcome, SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::watching::Wanted;
use super::{News, OpenClaw, Session};

/// How long the end of a session is waited for that was just stopped.
const STOPPED_SECONDS: u32 = 2;

/// What the door had to say to a request.
#[derive(Debug)]
pub(super) struct Answered {
    request: RequestId,
    got: Result<Got, DoorError>,
    /// The session that was asked for, or asked about.
    about: About,
}

#[derive(Clone, Debug)]
enum About {
    Spawn { key: String, model: Option<String> },
    Session(SessionKey),
    All,
}

#[derive(Debug)]
enum Got {
    Receipt(Receipt),
    /// The answer to a search for one session that another process has spawned.
    Found(Listed),
    Listed(Listed),
    /// How a session ended that was stopped, if the gateway says so already.
    Stopped(Option<SessionEnd>),
    Reply(Reply),
}

impl OpenClaw {
    pub(super) fn send(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => self.spawn(request, options),
            Command::List(request, filter) => {
                self.ask(request, About::All, move |door| async move { door.list(&filter).await.map(Got::Listed) });
            }
            Command::History(request, query) => {
                self.of_session(request, query.session_key.clone(), move |door, key| async move {
                    door.history(&key, &query).await.map(|page| Got::Reply(Reply::History(page)))
                });
            }
            Command::Cancel(request, session) => self.of_session(request, session, |door, key| async move {
                door.cancel(&key).await?;
                // It is over now; what it had said and used is worth a question, and not worth a failure.
                let keys = [key];
                let waited = door.wait(&keys, &keys, STOPPED_SECONDS).await.ok();
                Ok(Got::Stopped(waited.and_then(|waited| waited.ends().pop().map(|(_, end)| end))))
            }),
            Command::Delete(request, session) => self.of_session(request, session, |door, key| async move {
                door.delete(&key).await.map(|()| Got::Reply(Reply::Deleted))
            }),
            Command::Attach(request, session) => self.attach(request, session),
            Command::Progress(_) | Command::Item(_) => {}
        }
    }

    fn spawn(&mut self, request: RequestId, options: Arc<SpawnOptions>) {
        let default = self.options.model.clone();
        let model = options.model.clone().or_else(|| default.clone());
        let about = About::Spawn { key: options.idempotency_key.clone(), model };
        self.ask(request, about, move |door| async move {
            door.spawn(&options, default.as_deref()).await.map(Got::Receipt)
        });
    }

    /// A session that an earlier process of this call has spawned: the door knows its key.
    fn attach(&mut self, request: RequestId, session: SessionKey) {
        let filter = ListFilter { search: Some(session.as_str().to_owned()), spawned_by: None, offset: 0, limit: 10 };
        let about = About::Session(session);
        self.ask(request, about, move |door| async move { door.list(&filter).await.map(Got::Found) });
    }

    fn of_session<F>(
        &mut self,
        request: RequestId,
        session: SessionKey,
        work: impl FnOnce(Door, String) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<Got, DoorError>> + Send + 'static,
    {
        match self.sessions.get(&session).map(|known| known.key.clone()) {
            Some(key) => self.ask(request, About::Session(session), move |door| work(door, key)),
            None => self.call.untold.push_back(EventKind::Answered { request, outcome: Err(not_found(&session)) }),
        }
    }

    /// Asks the door, and has the answer told.
    fn ask<F>(&mut self, request: RequestId, about: About, work: impl FnOnce(Door) -> F + Send + 'static)
    where
        F: Future<Output = Result<Got, DoorError>> + Send + 'static,
    {
        self.under_way += 1;
        let (door, inbox, bell) = (self.door.clone(), self.inbox.clone(), self.bell.clone());
        tokio::spawn(async move {
            let got = work(door).await;
            // Nobody listens any more only if the call is over.
            let _ = inbox.send(News::Answered(Answered { request, got, about }));
            bell.ring();
        });
    }

    /// Takes in what the door has answered.
    pub(super) fn answered(&mut self, Answered { request, got, about }: Answered) {
        self.under_way = self.under_way.saturating_sub(1);
        let mut stopped = None;
        if let (Ok(Got::Stopped(end)), About::Session(session)) = (&got, &about) {
            stopped = Some(end.clone().unwrap_or_else(|| SessionEnd::new(session.clone(), SessionOutcome::Cancelled)));
        }
        let outcome = got.map_err(HostError::from).and_then(|got| self.reply(request, got, about.clone()));
        if let (About::Spawn { .. }, Err(error)) = (&about, &outcome) {
            // Of one that is in doubt nobody knows whether it has a session.
            if !matches!(error, HostError::InDoubt(_)) {
                self.call.truths.push(Truth::Refused { request, error: error.clone() });
            }
        }
        self.call.untold.push_back(EventKind::Answered { request, outcome });
        if let Some(end) = stopped {
            self.end(end);
        }
        self.want();
    }

    fn reply(&mut self, request: RequestId, got: Got, about: About) -> Result<Reply, HostError> {
        match (got, about) {
            (Got::Receipt(receipt), About::Spawn { key, model }) => {
                let session = receipt.session_key.clone();
                self.call.truths.push(Truth::Accepted { request, session: session.clone() });
                self.admit(session, key, receipt.applied_model.clone().or(model));
                Ok(Reply::Spawned(receipt))
            }
            (Got::Found(listed), About::Session(session)) => {
                let key = listed.keys().into_iter().find(|(row, _)| *row == session).map(|(_, key)| key);
                let key = key.ok_or_else(|| not_found(&session))?;
                // The list names models in another form than receipts do.
                self.admit(session.clone(), key, None);
                let receipt =
                    Receipt { session_key: session, run_id: String::new(), applied_model: None, tool_free: false };
                Ok(Reply::Attached(receipt))
            }
            (Got::Listed(listed), _) => Ok(Reply::Listed(listed.page())),
            (Got::Stopped(_), _) => Ok(Reply::Cancelled),
            (Got::Reply(reply), About::Session(session)) => {
                if reply == Reply::Deleted {
                    self.call.truths.push(Truth::Deleted(session));
                }
                Ok(reply)
            }
            (Got::Receipt(_) | Got::Found(_) | Got::Reply(_), _) => {
                Err(HostError::InDoubt("the answer is that to another request".to_owned()))
            }
        }
    }

    fn admit(&mut self, session: SessionKey, key: String, model: Option<String>) {
        let model = model.unwrap_or_default();
        self.sessions.entry(session).or_insert(Session { key, model, is_started: false, is_over: false });
    }

    /// Takes in what has happened to sessions.
    pub(super) fn waited(&mut self, waited: Waited) {
        for key in &waited.started {
            let begun = self.sessions.iter_mut().find(|(_, session)| session.key == *key && !session.is_started);
            if let Some((session, known)) = begun.filter(|(_, known)| !known.is_over) {
                known.is_started = true;
                self.call.untold.push_back(EventKind::SessionStarted(session.clone()));
            }
        }
        for key in &waited.unknown {
            let lost = self.sessions.iter().find(|(_, session)| session.key == *key);
            if let Some(session) = lost.map(|(session, _)| session.clone()) {
                // The gateway has forgotten it, so it is not there any more.
                self.end(SessionEnd::new(session, SessionOutcome::Interrupted));
            }
        }
        for (_, end) in waited.ends() {
            self.end(end);
        }
        self.want();
    }

    fn end(&mut self, end: SessionEnd) {
        let Some(session) = self.sessions.get_mut(&end.session).filter(|session| !session.is_over) else { return };
        session.is_over = true;
        let over = SessionOver {
            state: match &end.outcome {
                SessionOutcome::Completed => SessionState::Completed,
                SessionOutcome::Failed { .. } | SessionOutcome::Interrupted => SessionState::Failed,
                SessionOutcome::TimedOut => SessionState::TimedOut,
                SessionOutcome::Cancelled => SessionState::Cancelled,
            },
            outcome: end.outcome.clone(),
            model: end.model.clone().unwrap_or_else(|| session.model.clone()),
            usage: end.usage,
            // The gateway names no price; the request's own prices are applied to the usage.
            cost_micro_usd: 0,
        };
        self.call.truths.push(Truth::Over(end.session.clone(), over));
        self.call.untold.push_back(EventKind::SessionEnded(end));
    }

    /// The sessions that are to be waited for from now on.
    fn want(&mut self) {
        let live = self.sessions.values().filter(|session| !session.is_over);
        let wanted: Wanted = live.map(|session| (session.key.clone(), session.is_started)).collect();
        self.wanted.send_if_modified(|before| {
            let is_other = *before != wanted;
            *before = wanted;
            is_other
        });
    }
}

fn not_found(session: &SessionKey) -> HostError {
    HostError::NotFound(format!("this call has no session {session}"))
}
