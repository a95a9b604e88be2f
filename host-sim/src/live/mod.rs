//! Real sessions without a gateway: each is one chat completion on an OpenAI-compatible server.
//!
//! A completion has no tools, so every receipt says that the session is free of them. The sessions are this host's own
//! table; the server only ever sees a prompt. What it said goes through the same ledger and the same trace as the words of
//! the simulated gateway. The key is read by whoever builds the [`ModelServer`] and shows up nowhere: not in texts of the
//! server either, should it repeat it.

mod client;
mod failure;
mod key;
mod session;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use parallel_agents::host::{
    Command, Event, Happening, HistoryPage, HistoryQuery, HostError, HostFacts, ListFilter, Receipt, Reply,
    SessionPage, SpawnOptions,
};
use parallel_agents::ids::{RequestId, SessionKey};
use tokio::sync::mpsc;
use tokio::time::Instant;

pub use client::{ModelServer, ServerError};
pub use key::ApiKey;

use crate::clock::Bell;
use crate::ledger::{Ledger, SessionOver};
use crate::outside::{Next, Outside};
use crate::paging;
use crate::trace::Trace;
use client::Order;
use failure::CompletionFailure;
use session::{Ended, Session};

/// How long a wait without limit is before it is looked again; a bell ends it much earlier.
const LONG_WAIT_MS: u64 = 3_600_000;

/// The name of this host in reports.
pub const HOST_NAME: &str = "openai";

/// What is chosen about a live host.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The model of sessions that are spawned without one.
    pub model: String,
    /// All of the component's chance. It has to be drawn afresh for each run unless the same run is wanted again.
    pub seed: u64,
    /// Sessions that run at once; one more is refused. None: as many as the component asks for.
    pub host_cap: Option<u32>,
}

/// A host whose sessions are completions on a server. Needs a Tokio runtime, and a clock of real time.
pub struct Live {
    server: ModelServer,
    options: LiveOptions,
    bell: Bell,
    began: Instant,
    start_ms: u64,
    next_seq: u64,
    untold: VecDeque<Happening>,
    sessions: BTreeMap<SessionKey, Session>,
    receipts: BTreeMap<String, Receipt>,
    spawned: u64,
    ended: mpsc::UnboundedReceiver<(SessionKey, Ended)>,
    inbox: mpsc::UnboundedSender<(SessionKey, Ended)>,
    ledger: Ledger,
    trace: Trace,
}

impl Live {
    /// The session on whose behalf everything is spawned.
    const CALLER: &str = "cli:main";

