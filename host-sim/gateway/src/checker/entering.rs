//! How commands and events get into the account.

use parallel_agents_engine::host::{Command, Event, EventKind, HostError, Reply, SessionEnd};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::account::Asked;
use super::invariant::Invariant;
use super::state::{CLEANUP_GRACE_MS, Checker, Intervened, Live, SEARCHES};
use crate::script::Fault;

/// How long a call that goes on may take to catch up, in milliseconds.
const CATCHING_UP_MS: u64 = CLEANUP_GRACE_MS + 1_000;

impl Checker {
    /// Enters a command that the component gave.
    pub(super) fn command(&mut self, command: &Command) {
        if self.ending.returned {
            self.note(Invariant::CallOrder, "a command came after the call had returned".to_owned());
        }
        if let Command::Item(item) = command {
            return self.item_told(item);
        }
        self.was_of_use();
        self.check_arguments(command);
        // Whoever catches up tells what was told before, lists and attaches.
        if !matches!(command, Command::List(..) | Command::Attach(..) | Command::Progress(_)) {
            self.time.has_caught_up();
        }
        match command {
            Command::Spawn(request, options) => {
                self.ask(*request, "spawn", None);
                self.accounts.spawn_calls += 1;
                self.accounts.last_spawn_ms = self.time.known_ms();
                self.spawn(*request, options);
            }
            Command::List(request, _) => self.ask(*request, "list", None),
            Command::History(request, query) => {
                self.ask(*request, "history", Some(&query.session_key));
                self.check_history(&query.session_key);
            }
            Command::Cancel(request, key) => {
                self.ask(*request, "cancel", Some(key));
                self.check_cleanup(key);
            }
            Command::Attach(request, key) => {
                self.ask(*request, "attach", Some(key));
                if let Some(account) = self.accounts.sessions.get_mut(key) {
                    account.told.attached += 1;
                }
            }
            Command::Delete(request, key) => {
                self.ask(*request, "delete", Some(key));
                self.check_cleanup(key);
            }
            Command::Item(_) => {}
            Command::Progress(progress) => {
                for (invariant, what) in self.progress.enter(progress, self.time.told_ms(), self.allowed.max_live) {
                    self.note(invariant, what);
                }
            }
        }
    }

    /// Enters that somebody intervenes with the event that comes next.
    pub(super) fn intervention_comes(&mut self) {
        self.heard.intervention = Intervened::Next;
    }

    /// When the call was told that somebody intervened, in milliseconds since it opened as it can know it. None: nobody did.
    pub fn intervened_ms(&self) -> Option<u64> {
        match self.heard.intervention {
            Intervened::At(ms) => Some(ms),
            Intervened::No | Intervened::Next => None,
        }
    }

    /// Enters that a fault of the script struck.
    pub(super) fn fault(&mut self, fault: Fault) {
        *self.heard.faults.entry(fault).or_default() += 1;
        if fault == Fault::ClockJumped {
            self.cuts.jumped_before = Some(self.heard.events);
            // Until when a call that goes on catches up, its commands do not tell for certain, so that every later jump counts.
            self.cuts.is_time_in_doubt |= self.cuts.resumes > 0;
        }
    }

    /// Enters that the host would not stop or delete a session.
    pub(super) fn kept_alive(&mut self, key: &SessionKey) {
        if let Some(account) = self.accounts.sessions.get_mut(key) {
            account.asked.refusals += 1;
        }
    }

    /// Enters that a session was deleted.
    pub(super) fn deleted(&mut self, key: &SessionKey) {
        if let Some(account) = self.accounts.sessions.get_mut(key) {
            account.deleted = true;
        }
    }

    /// Enters that the host forgot a session.
    pub(super) fn vanished(&mut self, key: &SessionKey) {
        if let Some(account) = self.accounts.sessions.get_mut(key) {
            (account.deleted, account.vanished) = (true, true);
            account.told.is_hidden |= !account.told.in_sight;
        }
    }

    /// Enters that a list that is told leaves a session out.
    pub(super) fn left_out(&mut self, key: &SessionKey) {
        if let Some(account) = self.accounts.sessions.get_mut(key).filter(|account| !account.told.in_sight) {
            account.told.left_out += 1;
            account.told.is_hidden |= account.told.left_out >= SEARCHES;
        }
    }

