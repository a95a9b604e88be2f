//! What a host is asked before the call goes on: for the list of its sessions, and for each session that may run.

use super::Recovery;
use crate::host::{
    Command, Event, EventKind, Host, HostError, ListFilter, Reply, SessionEnd, SessionPage, SessionRow, SessionState,
};
use crate::ids::RequestId;
use crate::journal::attaching::{Attaching, MAX_TRIES, PAUSE_MS};
use crate::journal::replay::Open;
use crate::policy::clock_jump::CLOCK_JUMP_MS;
use crate::policy::outcome;
use crate::problem::CallError;
use crate::prompt::Nonces;

/// How long the host may take to say where the sessions stand, in milliseconds. After that what was
/// asked for and has no receipt stays in doubt, and the call goes on.
pub(super) const ANSWERS_TIMEOUT_MS: u64 = 30_000;

/// Rows of one page.
const PAGE: u32 = 500;

/// Pages that are read, with 100,000 rows in all: the most sessions that `budget.spawns` can allow, and ten for each task of the
/// largest run. A session in doubt that stands behind the last page would not be found, and be asked for once more.
const MAX_PAGES: u32 = 200;

impl<H: Host> Recovery<H> {
    /// Asks for what became of all that was open, and puts what the call is to be told first in line.
    pub(super) async fn catch_up(&mut self, seed: u64, open: Open) -> Result<(), CallError> {
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
        self.attaching = Attaching::of(&open);
        self.attach_to_all().await?;
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

    /// Attaches to the sessions that may run, as far as that is done in time.
    async fn attach_to_all(&mut self) -> Result<(), CallError> {
        self.attach_to_due();
        while self.attaching.is_urgent() && self.time_left_ms > 0 {
            let pause_ms = self.attaching.wake_at().map_or(u64::MAX, |at_ms| at_ms.saturating_sub(self.now_ms));
            let (what, _) = self.heard(self.time_left_ms.min(pause_ms)).await?;
            if what != EventKind::TimerFired {
                self.take(what);
            }
            self.attach_to_due();
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
            let (what, passed) = self.heard(left_ms).await?;
            left_ms = left_ms.saturating_sub(passed);
            match what {
                EventKind::Answered { request, outcome } if request == wanted => return Ok(Some(outcome)),
                EventKind::TimerFired => {}
                other => self.take(other),
            }
        }
        Ok(None)
    }

    /// Waits for one event, for so many milliseconds of what is left. It comes with the time that it took.
    async fn heard(&mut self, for_ms: u64) -> Result<(EventKind, u64), CallError> {
        let event = self.host.next_event(Some(self.now_ms.saturating_add(for_ms))).await?;
        let passed = self.passed(&event, for_ms);
        self.time_left_ms = self.time_left_ms.saturating_sub(passed);
        Ok((event.what, passed))
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
}

/// Taken back as if it had not been asked for.
fn never_spawned() -> HostError {
    HostError::Busy("the call was cut off before the session came into being".to_owned())
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
