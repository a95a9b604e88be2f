//! What the sessions did while nobody listened: a host that catches up with a call that was cut off.
//!
//! After a restart the new host knows nothing of the call. So its sessions are listed by the call's code, which is part
//! of every label, and those that the journal knows are attached to. A spawn whose receipt was lost finds its session in
//! that list, as does one that is not in the journal at all, because lines of it are lost. What is not in the list was
//! not spawned, and is left to the engine to decide anew: since then the budget may be used up, or a stop have come.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::replay::Open;
use crate::host::{
    Command, Event, EventKind, Host, HostError, HostFacts, JournalError, ListFilter, Receipt, Reply, SessionEnd,
    SessionOutcome, SessionPage, SessionRow, SessionState,
};
use crate::ids::{RequestId, SessionKey};
use crate::policy::clock_jump::CLOCK_JUMP_MS;
use crate::policy::outcome;
use crate::problem::CallError;
use crate::prompt::Nonces;

/// How long the host may take to say where the sessions stand, in milliseconds. After that the rest stays in doubt.
const ANSWERS_TIMEOUT_MS: u64 = 30_000;

/// Between two tries of one question, in milliseconds.
const PAUSE_MS: u64 = 1_000;

/// Tries of one question.
const MAX_TRIES: u32 = 3;

/// Rows of one page.
const PAGE: u32 = 500;

/// Pages that are read; a call has far fewer sessions.
const MAX_PAGES: u32 = 20;

/// The recovery's own requests count from here, so that they never meet those of the engine, which count from 1.
const OWN_REQUESTS: u64 = 1 << 48;

/// A host that goes on where another one was cut off.
pub(super) struct Recovery<H> {
    host: H,
    /// To be told before the host is asked again.
    ready: VecDeque<EventKind>,
    next_request: u64,
    /// Sessions of this call that the journal does not know, by label.
    strays: BTreeMap<String, SessionKey>,
    /// Requests that attach to a stray: for which spawn.
    attaching: BTreeMap<RequestId, (RequestId, SessionKey)>,
    /// What the list told of the usage of sessions that the journal knows.
    used: BTreeMap<SessionKey, SessionRow>,
    /// Sessions whose end was told before the cut.
    ended: BTreeSet<SessionKey>,
    /// The number of the next event, and the host's time.
    next_seq: u64,
    now_ms: u64,
    /// What is left of the time for catching up.
    time_left_ms: u64,
    /// The new host keeps a journal too.
    pub(super) keeps_journal: bool,
}

impl<H: Host> Recovery<H> {
    /// Catches up with what was open.
    pub(super) async fn begin(host: H, open: Open) -> Result<Self, CallError> {
        let mut it = Self {
            host,
            ready: VecDeque::new(),
            next_request: OWN_REQUESTS,
            strays: BTreeMap::new(),
            attaching: BTreeMap::new(),
            used: BTreeMap::new(),
            ended: open.ended.clone(),
            next_seq: open.last.0 + 1,
            now_ms: open.last.1,
            time_left_ms: ANSWERS_TIMEOUT_MS,
            keeps_journal: false,
        };
        let first = it.host.next_event(None).await?;
        it.now_ms = first.at_ms;
        let EventKind::Opened(facts) = first.what else {
            return Err(CallError::HostProtocol("the first event has to be `opened`".to_owned()));
        };
        it.keeps_journal = facts.keeps_journal;
        let Some(seed) = open.seed else {
            // The call had not begun, so this is its first event.
            it.next_seq = 0;
            it.ready.push_back(EventKind::Opened(facts));
            return Ok(it);
        };
        let allowed = |facts: &HostFacts| (facts.max_concurrent, facts.limits.clone());
        let is_changed = open.facts.as_ref().map(allowed) != Some(allowed(&facts));
        it.catch_up(seed, open).await?;
        if is_changed {
            // Before all else: what starts from now on has to keep to what is allowed now.
            it.ready.push_front(EventKind::Opened(HostFacts { seed, ..facts }));
        }
        Ok(it)
    }