    /// Enters an event that the component is given, with the real time. One that is extra happened only in words.
    pub(super) fn event_at(&mut self, event: &Event, is_extra: bool, real_ms: u64) {
        if event.seq != self.heard.events {
            self.note(Invariant::Events, format!("event {} follows event {}", event.seq, self.heard.events));
        }
        self.heard.events = event.seq + 1;
        self.time.tell(event.at_ms, real_ms);
        if matches!(self.heard.intervention, Intervened::Next) {
            self.heard.intervention = Intervened::At(self.time.known_ms());
        }
        if self.cuts.went_on_ms.is_some_and(|at| self.time.known_ms() > at.saturating_add(CATCHING_UP_MS)) {
            self.time.has_caught_up();
        }
        if let EventKind::SessionEnded(end) = &event.what {
            self.answer_told(end);
        }
        if is_extra {
            return;
        }
        self.check_wait(&event.what);
        match &event.what {
            EventKind::Answered { request, outcome } => self.answered(*request, outcome),
            EventKind::SessionEnded(end) => self.end_told(end),
            EventKind::StopRequested { task: None, .. } => self.stops.run = true,
            EventKind::StopRequested { task: Some(task), .. } => {
                self.stops.tasks.insert(task.clone());
            }
            EventKind::Opened(facts) => self.heard.seed = Some(facts.seed),
            EventKind::SessionStarted(_) | EventKind::TimerFired => {}
        }
    }

    fn answered(&mut self, request: RequestId, outcome: &Result<Reply, HostError>) {
        self.check_answer(request);
        match outcome {
            Ok(Reply::Spawned(receipt) | Reply::Attached(receipt)) => {
                self.given(request, &receipt.session_key);
                if let Some(account) = self.accounts.sessions.get_mut(&receipt.session_key) {
                    (account.told.key, account.told.in_sight) = (true, true);
                    account.told.model = receipt.applied_model.clone().or(account.told.model.take());
                }
            }
            Ok(Reply::Listed(page)) => {
                for row in &page.sessions {
                    if let Some(account) = self.accounts.sessions.get_mut(&row.session_key) {
                        account.told.in_sight = true;
                        account.told.usage |= account.told.key && !account.is_live() && row.usage.is_some();
                        account.told.model = row.model.clone().or(account.told.model.take());
                    }
                }
            }
            Err(HostError::RateLimited { retry_after_ms: Some(retry_after_ms), .. }) => {
                self.cool_down(request, *retry_after_ms)
            }
            _ => {}
        }
    }

    fn end_told(&mut self, end: &SessionEnd) {
        if self.accounts.sessions.get(&end.session).is_some_and(|account| account.told.ends == 0) {
            self.circuit_told(end);
        }
        self.check_end(&end.session);
        self.notes_refusal(&end.session, &end.outcome);
        if let Some(account) = self.accounts.sessions.get_mut(&end.session) {
            // Of a session that the call does not know, it cannot take anything in.
            account.told.usage |= account.told.key && end.usage.is_some();
            account.told.model = end.model.clone().or(account.told.model.take());
        }
    }

    /// Enters that the call came back; what is alive now is an orphan.
    pub(super) fn returned(&mut self) {
        self.ending.returned = true;
        self.check_return();
        for live in &self.accounts.live {
            match live {
                Live::Spawning(request) => self.ending.open_spawns.push(*request),
                Live::Session(key) => self.ending.orphans.push(key.clone()),
            }
        }
    }

    /// Enters that the host stopped everything; spawn calls that it had not looked at will not be carried out.
    pub(super) fn swept(&mut self) {
        self.accounts.live.retain(|live| !matches!(live, Live::Spawning(_)));
    }

    fn ask(&mut self, request: RequestId, function: &'static str, session: Option<&SessionKey>) {
        if self.accounts.requests.insert(request, Asked::new(function)).is_some() {
            self.note(Invariant::OneAnswer, format!("request {request} was used twice"));
        }
        // Whether there is such a session is what a call that goes on wants to know.
        let may_read =
            |key: &SessionKey| function == "attach" || (function == "history" && self.accounts.earlier.contains(key));
        if let Some(key) = session.filter(|key| !self.accounts.sessions.contains_key(*key) && !may_read(key)) {
            self.note(Invariant::CallOrder, format!("{function} names {key}, which this call never spawned"));
        }
        self.check_reads(function, session);
    }
}
