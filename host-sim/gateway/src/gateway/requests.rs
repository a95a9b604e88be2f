//! How the gateway answers requests.

use std::sync::Arc;

use parallel_agents_engine::host::{
    Command, EventKind, HistoryPage, HistoryQuery, HostError, ListFilter, Receipt, Reply, SessionPage, SessionRow,
    SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::cut::{MAX_PAGE_BYTES, MAX_TEXT_BYTES, cut_bytes, cut_page, cut_text};
use super::event_queue::Due;
use super::faults::cleanup::Request;
use super::session::Session;
use super::state::Gateway;

use crate::label::task_of;
use crate::paging;
use crate::script::{Fault, HostProfile};
use crate::truth::Truth;

/// How long the gateway takes to answer, in milliseconds.
pub(super) fn latency_ms(profile: &HostProfile, command: &Command) -> u64 {
    match command {
        Command::Spawn(..) => profile.spawn_latency_ms,
        Command::List(..) | Command::History(..) => profile.answer_latency_ms,
        Command::Attach(..) => profile.answer_latency_ms,
        Command::Cancel(..) => profile.cancel_latency_ms,
        Command::Delete(..) => profile.delete_latency_ms,
        Command::Progress(_) | Command::Item(_) => 0,
    }
}

impl Gateway {
    /// Carries a request out and answers it.
    pub(super) fn answer(&mut self, command: Command) {
        let told_before = self.outbox.len();
        let (request, outcome) = match command {
            Command::Spawn(request, options) => (request, self.spawn(request, Arc::unwrap_or_clone(options))),
            Command::List(request, filter) => (request, self.list(&filter).map(Reply::Listed)),
            Command::History(request, query) => (request, self.history(&query).map(Reply::History)),
            Command::Cancel(request, key) => (request, self.cancel(&key)),
            Command::Attach(request, key) => (request, self.attach(&key)),
            Command::Delete(request, key) => (request, self.delete(&key)),
            Command::Progress(_) | Command::Item(_) => return,
        };
        // The answer comes before what the request brought about.
        let what = EventKind::Answered { request, outcome };
        self.outbox.insert(told_before, what);
    }

    fn spawn(&mut self, request: RequestId, options: SpawnOptions) -> Result<Reply, HostError> {
        let nth = self.sessions.count_request(&options.idempotency_key);
        if let Some(refusal) = self.spawn_refusal(&options.idempotency_key, nth) {
            self.truths.note(Truth::Refused { request, error: refusal.clone() });
            return Err(refusal);
        }
        let idempotency_key = options.idempotency_key.clone();
        let receipt = match self.sessions.receipt(&idempotency_key) {
            Some(receipt) => receipt.clone(),
            None => match self.admit(&options, nth) {
                Ok(()) => self.create(options),
                Err(refusal) => {
                    self.truths.note(Truth::Refused { request, error: refusal.clone() });
                    return Err(refusal);
                }
            },
        };
        self.truths.note(Truth::Accepted { request, session: receipt.session_key.clone() });
        self.spawn_answer(&idempotency_key, nth, receipt)
    }

    /// Brings a session into being.
    fn create(&mut self, options: SpawnOptions) -> Receipt {
        let subject = task_of(&options.label).to_owned();
        let attempt = self.sessions.count_attempt(&subject);
        let asked = self.script.applied_model(options.model.as_deref());
        let (model, receipt_lies) = self.swapped(&subject, attempt, asked.clone());
        let mut scripted = self.script.play(self.seed, &options.task, &model, attempt);
        self.inflate(&subject, attempt, &model, &mut scripted);
        self.alter(&subject, attempt, &mut scripted);
        let profile = self.script.host();
        let told_model = if receipt_lies { &asked } else { &model };
        let receipt = Receipt {
            session_key: SessionKey::new(format!("agent:main:subagent:{}", self.random.uuid())),
            run_id: self.random.uuid(),
            applied_model: profile.reports_model.then(|| told_model.clone()),
            tool_free: options.tool_free && profile.tool_free,
        };
        let key = receipt.session_key.clone();
        self.sessions.keep_receipt(options.idempotency_key.clone(), receipt.clone(), self.time.now_ms());
        let fault_plan = self.fault_plan(&subject, attempt);
        let session = Session {
            receipt: receipt.clone(),
            options,
            model,
            scripted,
            state: SessionState::Queued,
            number: 0,
            fault_plan,
            is_cut_off: false,
            is_paused: false,
            parent: None,
            is_attached: true,
        };
        self.sessions.insert(session);
        if !fault_plan.never_starts {
            self.enter_after(fault_plan.start_delay_ms, Due::Queue(key));
        }
        receipt
    }

    /// Whether the gateway takes one more session.
    fn admit(&mut self, options: &SpawnOptions, nth: u32) -> Result<(), HostError> {
        let script = self.script.clone();
        let profile = script.host();
        if options.run_timeout_seconds == 0 {
            return Err(HostError::Invalid("runTimeoutSeconds must be at least 1".to_owned()));
        }
        if options.task.trim().is_empty() {
            return Err(HostError::Invalid("task required".to_owned()));
        }
        if self.sessions.spawned() >= profile.max_total {
            let words =
                format!("sessions_spawn reached the total of sessions for this group ({0}/{0})", profile.max_total);
            self.truths.fault(Fault::Exhausted);
            return Err(HostError::Exhausted(words));
        }
        let cap = if profile.queue { profile.max_children } else { profile.max_children.min(profile.max_concurrent) };
        let live = self.sessions.own_live();
        if live >= cap as usize && !self.ignores_cap(&options.idempotency_key, nth) {
            self.truths.fault(Fault::AtCapacity);
            let words = format!("sessions_spawn has reached max active children for this session ({live}/{cap})");
            return Err(HostError::AtCapacity(words));
        }
        Ok(())
    }

    fn list(&mut self, filter: &ListFilter) -> Result<SessionPage, HostError> {
        let wanted = filter.spawned_by.as_ref().map(SessionKey::as_str);
        let is_child = |session: &&Session| {
            let parent = session.parent.as_ref().map_or(Self::CALLER, SessionKey::as_str);
            wanted.is_none_or(|wanted| wanted == parent)
        };
        let mut page = paging::rows(self.sessions.in_order().filter(is_child).map(Session::row), filter)?;
        page.sessions = page.sessions.into_iter().map(|row| self.shown(row)).collect();
        Ok(self.listed(page))
    }

    /// The row without what this gateway does not tell.
    fn shown(&self, row: SessionRow) -> SessionRow {
        let profile = self.profile();
        SessionRow {
            model: row.model.filter(|_| profile.reports_model),
            usage: row.usage.filter(|_| profile.reports_usage),
            ..row
        }
    }

    fn history(&mut self, query: &HistoryQuery) -> Result<HistoryPage, HostError> {
        if let Some(refusal) =
            self.session_refusal(Request::Read, &query.session_key).or_else(|| self.history_gone(&query.session_key))
        {
            return Err(refusal);
        }
        let session = self
            .sessions
            .get(&query.session_key)
            .ok_or_else(|| HostError::NotFound(format!("No session found: {}", query.session_key)))?;
        let profile = self.profile();
        let (mut messages, has_more) = paging::messages(session.transcript(), query)?;
        let mut dropped_messages = 0;
        if profile.full_history {
            for message in &mut messages {
                message.truncated = cut_bytes(&mut message.text, MAX_TEXT_BYTES);
                message.usage = message.usage.filter(|_| profile.reports_usage);
            }
        } else {
            for message in &mut messages {
                message.truncated = cut_text(&mut message.text, profile.history_block_chars);
                message.usage = None;
            }
            dropped_messages = cut_page(&mut messages, profile.history_page_bytes);
        }
        dropped_messages += cut_page(&mut messages, MAX_PAGE_BYTES);
        let page = HistoryPage { messages, has_more, dropped_messages, redacted: false };
        Ok(self.handed_out(&query.session_key, page))
    }

    fn cancel(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        let Some(session) = self.sessions.get(key) else {
            return Err(HostError::NotFound(format!("No session found: {key}")));
        };
        let is_live = session.is_live();
        if let Some(refusal) = self.session_refusal(Request::Cancel { is_live }, key) {
            return Err(refusal);
        }
        self.stop(key);
        Ok(Reply::Cancelled)
    }

    /// Gives a session to the present call. What it would have been told of it is told after the answer.
    fn attach(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        let Some(session) = self.sessions.get_mut(key) else {
            return Err(HostError::NotFound(format!("No session found: {key}")));
        };
        session.is_attached = true;
        let receipt = session.receipt.clone();
        if let Some(end) = self.end_of(key) {
            self.tell(EventKind::SessionEnded(end));
        }
        Ok(Reply::Attached(receipt))
    }

    /// Deletes a session. A live one is stopped by that, and its end is reported like every other one.
    fn delete(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        if let Some(refusal) = self.session_refusal(Request::Delete, key) {
            return Err(refusal);
        }
        self.stop(key);
        if self.sessions.remove(key).is_some() {
            self.truths.note(Truth::Deleted(key.clone()));
        }
        Ok(Reply::Deleted)
    }
}