    async fn catch_up(&mut self, seed: u64, open: Open) -> Result<(), CallError> {
        open.progress.iter().cloned().for_each(|progress| self.host.perform(progress));
        let mut is_complete = !open.has_spawned || self.list(Nonces::new(seed).short(), &open).await?;
        let asked_for = open.requests.values().filter_map(|asked| match asked {
            Command::Spawn(_, options) => Some(&options.label),
            _ => None,
        });
        let mut wanted = asked_for.chain(&open.in_doubt);
        // That a row is not in a list once is no proof: lists of a busy gateway repeat rows and leave some out.
        if is_complete && wanted.any(|label| !self.strays.contains_key(label)) {
            is_complete = self.list(Nonces::new(seed).short(), &open).await?;
        }
        for key in &open.sessions {
            let known = self.ask(|request| Command::Attach(request, key.clone())).await?;
            let is_gone = matches!(known, Some(Err(HostError::NotFound(_) | HostError::NotOwner(_))));
            if is_gone && open.live.contains(key) {
                self.ready.push_back(gone(key.clone()));
            }
        }
        self.foretell(&open);
        for (request, command) in open.requests {
            match command {
                Command::Spawn(_, options) if !self.strays.contains_key(&options.label) => {
                    let outcome = Err(if is_complete { never_spawned() } else { in_doubt() });
                    self.ready.push_back(EventKind::Answered { request, outcome });
                }
                other => self.perform(other),
            }
        }
        Ok(())
    }

    /// Notes the sessions of a list that the journal does not know, and what it tells of the others.
    fn take_rows(&mut self, open: &Open, rows: Vec<SessionRow>) {
        for row in rows {
            if !open.sessions.contains(&row.session_key) {
                self.strays.extend(row.label.map(|label| (label, row.session_key)));
            } else if row.usage.is_some() && !open.ended.contains(&row.session_key) {
                self.used.insert(row.session_key.clone(), row);
            }
        }
    }

    /// Tells in one event, before any other, what all sessions have used that ended meanwhile. Their ends are told one after
    /// the other, and after the first one the engine may start a session for which the next ones leave nothing.
    fn foretell(&mut self, open: &Open) {
        for what in &self.ready {
            let EventKind::SessionEnded(end) = what else { continue };
            if end.usage.is_some() && !open.ended.contains(&end.session) {
                self.used.insert(end.session.clone(), row_of(end));
            }
        }
        let sessions: Vec<SessionRow> = std::mem::take(&mut self.used).into_values().collect();
        if !sessions.is_empty() {
            let request = self.own_request();
            let outcome = Ok(Reply::Listed(SessionPage { sessions, has_more: false }));
            self.ready.push_front(EventKind::Answered { request, outcome });
        }
    }