    /// A host that has been asked for nothing yet. `bell` is that of the clock by which the call will run.
    pub fn new(server: ModelServer, options: LiveOptions, bell: Bell) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let start_ms = millis(since_epoch);
        let (inbox, ended) = mpsc::unbounded_channel();
        Self {
            server,
            options,
            bell,
            began: Instant::now(),
            start_ms,
            next_seq: 0,
            untold: VecDeque::new(),
            sessions: BTreeMap::new(),
            receipts: BTreeMap::new(),
            spawned: 0,
            ended,
            inbox,
            ledger: Ledger::default(),
            trace: Trace::new(start_ms, true),
        }
    }

    fn answer(&mut self, command: Command) {
        let told_before = self.untold.len();
        let (request, outcome) = match command {
            Command::Spawn(request, options) => {
                (request, self.spawn(request, Arc::unwrap_or_clone(options)).map(Reply::Spawned))
            }
            Command::List(request, filter) => (request, self.list(&filter).map(Reply::Listed)),
            Command::History(request, query) => (request, self.history(&query).map(Reply::History)),
            Command::Cancel(request, key) => (request, self.cancel(&key)),
            Command::Watch(request, key) => (request, self.watch(&key)),
            Command::Delete(request, key) => (request, self.delete(&key)),
            Command::Progress(_) => return,
        };
        // The answer comes before what the request brought about.
        self.untold.insert(told_before, Happening::Answered { request, outcome });
    }

    fn spawn(&mut self, request: RequestId, options: SpawnOptions) -> Result<Receipt, HostError> {
        let receipt = match self.receipts.get(&options.idempotency_key) {
            Some(receipt) => receipt.clone(),
            None => {
                if let Err(refusal) = self.admit(&options) {
                    self.ledger.refused(request, &refusal);
                    return Err(refusal);
                }
                self.begin(options)
            }
        };
        self.ledger.accepted(request, &receipt.session_key);
        Ok(receipt)
    }

    fn admit(&self, options: &SpawnOptions) -> Result<(), HostError> {
        if options.run_timeout_seconds == 0 {
            return Err(HostError::Invalid("the time limit must be at least 1 second".to_owned()));
        }
        if options.task.trim().is_empty() {
            return Err(HostError::Invalid("there is nothing to ask".to_owned()));
        }
        if let Some(agent) = &options.agent_id {
            return Err(HostError::Unsupported(format!("this host has no configured agents, so none named {agent}")));
        }
        let live = self.sessions.values().filter(|session| session.is_live()).count();
        match self.options.host_cap {
            Some(cap) if live >= cap as usize => {
                Err(HostError::AtCapacity(format!("{live} sessions run, and this host runs {cap} at once")))
            }
            _ => Ok(()),
        }
    }

    /// Sends the prompt.
    fn begin(&mut self, options: SpawnOptions) -> Receipt {
        self.spawned += 1;
        let key = SessionKey::new(format!("openai:{}:{}", self.start_ms, self.spawned));
        let model = options.model.clone().unwrap_or_else(|| self.options.model.clone());
        let order = Order {
            model: model.clone(),
            prompt: options.task.clone(),
            effort: options.thinking.clone().filter(|level| level != "off"),
            idempotency_key: options.idempotency_key.clone(),
        };
        let limit = Duration::from_secs(options.run_timeout_seconds.into());
        let (server, inbox, bell, name) = (self.server.clone(), self.inbox.clone(), self.bell.clone(), key.clone());
        let completion = tokio::spawn(async move {
            // A session that died without a word would hold its place until its time is over.
            let asked = AssertUnwindSafe(server.complete(order)).catch_unwind();
            let ended = match tokio::time::timeout(limit, asked).await {
                Ok(Ok(Ok(completed))) => Ended::Answered(completed),
                Ok(Ok(Err(failure))) => Ended::Failed(failure),
                Ok(Err(_)) => Ended::Failed(CompletionFailure::broken()),
                Err(_) => Ended::TimedOut,
            };
            // Nobody listens any more only if the call is over.
            let _ = inbox.send((name, ended));
            bell.ring();
        });
        let receipt = Receipt {
            session_key: key.clone(),
            run_id: String::new(),
            applied_model: Some(model.clone()),
            tool_free: true,
        };
        self.receipts.insert(options.idempotency_key.clone(), receipt.clone());
        let session = Session {
            receipt: receipt.clone(),
            options,
            model,
            number: self.spawned,
            completion: completion.abort_handle(),
            ended: None,
        };
        self.sessions.insert(key.clone(), session);
        self.untold.push_back(Happening::SessionStarted(key));
        receipt
    }

    fn list(&self, filter: &ListFilter) -> Result<SessionPage, HostError> {
        let mut sessions: Vec<&Session> = self.sessions.values().collect();
        sessions.sort_by_key(|session| session.number);
        // All of them are this call's.
        sessions.retain(|_| filter.spawned_by.as_ref().is_none_or(|parent| parent.as_str() == Self::CALLER));
        paging::rows(sessions.into_iter().map(Session::row), filter)
    }

    fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, HostError> {
        let session = self.sessions.get(&query.session_key).ok_or_else(|| no_session(&query.session_key))?;
        let (messages, has_more) = paging::messages(session.transcript(), query)?;
        Ok(HistoryPage { messages, has_more, dropped_messages: 0, redacted: false })
    }

    fn cancel(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        if !self.sessions.contains_key(key) {
            return Err(no_session(key));
        }
        self.end(key, Ended::Cancelled);
        Ok(Reply::Cancelled)
    }

    /// A session of this call, once more: its completion belongs to this process, so there are no others to take over.
    fn watch(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        let session = self.sessions.get(key).ok_or_else(|| no_session(key))?;
        let (receipt, end) = (session.receipt.clone(), session.end());
        self.untold.extend(end.map(Happening::SessionEnded));
        Ok(Reply::Watched(receipt))
    }

    fn delete(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        self.end(key, Ended::Cancelled);
        if self.sessions.remove(key).is_some() {
            self.ledger.deleted(key);
        }
        Ok(Reply::Deleted)
    }

    /// Ends a session that runs, and whatever it waits for. One that has ended stays as it is.
    fn end(&mut self, key: &SessionKey, how: Ended) {
        let Some(session) = self.sessions.get_mut(key).filter(|session| session.is_live()) else { return };
        session.completion.abort();
        session.ended = Some(how);
        let Some(end) = session.end() else { return };
        let over = SessionOver {
            state: session.state(),
            outcome: &end.outcome,
            model: session.applied_model(),
            usage: end.usage,
            // The server names no price; the request's own prices are applied to the usage.
            cost_micro_usd: 0,
        };
        self.ledger.session_over(key, over);
        self.untold.push_back(Happening::SessionEnded(end));
    }

    fn event(&mut self, what: Happening) -> Event {
        let event = Event { seq: self.next_seq, at_ms: self.now_ms(), what };
        self.next_seq += 1;
        self.trace.event(&event);
        self.ledger.event(&event, false);
        event
    }
}

