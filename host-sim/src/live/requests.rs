//! What is asked of the host: sessions are begun, listed, read, stopped and deleted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use parallel_agents_engine::host::{
    AnswerForm, Command, EventKind, HistoryPage, HistoryQuery, HostError, ListFilter, Receipt, Reply, SessionPage,
    SpawnOptions,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use tokio::time::Instant;

use super::asking::Order;
use super::failure::CompletionFailure;
use super::incoming::Incoming;
use super::session::{Ended, Session};
use super::{Live, Word};
use gateway_sim::paging;
use gateway_sim::truth::{SessionOver, Truth};

impl Live {
    /// The session on whose behalf everything is spawned.
    const CALLER: &str = "cli:main";

    pub(super) fn answer(&mut self, command: Command) {
        let told_before = self.call.untold.len();
        let (request, outcome) = match command {
            Command::Spawn(request, options) => {
                (request, self.spawn(request, Arc::unwrap_or_clone(options)).map(Reply::Spawned))
            }
            Command::List(request, filter) => (request, self.list(&filter).map(Reply::Listed)),
            Command::History(request, query) => (request, self.history(&query).map(Reply::History)),
            Command::Cancel(request, key) => (request, self.cancel(&key)),
            Command::Attach(request, key) => (request, self.attach(&key)),
            Command::Delete(request, key) => (request, self.delete(&key)),
            Command::Progress(_) | Command::Item(_) => return,
        };
        // The answer comes before what the request brought about.
        self.call.untold.insert(told_before, EventKind::Answered { request, outcome });
    }

    fn spawn(&mut self, request: RequestId, options: SpawnOptions) -> Result<Receipt, HostError> {
        let receipt = match self.receipts.get(&options.idempotency_key) {
            Some(receipt) => receipt.clone(),
            None => {
                if let Err(refusal) = self.admit(&options) {
                    self.call.truths.push(Truth::Refused { request, error: refusal.clone() });
                    return Err(refusal);
                }
                self.begin(options)
            }
        };
        self.call.truths.push(Truth::Accepted { request, session: receipt.session_key.clone() });
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
        let key = SessionKey::new(format!("openai:{:016x}:{}", self.life, self.spawned));
        let model = options.model.clone().unwrap_or_else(|| self.options.model.clone());
        let order = Order {
            model: model.clone(),
            prompt: options.task.clone(),
            effort: options.thinking.clone().filter(|level| level != "off"),
            form: options.form.clone(),
            max_tokens: options.max_output_tokens,
            idempotency_key: options.idempotency_key.clone(),
        };
        let limit = Duration::from_secs(options.run_timeout_seconds.into());
        let incoming = Arc::new(Incoming::new(order.form != AnswerForm::Text));
        let completion = tokio::spawn(self.completion(key.clone(), order, limit, Arc::clone(&incoming)));
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
            incoming,
            sent_at: Instant::now(),
            is_started: false,
            is_heard: false,
            ended: None,
            said: None,
        };
        self.sessions.insert(key, session);
        self.sent();
        receipt
    }

    /// Asks the server, and tells what comes of it.
    fn completion(
        &self,
        key: SessionKey,
        order: Order,
        limit: Duration,
        incoming: Arc<Incoming>,
    ) -> impl Future<Output = ()> + use<> {
        let (server, inbox, bell) = (self.server.clone(), self.inbox.clone(), self.bell.clone());
        async move {
            let is_heard = AtomicBool::new(false);
            let tell = |word: Word| {
                // Nobody listens any more only if the call is over.
                let _ = inbox.send((key.clone(), word));
                bell.ring();
            };
            let heard = || {
                if !is_heard.swap(true, Ordering::Relaxed) {
                    incoming.begin(Instant::now());
                    tell(Word::Heard);
                }
            };
            // A session that died without a word would hold its place until its time is over.
            let asked = AssertUnwindSafe(server.complete(&order, &incoming, heard)).catch_unwind();
            let ended = tokio::select! {
                asked = asked => match asked {
                    Ok(Ok(())) => Ended::Answered,
                    Ok(Err(failure)) => Ended::Failed(failure.told(|text| server.hidden(text))),
                    Err(_) => Ended::Failed(CompletionFailure::broken()),
                },
                () = incoming.time_is_over(limit) => match incoming.pieces().is_whole() {
                    true => Ended::Answered,
                    false => Ended::TimedOut,
                },
            };
            tell(Word::Ended(ended));
        }
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

    /// A session of this call, once more: its completion belongs to this process, so there are no others to attach to.
    fn attach(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        let session = self.sessions.get(key).ok_or_else(|| no_session(key))?;
        let (receipt, end) = (session.receipt.clone(), session.end());
        self.call.untold.extend(end.map(EventKind::SessionEnded));
        Ok(Reply::Attached(receipt))
    }

    fn delete(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        self.end(key, Ended::Cancelled);
        if self.sessions.remove(key).is_some() {
            self.call.truths.push(Truth::Deleted(key.clone()));
        }
        Ok(Reply::Deleted)
    }

    /// Ends a session that runs, and whatever it waits for. One that has ended stays as it is.
    pub(super) fn end(&mut self, key: &SessionKey, how: Ended) {
        let Some(session) = self.sessions.get_mut(key).filter(|session| session.is_live()) else { return };
        session.completion.abort();
        session.ended = Some(how);
        let said = session.incoming.pieces().said();
        let is_anything =
            !said.text.is_empty() || said.usage.is_some() || matches!(session.ended, Some(Ended::Answered));
        session.said = is_anything.then(|| said.told(|text| self.server.hidden(text)));
        let Some(end) = session.end() else { return };
        let over = SessionOver {
            state: session.state(),
            outcome: end.outcome.clone(),
            model: session.applied_model().to_owned(),
            usage: end.usage,
            // The server names no price; the request's own prices are applied to the usage.
            cost_micro_usd: 0,
        };
        self.call.truths.push(Truth::Over(key.clone(), over));
        self.call.untold.push_back(EventKind::SessionEnded(end));
        self.place_is_free(key);
    }
}

fn no_session(key: &SessionKey) -> HostError {
    HostError::NotFound(format!("No session found: {key}"))
}