    /// Asks for the sessions of this call and notes what the host says. False: it did not say all of it.
    async fn list(&mut self, code: &str, open: &Open) -> Result<bool, CallError> {
        let mut offset = 0;
        for _ in 0..MAX_PAGES {
            let filter = ListFilter { search: Some(code.to_owned()), spawned_by: None, offset, limit: PAGE };
            let page = match self.ask(|request| Command::List(request, filter.clone())).await? {
                Some(Ok(Reply::Listed(page))) => page,
                _ => return Ok(false),
            };
            let SessionPage { sessions, has_more } = page;
            offset = offset.saturating_add(u32::try_from(sessions.len()).unwrap_or(u32::MAX));
            let is_empty = sessions.is_empty();
            self.take_rows(open, sessions);
            if !has_more || is_empty {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks until there is an answer that stays. None: it did not come in time. What else happens is told later.
    async fn ask(
        &mut self,
        question: impl Fn(RequestId) -> Command,
    ) -> Result<Option<Result<Reply, HostError>>, CallError> {
        for tries in 1.. {
            let own = self.own_request();
            self.host.perform(question(own));
            let Some(answer) = self.answer_to(own, self.time_left_ms).await? else { break };
            match &answer {
                Err(error) if outcome::passes(error) && tries < MAX_TRIES => {
                    self.answer_to(RequestId(0), PAUSE_MS).await?;
                }
                _ => return Ok(Some(answer)),
            }
        }
        Ok(None)
    }

    /// Waits for one answer, for so many milliseconds of what is left.
    async fn answer_to(
        &mut self,
        wanted: RequestId,
        for_ms: u64,
    ) -> Result<Option<Result<Reply, HostError>>, CallError> {
        let mut left_ms = for_ms.min(self.time_left_ms);
        while left_ms > 0 {
            let event = self.host.next_event(Some(self.now_ms.saturating_add(left_ms))).await?;
            let passed = self.passed(&event, left_ms);
            left_ms = left_ms.saturating_sub(passed);
            self.time_left_ms = self.time_left_ms.saturating_sub(passed);
            match event.what {
                EventKind::Answered { request, outcome } if request == wanted => return Ok(Some(outcome)),
                EventKind::TimerFired => {}
                other => self.take(other),
            }
        }
        Ok(None)
    }

    /// How long a wait took that was to end after `left_ms` at the latest.
    fn passed(&mut self, event: &Event, left_ms: u64) -> u64 {
        let passed = event.at_ms.saturating_sub(self.now_ms);
        // A clock that was set back counts from where it stands now.
        self.now_ms = event.at_ms;
        // Had so much time passed, the wait would have been over without this: the clock was set on.
        let was_set = event.what != EventKind::TimerFired && passed > left_ms.saturating_add(CLOCK_JUMP_MS);
        if was_set { 0 } else { passed }
    }

    /// Puts what happened in line, unless it is the recovery's own affair.
    fn take(&mut self, what: EventKind) {
        match what {
            EventKind::Answered { request, outcome } if request.0 >= OWN_REQUESTS => {
                if let Some((spawn, session)) = self.attaching.remove(&request) {
                    self.attached(spawn, session, outcome);
                }
            }
            EventKind::SessionEnded(end) if self.ended.contains(&end.session) => {}
            other => self.ready.push_back(other),
        }
    }

    fn attached(&mut self, request: RequestId, session_key: SessionKey, outcome: Result<Reply, HostError>) {
        let outcome = match outcome {
            Ok(Reply::Attached(receipt)) => Ok(Reply::Spawned(receipt)),
            // The host listed it a moment ago, so that it did come into being, and may have had effects before it was lost.
            Err(HostError::NotFound(_)) => {
                self.ready.push_front(gone(session_key.clone()));
                let run_id = String::new();
                Ok(Reply::Spawned(Receipt { session_key, run_id, applied_model: None, tool_free: false }))
            }
            Ok(_) => Err(HostError::InDoubt("the host gave another answer than `attached`".to_owned())),
            Err(error) => Err(HostError::InDoubt(outcome::words(&error).to_owned())),
        };
        // Before the end of the session, which may be in line already.
        self.ready.push_front(EventKind::Answered { request, outcome });
    }

    fn own_request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    fn number(&mut self, what: EventKind) -> Event {
        let seq = self.next_seq;
        self.next_seq += 1;
        Event { seq, at_ms: self.now_ms, what }
    }
}

/// Taken back as if it had not been asked for.
fn never_spawned() -> HostError {
    HostError::Busy("the call was cut off before the session came into being".to_owned())
}

/// The end of a session that the host no longer has.
fn gone(session: SessionKey) -> EventKind {
    EventKind::SessionEnded(SessionEnd::new(session, SessionOutcome::Interrupted))
}

/// What the end of a session tells of its usage, as a list would.
fn row_of(end: &SessionEnd) -> SessionRow {
    SessionRow {
        session_key: end.session.clone(),
        label: None,
        state: SessionState::Completed,
        model: end.model.clone(),
        usage: end.usage,
    }
}

fn in_doubt() -> HostError {
    HostError::InDoubt("the call was cut off before an answer came, and the host does not list its sessions".to_owned())
}

impl<H: Host> Host for Recovery<H> {
    fn perform(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => match self.strays.remove(&options.label) {
                Some(session) => {
                    let own = self.own_request();
                    self.attaching.insert(own, (request, session.clone()));
                    self.host.perform(Command::Attach(own, session));
                }
                None => self.host.perform(Command::Spawn(request, options)),
            },
            other => self.host.perform(other),
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        loop {
            if let Some(what) = self.ready.pop_front() {
                return Ok(self.number(what));
            }
            let event = self.host.next_event(until_ms).await?;
            self.now_ms = event.at_ms;
            self.take(event.what);
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.host.append(lines)
    }
}