impl Outside for Live {
    fn perform(&mut self, command: Command) {
        self.trace.command(self.now_ms(), &command);
        self.ledger.command(&command);
        self.answer(command);
    }

    fn poll(&mut self, _now_ms: u64, until_ms: Option<u64>) -> Next {
        if self.next_seq == 0 {
            let facts = HostFacts {
                name: HOST_NAME.to_owned(),
                seed: self.options.seed,
                max_concurrent: self.options.host_cap,
                reports_starts: true,
                keeps_journal: false,
            };
            return Next::Event(self.event(Happening::Opened(facts)));
        }
        while let Ok((key, how)) = self.ended.try_recv() {
            self.end(&key, how);
        }
        if let Some(what) = self.untold.pop_front() {
            return Next::Event(self.event(what));
        }
        let now_ms = self.now_ms();
        match until_ms {
            Some(until) if until <= now_ms => Next::Event(self.event(Happening::Woke)),
            Some(until) => Next::SleepUntil(until.min(now_ms.saturating_add(LONG_WAIT_MS))),
            None if self.sessions.values().any(Session::is_live) => {
                Next::SleepUntil(now_ms.saturating_add(LONG_WAIT_MS))
            }
            None => Next::Stuck("next-event was asked to wait without limit while no answer is due".to_owned()),
        }
    }

    fn append(&mut self, _lines: &str) -> Result<(), String> {
        Err("this host keeps no journal".to_owned())
    }

    fn waiting(&mut self, until_ms: Option<u64>) {
        self.trace.wait(self.now_ms(), until_ms);
    }

    fn now_ms(&self) -> u64 {
        self.start_ms.saturating_add(millis(self.began.elapsed()))
    }

    fn ask_to_stop(&mut self, _now_ms: u64, reason: String) {
        self.untold.push_back(Happening::StopRequested { task: None, reason });
    }

    fn close(&mut self, came_back: bool) {
        self.trace.closed(self.now_ms(), came_back);
        if came_back {
            self.ledger.returned();
        }
        let live: Vec<SessionKey> =
            self.sessions.iter().filter(|(_, session)| session.is_live()).map(|(key, _)| key.clone()).collect();
        for key in &live {
            self.end(key, Ended::Cancelled);
        }
        self.ledger.swept();
    }

    fn width(&self) -> Option<u32> {
        self.options.host_cap
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn trace(&self) -> &Trace {
        &self.trace
    }
}

impl Drop for Live {
    /// A call that is dropped half-way leaves no completion running.
    fn drop(&mut self) {
        for session in self.sessions.values() {
            session.completion.abort();
        }
    }
}

fn no_session(key: &SessionKey) -> HostError {
    HostError::NotFound(format!("No session found: {key}"))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
