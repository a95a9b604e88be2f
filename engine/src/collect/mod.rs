//! Collects the answers of sessions that somebody else spawned: the specification's `collect results`.
//!
//! | state   | and then                                        | it becomes                              |
//! |---------|-------------------------------------------------|-----------------------------------------|
//! | listing | a page, and more follow                         | listing, from there                     |
//! | listing | the last page                                   | reading what has ended, then waiting    |
//! | waiting | the pause is over                               | listing from the start                  |
//! | any     | a request is not answered for half a minute     | as if it had been refused               |
//! | any     | all are read, or the time is over               | over                                    |
//!
//! One list call tells the state of all sessions, so nobody is asked session by session. A session that the list does not
//! show is read all the same: absence from a list is no proof. Nothing is spawned, stopped or deleted.

mod collected;

use std::collections::{BTreeMap, VecDeque};

pub use collected::{Collected, CollectedStatus};

use crate::driver::StateMachine;
use crate::host::{Command, Event, EventKind, HistoryQuery, HostError, ListFilter, Reply};
use crate::ids::{RequestId, SessionKey};
use crate::policy::history::{HISTORY_PAGE, MAX_HISTORY_PAGES};
use crate::problem::CallError;
use crate::task::OutputFormat;
use collected::{Listed, collected, still_running};

/// Rows of one list call.
const LIST_ROWS: u32 = 200;

/// The first pause between two looks; it doubles up to the longest, in milliseconds. No session is done sooner.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// How long an answer is waited for, in milliseconds: three times the longest that was seen.
const ANSWER_TIMEOUT_MS: u64 = 30_000;

/// Transcripts read at once.
const READS_AT_ONCE: usize = 8;

#[derive(Debug)]
enum Purpose {
    List,
    Read(usize),
}

/// The state of one call.
#[derive(Debug)]
pub struct Collect {
    keys: Vec<SessionKey>,
    format: OutputFormat,
    wait_ms: u64,
    opened_at: Option<u64>,
    now: u64,
    listing: Listing,
    done: Vec<Option<Collected>>,
    to_read: VecDeque<usize>,
    reading: usize,
    requests: Requests,
    finished: Option<Vec<Collected>>,
    over: bool,
}

/// How far the host's list was read, and when it is read again.
#[derive(Debug)]
struct Listing {
    states: BTreeMap<SessionKey, Listed>,
    look_at: Option<u64>,
    pause_ms: u64,
    offset: u32,
    pages: u32,
}

/// Requests without an answer, and the commands of this step.
#[derive(Debug)]
struct Requests {
    open: BTreeMap<RequestId, Purpose>,
    next: u64,
    /// Until when all that are open are waited for.
    wait_until: u64,
    out: Vec<Command>,
}

impl Requests {
    fn ask(&mut self, now: u64, purpose: Purpose, command: impl FnOnce(RequestId) -> Command) {
        let id = RequestId(self.next);
        self.next += 1;
        self.open.insert(id, purpose);
        self.wait_until = now.saturating_add(ANSWER_TIMEOUT_MS);
        self.out.push(command(id));
    }
}

impl Collect {
    /// Collects from these sessions; those that still run are waited for at most `wait_seconds`.
    pub fn new(keys: Vec<SessionKey>, wait_seconds: u32, format: OutputFormat) -> Self {
        Self {
            done: vec![None; keys.len()],
            keys,
            format,
            wait_ms: u64::from(wait_seconds) * 1_000,
            opened_at: None,
            now: 0,
            listing: Listing { states: BTreeMap::new(), look_at: None, pause_ms: FIRST_PAUSE_MS, offset: 0, pages: 0 },
            to_read: VecDeque::new(),
            reading: 0,
            requests: Requests { open: BTreeMap::new(), next: 1, wait_until: 0, out: Vec::new() },
            finished: None,
            over: false,
        }
    }

    fn ask_list(&mut self) {
        self.listing.look_at = None;
        let filter = ListFilter { search: None, spawned_by: None, offset: self.listing.offset, limit: LIST_ROWS };
        self.requests.ask(self.now, Purpose::List, |id| Command::List(id, filter));
    }

    fn listed(&mut self, outcome: Result<Reply, HostError>) {
        // Without a list every session is read; what a transcript holds is known then.
        if let Ok(Reply::Listed(page)) = outcome {
            let rows = u32::try_from(page.sessions.len()).unwrap_or(u32::MAX);
            for row in page.sessions {
                if self.keys.contains(&row.session_key) {
                    let listed = Listed { state: row.state, model: row.model, usage: row.usage };
                    self.listing.states.insert(row.session_key, listed);
                }
            }
            self.listing.pages += 1;
            if page.has_more && rows > 0 && self.listing.pages < MAX_HISTORY_PAGES {
                self.listing.offset = self.listing.offset.saturating_add(rows);
                self.ask_list();
                return;
            }
        }
        self.after_the_list();
    }

