//! How commands and events get into the account.

use parallel_agents_engine::host::{Command, Event, Happening, HostError, Reply, SessionEnd};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::account::Asked;
use super::{CLEANUP_GRACE_MS, Invariant, Ledger, Live, SEARCHES};
use crate::script::Fault;

/// How long a call that goes on may take to catch up, in milliseconds.
const CATCHING_UP_MS: u64 = CLEANUP_GRACE_MS + 1_000;

impl Ledger {
    /// Enters a command that the component gave.
    pub(crate) fn command(&mut self, command: &Command) {
        if self.returned {
            self.note(Invariant::CallOrder, "a command came after the call had returned".to_owned());
        }
        self.was_of_use();
        self.check_arguments(command);
        // Whoever catches up tells what was told before, lists and watches.
        if !matches!(command, Command::List(..) | Command::Watch(..) | Command::Progress(_)) {
            self.time.has_caught_up();
        }
        match command {
            Command::Spawn(request, options) => {
                self.ask(*request, "spawn", None);
                self.spawn_calls += 1;
                self.last_spawn_ms = self.time.known_ms();
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
            Command::Watch(request, key) => {
                self.ask(*request, "watch", Some(key));
                if let Some(account) = self.sessions.get_mut(key) {
                    account.watches += 1;
                }
            }
            Command::Delete(request, key) => {
                self.ask(*request, "delete", Some(key));
                self.check_cleanup(key);
            }
            Command::Progress(progress) => {
                for (invariant, what) in self.progress.enter(progress, self.time.told_ms(), self.allowed.max_live) {
                    self.note(invariant, what);
                }
            }
        }
    }

    /// Enters that a fault of the script struck.
    pub(crate) fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
        if fault == Fault::ClockJumped {
            self.jumped_before = Some(self.events);
            // Until when a call that goes on catches up, its commands do not tell for certain, so that every later jump counts.
            self.is_time_in_doubt |= self.resumes > 0;
        }
    }

    /// Enters that the host would not stop or delete a session.
    pub(crate) fn kept_alive(&mut self, key: &SessionKey) {
        if let Some(account) = self.sessions.get_mut(key) {
            account.refusals += 1;
        }
    }

    /// Enters that a session was deleted.
    pub(crate) fn deleted(&mut self, key: &SessionKey) {
        if let Some(account) = self.sessions.get_mut(key) {
            account.deleted = true;
        }
    }

    /// Enters that the host forgot a session.
    pub(crate) fn vanished(&mut self, key: &SessionKey) {
        if let Some(account) = self.sessions.get_mut(key) {
            (account.deleted, account.vanished) = (true, true);
            account.is_hidden |= !account.in_sight;
        }
    }

    /// Enters that a list that is told leaves a session out.
    pub(crate) fn left_out(&mut self, key: &SessionKey) {
        if let Some(account) = self.sessions.get_mut(key).filter(|account| !account.in_sight) {
            account.left_out += 1;
            account.is_hidden |= account.left_out >= SEARCHES;
        }
    }

    /// Enters an event that the component is given at the time that it tells. One that is extra happened only in words.
    pub(crate) fn event(&mut self, event: &Event, is_extra: bool) {
        self.event_at(event, is_extra, event.at_ms);
    }

    /// The same where the host's clock tells another time than the real one.
    pub(crate) fn event_at(&mut self, event: &Event, is_extra: bool, real_ms: u64) {
        if event.seq != self.events {
            self.note(Invariant::Events, format!("event {} follows event {}", event.seq, self.events));
        }
        self.events = event.seq + 1;
        self.time.tell(event.at_ms, real_ms);
        if self.went_on_ms.is_some_and(|at| self.time.known_ms() > at.saturating_add(CATCHING_UP_MS)) {
            self.time.has_caught_up();
        }
        if let Happening::SessionEnded(end) = &event.what {
            self.answer_told(end);
        }
        if is_extra {
            return;
        }
        self.check_wait(&event.what);
        match &event.what {
            Happening::Answered { request, outcome } => self.answered(*request, outcome),
            Happening::SessionEnded(end) => self.end_told(end),
            Happening::StopRequested { task: None, .. } => self.stop_requested = true,
            Happening::StopRequested { task: Some(task), .. } => {
                self.stopped_tasks.insert(task.clone());
            }
            Happening::Opened(facts) => self.seed = Some(facts.seed),
            Happening::SessionStarted(_) | Happening::Woke => {}
        }
    }

    fn answered(&mut self, request: RequestId, outcome: &Result<Reply, HostError>) {
        self.check_answer(request);
        match outcome {
            Ok(Reply::Spawned(receipt) | Reply::Watched(receipt)) => {
                self.given(request, &receipt.session_key);
                if let Some(account) = self.sessions.get_mut(&receipt.session_key) {
                    (account.was_told, account.in_sight) = (true, true);
                    account.told_model = receipt.applied_model.clone().or(account.told_model.take());
                }
            }
            Ok(Reply::Listed(page)) => {
                for row in &page.sessions {
                    if let Some(account) = self.sessions.get_mut(&row.session_key) {
                        account.in_sight = true;
                        account.usage_was_told |= account.was_told && !account.is_live() && row.usage.is_some();
                        account.told_model = row.model.clone().or(account.told_model.take());
                    }
                }
            }
            Err(HostError::RateLimited { retry_after_ms: Some(wish_ms), .. }) => self.wishes(request, *wish_ms),
            _ => {}
        }
    }

    fn end_told(&mut self, end: &SessionEnd) {
        if self.sessions.get(&end.session).is_some_and(|account| account.ends_told == 0) {
            self.circuit_told(end);
        }
        self.check_end(&end.session);
        self.notes_refusal(&end.session, &end.outcome);
        if let Some(account) = self.sessions.get_mut(&end.session) {
            // Of a session that the call does not know, it cannot take anything in.
            account.usage_was_told |= account.was_told && end.usage.is_some();
            account.told_model = end.model.clone().or(account.told_model.take());
        }
    }

    /// Enters that the call came back; what is alive now is an orphan.
    pub(crate) fn returned(&mut self) {
        self.returned = true;
        self.check_return();
        for live in &self.live {
            match live {
                Live::Spawning(request) => self.open_spawns.push(*request),
                Live::Session(key) => self.orphans.push(key.clone()),
            }
        }
    }

    /// Enters that the host stopped everything; spawn calls that it had not looked at will not be carried out.
    pub(crate) fn swept(&mut self) {
        self.live.retain(|live| !matches!(live, Live::Spawning(_)));
    }

    fn ask(&mut self, request: RequestId, function: &'static str, session: Option<&SessionKey>) {
        if self.requests.insert(request, Asked::new(function)).is_some() {
            self.note(Invariant::OneAnswer, format!("request {request} was used twice"));
        }
        // Whether there is such a session is what a call that goes on wants to know.
        let may_read = |key: &SessionKey| function == "watch" || (function == "history" && self.earlier.contains(key));
        if let Some(key) = session.filter(|key| !self.sessions.contains_key(*key) && !may_read(key)) {
            self.note(Invariant::CallOrder, format!("{function} names {key}, which this call never spawned"));
        }
        self.check_reads(function, session);
    }
}
