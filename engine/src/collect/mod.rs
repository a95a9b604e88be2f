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

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use crate::answer::{self, Expected, RawAnswer};
use crate::driver::Process;
use crate::host::{Command, Event, Happening, HistoryQuery, HostError, ListFilter, MessageRole, Reply, SessionState};
use crate::ids::{RequestId, SessionKey};
use crate::policy::limits::{HISTORY_PAGE, MAX_HISTORY_PAGES};
use crate::policy::outcome;
use crate::problem::CallError;
use crate::task::{OutputFormat, TaskError, Usage};

/// Rows of one list call.
const LIST_ROWS: u32 = 200;

/// The first pause between two looks; it doubles up to the longest, in milliseconds. No session is done sooner.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// How long an answer is waited for: three times the longest that was seen.
const PATIENCE_MS: u64 = 30_000;

/// Transcripts read at once.
const READS_AT_ONCE: usize = 8;

/// Where a session stands. Documented in `wit/orchestration.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum CollectedStatus {
    Completed,
    Failed,
    Timeout,
    Cancelled,
    Running,
    Unknown,
}

/// What became of one session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collected {
    /// Which.
    pub session_key: String,
    /// Where it stands.
    pub status: CollectedStatus,
    /// What it said last; of a failed check the text.
    pub output: Option<Value>,
    /// Why there is no good answer.
    pub error: Option<TaskError>,
    /// The model that answered, if the host says so.
    pub model: Option<String>,
    /// Its tokens, if the host says so.
    pub usage: Option<Usage>,
    /// The answer is not whole.
    pub truncated: bool,
}

#[derive(Debug)]
enum Purpose {
    List,
    Read(usize),
}

/// The process of one call.
#[derive(Debug)]
pub struct Collect {
    keys: Vec<SessionKey>,
    format: OutputFormat,
    wait_ms: u64,
    states: BTreeMap<SessionKey, (SessionState, Option<String>, Option<Usage>)>,
    done: Vec<Option<Collected>>,
    to_read: VecDeque<usize>,
    reading: usize,
    opened_at: Option<u64>,
    now: u64,
    look_at: Option<u64>,
    pause_ms: u64,
    offset: u32,
    pages: u32,
    requests: BTreeMap<RequestId, Purpose>,
    /// Until when open requests are waited for.
    patient_until: u64,
    next_request: u64,
    out: Vec<Command>,
    finished: Option<Vec<Collected>>,
    over: bool,
}

impl Collect {
    /// Collects from these sessions; those that still run are waited for at most `wait_seconds`.
    pub fn new(keys: Vec<SessionKey>, wait_seconds: u32, format: OutputFormat) -> Self {
        Self {
            done: vec![None; keys.len()],
            keys,
            format,
            wait_ms: u64::from(wait_seconds) * 1_000,
            states: BTreeMap::new(),
            to_read: VecDeque::new(),
            reading: 0,
            opened_at: None,
            now: 0,
            look_at: None,
            pause_ms: FIRST_PAUSE_MS,
            offset: 0,
            pages: 0,
            requests: BTreeMap::new(),
            patient_until: 0,
            next_request: 1,
            out: Vec::new(),
            finished: None,
            over: false,
        }
    }