    fn after_the_list(&mut self) {
        let undone = self.done.iter().zip(&self.keys).enumerate().filter(|(_, (done, _))| done.is_none());
        let ended: Vec<usize> = undone.filter(|(_, (_, key))| !self.is_live(key)).map(|(index, _)| index).collect();
        self.to_read = ended.into();
        self.read_more();
    }

    fn is_live(&self, key: &SessionKey) -> bool {
        self.listing.states.get(key).is_some_and(Listed::is_live)
    }

    fn read_more(&mut self) {
        while self.reading < READS_AT_ONCE
            && let Some(index) = self.to_read.pop_front()
        {
            let Some(session_key) = self.keys.get(index).cloned() else { continue };
            self.reading += 1;
            let query = HistoryQuery { session_key, offset: 0, limit: HISTORY_PAGE, include_tools: false };
            self.requests.ask(self.now, Purpose::Read(index), |id| Command::History(id, query));
        }
        if self.reading > 0 {
            return;
        }
        let waits = self.done.iter().any(Option::is_none);
        let left = self.end_at().saturating_sub(self.now);
        if !waits || left == 0 {
            self.conclude();
        } else {
            self.listing.look_at = Some(self.now.saturating_add(self.listing.pause_ms.min(left)));
            self.listing.pause_ms = (self.listing.pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
    }

    fn end_at(&self) -> u64 {
        self.opened_at.unwrap_or(0).saturating_add(self.wait_ms)
    }

    fn read(&mut self, index: usize, outcome: Result<Reply, HostError>) {
        self.reading = self.reading.saturating_sub(1);
        let Some(key) = self.keys.get(index) else { return };
        let listed = self.listing.states.get(key).cloned().unwrap_or_default();
        if let Some(place) = self.done.get_mut(index) {
            *place = Some(collected(key, listed, outcome, self.format));
        }
        self.read_more();
    }

    fn conclude(&mut self) {
        let done = std::mem::take(&mut self.done).into_iter().zip(&self.keys);
        self.finished = Some(done.map(|(one, key)| one.unwrap_or_else(|| still_running(key))).collect());
        self.over = true;
    }
}

impl StateMachine for Collect {
    type Output = Vec<Collected>;

    fn step(&mut self, event: Event) -> Vec<Command> {
        if self.over {
            return Vec::new();
        }
        self.now = self.now.max(event.at_ms);
        match event.what {
            EventKind::Opened(_) if self.opened_at.is_none() => {
                self.opened_at = Some(event.at_ms);
                self.ask_list();
            }
            EventKind::Answered { request, outcome } => match self.requests.open.remove(&request) {
                Some(Purpose::List) => self.listed(outcome),
                Some(Purpose::Read(index)) => self.read(index, outcome),
                None => {}
            },
            EventKind::StopRequested { task: None, .. } => self.conclude(),
            // Whatever ends is worth a look at once.
            EventKind::SessionEnded(end) if self.listing.look_at.is_some() && self.keys.contains(&end.session) => {
                self.look_again();
            }
            EventKind::TimerFired if self.listing.look_at.is_some_and(|at| at <= self.now) => self.look_again(),
            EventKind::Opened(_)
            | EventKind::SessionStarted(_)
            | EventKind::SessionEnded(_)
            | EventKind::StopRequested { .. }
            | EventKind::TimerFired => {}
        }
        self.give_up_requests();
        std::mem::take(&mut self.requests.out)
    }

    fn wake_at(&self) -> Option<u64> {
        let timeout = (!self.requests.open.is_empty()).then_some(self.requests.wait_until);
        [self.listing.look_at, timeout].into_iter().flatten().min()
    }

    fn finished(&mut self) -> Option<Result<Vec<Collected>, CallError>> {
        self.finished.take().map(Ok)
    }
}

impl Collect {
    /// Gives up requests whose answers do not come, so that a host that forgets one keeps nobody waiting.
    fn give_up_requests(&mut self) {
        if self.over || self.now < self.requests.wait_until {
            return;
        }
        let lost = || Err(HostError::InDoubt("no answer came".to_owned()));
        for purpose in std::mem::take(&mut self.requests.open).into_values() {
            match purpose {
                Purpose::List => self.listed(lost()),
                Purpose::Read(index) => self.read(index, lost()),
            }
        }
    }

    fn look_again(&mut self) {
        (self.listing.offset, self.listing.pages) = (0, 0);
        self.ask_list();
    }
}

#[cfg(test)]
mod tests;