    fn request(&mut self, purpose: Purpose) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.requests.insert(id, purpose);
        self.patient_until = self.now.saturating_add(PATIENCE_MS);
        id
    }

    fn ask_list(&mut self) {
        self.look_at = None;
        let filter = ListFilter { search: None, spawned_by: None, offset: self.offset, limit: LIST_ROWS };
        let request = self.request(Purpose::List);
        self.out.push(Command::List(request, filter));
    }

    fn listed(&mut self, outcome: Result<Reply, HostError>) {
        // Without a list every session is read; what a transcript holds is known then.
        if let Ok(Reply::Listed(page)) = outcome {
            let rows = u32::try_from(page.sessions.len()).unwrap_or(u32::MAX);
            for row in page.sessions {
                if self.keys.contains(&row.session_key) {
                    self.states.insert(row.session_key, (row.state, row.model, row.usage));
                }
            }
            self.pages += 1;
            if page.has_more && rows > 0 && self.pages < MAX_HISTORY_PAGES {
                self.offset = self.offset.saturating_add(rows);
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
        matches!(self.states.get(key), Some((SessionState::Queued | SessionState::Running, _, _)))
    }

    fn read_more(&mut self) {
        while self.reading < READS_AT_ONCE
            && let Some(index) = self.to_read.pop_front()
        {
            let Some(session_key) = self.keys.get(index).cloned() else { continue };
            self.reading += 1;
            let request = self.request(Purpose::Read(index));
            let query = HistoryQuery { session_key, offset: 0, limit: HISTORY_PAGE, include_tools: false };
            self.out.push(Command::History(request, query));
        }
        if self.reading > 0 {
            return;
        }
        let waits = self.done.iter().any(Option::is_none);
        let left = self.end_at().saturating_sub(self.now);
        if !waits || left == 0 {
            self.conclude();
        } else {
            self.look_at = Some(self.now.saturating_add(self.pause_ms.min(left)));
            self.pause_ms = (self.pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
    }

    fn end_at(&self) -> u64 {
        self.opened_at.unwrap_or(0).saturating_add(self.wait_ms)
    }

    fn read(&mut self, index: usize, outcome: Result<Reply, HostError>) {
        self.reading = self.reading.saturating_sub(1);
        let Some(key) = self.keys.get(index) else { return };
        let (state, model, usage) = self.states.get(key).cloned().unwrap_or((SessionState::Unknown, None, None));
        let mut collected = Collected {
            session_key: key.as_str().to_owned(),
            status: status(state),
            output: None,
            error: None,
            model,
            usage,
            truncated: false,
        };
        match outcome {
            Ok(Reply::History(page)) => {
                let last = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
                let raw = last.map(|message| RawAnswer {
                    text: message.text.clone(),
                    truncated: message.truncated,
                    finish: message.finish,
                    redacted: page.redacted,
                });
                collected.model = last.and_then(|message| message.model.clone()).or(collected.model);
                collected.usage = collected.usage.or(last.and_then(|message| message.usage));
                // The session is somebody else's, so what arrived is told as it is; that it was cut stands beside it.
                let expected = Expected { accept_truncated: true, ..Expected::of(self.format) };
                let judged = match (&raw, state) {
                    (Some(raw), SessionState::Completed | SessionState::Unknown) => answer::judge(raw, &expected),
                    (Some(raw), _) => answer::keep_only(raw),
                    (None, _) => answer::judge(&RawAnswer::default(), &expected),
                };
                collected.output = judged.output;
                collected.truncated = judged.truncated;
                collected.error = judged.error;
                if state == SessionState::Unknown && raw.is_some() && collected.error.is_none() {
                    collected.status = CollectedStatus::Completed;
                } else if state == SessionState::Completed && collected.error.is_some() {
                    collected.status = CollectedStatus::Failed;
                }
            }
            Ok(_) => collected.error = Some(outcome::history_failed(&HostError::InDoubt("another answer".to_owned()))),
            Err(error) => collected.error = Some(outcome::history_failed(&error)),
        }
        if let Some(place) = self.done.get_mut(index) {
            *place = Some(collected);
        }
        self.read_more();
    }

    fn conclude(&mut self) {
        let still = |key: &SessionKey| Collected {
            session_key: key.as_str().to_owned(),
            status: CollectedStatus::Running,
            output: None,
            error: Some(outcome::error("E_STILL_RUNNING", "the session had not ended when the time was over", true)),
            model: None,
            usage: None,
            truncated: false,
        };
        let done = std::mem::take(&mut self.done);
        self.finished =
            Some(done.into_iter().zip(&self.keys).map(|(one, key)| one.unwrap_or_else(|| still(key))).collect());
        self.over = true;
    }
}

fn status(state: SessionState) -> CollectedStatus {
    match state {
        SessionState::Completed => CollectedStatus::Completed,
        SessionState::Failed => CollectedStatus::Failed,
        SessionState::TimedOut => CollectedStatus::Timeout,
        SessionState::Cancelled => CollectedStatus::Cancelled,
        SessionState::Queued | SessionState::Running => CollectedStatus::Running,
        SessionState::Unknown => CollectedStatus::Unknown,
    }
}

impl Process for Collect {
    type Output = Vec<Collected>;

    fn step(&mut self, event: Event) -> Vec<Command> {
        if self.over {
            return Vec::new();
        }
        self.now = self.now.max(event.at_ms);
        match event.what {
            Happening::Opened(_) if self.opened_at.is_none() => {
                self.opened_at = Some(event.at_ms);
                self.ask_list();
            }
            Happening::Answered { request, outcome } => match self.requests.remove(&request) {
                Some(Purpose::List) => self.listed(outcome),
                Some(Purpose::Read(index)) => self.read(index, outcome),
                None => {}
            },
            Happening::StopRequested { task: None, .. } => self.conclude(),
            // Whatever ends is worth a look at once.
            Happening::SessionEnded(end) if self.look_at.is_some() && self.keys.contains(&end.session) => {
                self.look_again();
            }
            Happening::Woke if self.look_at.is_some_and(|at| at <= self.now) => self.look_again(),
            Happening::Opened(_)
            | Happening::SessionStarted(_)
            | Happening::SessionEnded(_)
            | Happening::StopRequested { .. }
            | Happening::Woke => {}
        }
        self.lose_patience();
        std::mem::take(&mut self.out)
    }

    fn wake_at(&self) -> Option<u64> {
        let patience = (!self.requests.is_empty()).then_some(self.patient_until);
        [self.look_at, patience].into_iter().flatten().min()
    }

    fn finished(&mut self) -> Option<Result<Vec<Collected>, CallError>> {
        self.finished.take().map(Ok)
    }
}

impl Collect {
    /// Takes answers that do not come for lost, so that a host that forgets one keeps nobody waiting.
    fn lose_patience(&mut self) {
        if self.over || self.now < self.patient_until {
            return;
        }
        let lost = || Err(HostError::InDoubt("no answer came".to_owned()));
        for purpose in std::mem::take(&mut self.requests).into_values() {
            match purpose {
                Purpose::List => self.listed(lost()),
                Purpose::Read(index) => self.read(index, lost()),
            }
        }
    }

    fn look_again(&mut self) {
        (self.offset, self.pages) = (0, 0);
        self.ask_list();
    }
}

#[cfg(test)]
mod tests;
