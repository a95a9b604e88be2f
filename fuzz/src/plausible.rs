//! A host that does what hosts do, in any order, and keeps its own count.
//!
//! It refuses, loses and repeats, but it never lies about a session. When the bytes are used up it is kind: it answers
//! everything and every session ends well.

mod answers;

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use parallel_agents_engine::host::{
    Command, Event, EventKind, Host, HostError, Receipt, Reply, SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};
use parallel_agents_engine::problem::CallError;
use serde_json::Value;

use crate::hosts::{Manners, Sequence, facts};

/// Sessions alive at once when a request names no number.
const DEFAULT_CAP: u64 = 5;

struct Session {
    asked: SpawnOptions,
    said: String,
    state: SessionState,
}

impl Session {
    fn is_live(&self) -> bool {
        matches!(self.state, SessionState::Queued | SessionState::Running)
    }
}

/// The host, and what it knows.
pub struct Plausible<'a> {
    source: Unstructured<'a>,
    seq: Sequence,
    now: u64,
    is_open: bool,
    cap: u64,
    keeps_journal: bool,
    /// Dependencies of each task, and whether it runs without them.
    dependencies: BTreeMap<String, (Vec<String>, bool)>,
    sessions: BTreeMap<SessionKey, Session>,
    open: BTreeMap<RequestId, Command>,
    ended: BTreeMap<String, bool>,
    is_stopped: bool,
    manners: Manners,
    last: Option<Event>,
    /// What was appended.
    pub journal: String,
}

impl<'a> Plausible<'a> {
    /// A host for a request.
    pub fn new(source: Unstructured<'a>, request: &Value, keeps_journal: bool) -> Self {
        let by_default = request["on_dependency_failure"] == "run";
        let tasks = request["tasks"].as_array().into_iter().flatten();
        let dependencies = tasks.filter_map(|task| {
            let on = task["dependencies"].as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let runs = task["on_dependency_failure"].as_str().map_or(by_default, |rule| rule == "run");
            Some((task["task_id"].as_str()?.to_owned(), (on, runs)))
        });
        Self {
            source,
            seq: Sequence::default(),
            now: 0,
            is_open: false,
            cap: request["max_concurrent"].as_u64().unwrap_or(DEFAULT_CAP),
            keeps_journal,
            dependencies: dependencies.collect(),
            sessions: BTreeMap::new(),
            open: BTreeMap::new(),
            ended: BTreeMap::new(),
            is_stopped: false,
            manners: Manners::default(),
            last: None,
            journal: String::new(),
        }
    }

    /// Whether nobody has asked it anything.
    pub fn is_untouched(&self) -> bool {
        !self.is_open && self.open.is_empty() && self.journal.is_empty()
    }

    /// Fails if the answer does not fit what happened: whatever is still alive is named in it.
    pub fn fits(&self, answer: &str) {
        for (key, session) in self.sessions.iter().filter(|(_, session)| session.is_live()) {
            let named = answer.contains(key.as_str()) || answer.contains(&session.asked.label);
            assert!(named, "{key} ({}) is alive and nobody says so", session.asked.label);
        }
    }

    /// Spawns that nobody has answered count: the session may be there.
    fn live(&self) -> u64 {
        let sessions = self.sessions.values().filter(|session| session.is_live()).count();
        (sessions + self.open.values().filter(|command| matches!(command, Command::Spawn(..))).count()) as u64
    }

    fn spawn_is_due(&self, options: &SpawnOptions) {
        assert!(!self.is_stopped, "{} is spawned after the stop", options.label);
        let again = self.sessions.values().any(|session| session.asked.idempotency_key == options.idempotency_key);
        assert!(again || self.live() < self.cap, "{} is one too many", options.label);
        let id = options.label.split(' ').nth(1).expect("a task id");
        let Some((on, runs)) = self.dependencies.get(id) else { return };
        for on in on {
            let completed = self.ended.get(on).copied();
            assert!(completed == Some(true) || (completed == Some(false) && *runs), "{id} does not wait for {on}");
        }
    }

    fn event(&mut self, what: EventKind) -> Event {
        let event = self.seq.event(self.now, what);
        self.last = Some(event.clone());
        event
    }

    fn any(&mut self, until_ms: Option<u64>) -> Result<Event> {
        if self.source.ratio(1, 3)? {
            self.now += self.source.int_in_range(0..=20_000)?;
        }
        let live: Vec<SessionKey> =
            self.sessions.iter().filter(|(_, s)| s.is_live()).map(|(key, _)| key.clone()).collect();
        let what = match self.source.int_in_range(0..=15)? {
            0..=5 if !self.open.is_empty() => {
                let index = self.source.choose_index(self.open.len())?;
                let request = *self.open.keys().nth(index).expect("within");
                self.answered(request, false)?
            }
            6..=9 if !live.is_empty() => {
                let key = self.source.choose(&live)?.clone();
                self.ends(key, false)?
            }
            10 if !live.is_empty() => EventKind::SessionStarted(self.source.choose(&live)?.clone()),
            11 => match &self.last {
                // The same once more, as a gateway may tell it after a hiccup.
                Some(last) => return Ok(last.clone()),
                None => EventKind::TimerFired,
            },
            12 if self.source.ratio(1, 3)? => {
                let task = if self.source.arbitrary()? { Some(TaskId::new("t1")) } else { None };
                self.is_stopped |= task.is_none();
                EventKind::StopRequested { task, reason: "enough".to_owned() }
            }
            _ => {
                self.now = self.now.max(until_ms.unwrap_or(0));
                EventKind::TimerFired
            }
        };
        Ok(self.event(what))
    }

    /// What a kind host says next.
    fn kind(&mut self, until_ms: Option<u64>) -> Event {
        let live = self.sessions.iter().find(|(_, session)| session.is_live()).map(|(key, _)| key.clone());
        let what = if let Some(request) = self.open.keys().next().copied() {
            self.answered(request, true)
        } else if let Some(key) = live {
            self.now += 1_000;
            self.ends(key, true)
        } else {
            self.now = self.now.max(until_ms.expect("a call waits for something"));
            Ok(EventKind::TimerFired)
        };
        self.event(what.expect("kindness needs no bytes"))
    }

    fn answered(&mut self, request: RequestId, kind: bool) -> Result<EventKind> {
        let command = self.open.remove(&request).expect("an open request");
        let outcome = match if kind { None } else { self.refusal(&command)? } {
            Some(error) => Err(error),
            None => self.done(&command, kind)?,
        };
        Ok(EventKind::Answered { request, outcome })
    }

    /// Why a request is not carried out, if it is not.
    fn refusal(&mut self, command: &Command) -> Result<Option<HostError>> {
        let words = || "not now".to_owned();
        let choice: u8 = self.source.int_in_range(0..=19)?;
        let spawns = matches!(command, Command::Spawn(..));
        Ok(match choice {
            0 => Some(HostError::Unavailable(words())),
            1 => Some(HostError::Busy(words())),
            2 if spawns => Some(HostError::AtCapacity(words())),
            3 if spawns => Some(HostError::RateLimited { retry_after_ms: Some(500), message: words() }),
            4 if spawns => Some(HostError::Forbidden(words())),
            5 if spawns => Some(HostError::InDoubt(words())),
            6 if spawns => {
                // The answer is lost, the session is not.
                let _ = self.done(command, false)?;
                Some(HostError::InDoubt(words()))
            }
            7 if matches!(command, Command::List(..)) => Some(HostError::Unsupported(words())),
            _ => None,
        })
    }

    fn done(&mut self, command: &Command, kind: bool) -> Result<std::result::Result<Reply, HostError>> {
        Ok(match command {
            Command::Spawn(_, options) => Ok(Reply::Spawned(self.spawned(options))),
            Command::List(..) => Ok(Reply::Listed(self.list())),
            Command::History(_, query) => self.history(&query.session_key, kind)?,
            Command::Cancel(_, key) => match self.sessions.get_mut(key) {
                Some(session) if session.is_live() => {
                    session.state = SessionState::Cancelled;
                    Ok(Reply::Cancelled)
                }
                Some(_) => Ok(Reply::Cancelled),
                None => Err(HostError::NotFound("no such session".to_owned())),
            },
            Command::Delete(_, key) => match self.sessions.get(key) {
                Some(session) if session.is_live() => Err(HostError::Busy("still active; try again".to_owned())),
                Some(_) => {
                    self.sessions.remove(key);
                    Ok(Reply::Deleted)
                }
                None => Err(HostError::NotFound("no such session".to_owned())),
            },
            Command::Attach(..) | Command::Progress(_) | Command::Item(_) => {
                Err(HostError::Unsupported("not here".to_owned()))
            }
        })
    }

    fn spawned(&mut self, options: &SpawnOptions) -> Receipt {
        let same = self.sessions.iter().find(|(_, session)| session.asked.idempotency_key == options.idempotency_key);
        let key =
            same.map_or_else(|| SessionKey::new(format!("session-{}", self.manners.spawns)), |(key, _)| key.clone());
        let asked = options.clone();
        let session = Session { asked, said: String::new(), state: SessionState::Running };
        self.sessions.entry(key.clone()).or_insert(session);
        Receipt {
            session_key: key,
            run_id: String::new(),
            applied_model: options.model.clone(),
            tool_free: options.tool_free,
        }
    }
}

impl Host for Plausible<'_> {
    fn perform(&mut self, command: Command) {
        self.manners.mind(&command);
        match &command {
            Command::Spawn(_, options) => self.spawn_is_due(options),
            Command::Progress(progress) if progress.status.is_final() => {
                let completed = progress.status == parallel_agents_engine::task::TaskStatus::Completed;
                self.ended.insert(progress.task.to_string(), completed);
            }
            _ => {}
        }
        if let Some(request) = command.request() {
            self.open.insert(request, command);
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> std::result::Result<Event, CallError> {
        if !self.is_open {
            self.is_open = true;
            let facts = parallel_agents_engine::host::HostFacts { keeps_journal: self.keeps_journal, ..facts(11) };
            return Ok(self.event(EventKind::Opened(facts)));
        }
        if !self.source.is_empty()
            && let Ok(event) = self.any(until_ms)
        {
            return Ok(event);
        }
        Ok(self.kind(until_ms))
    }

    fn append(&mut self, lines: &str) -> std::result::Result<(), String> {
        assert!(self.keeps_journal, "a host that keeps no journal is given one");
        self.journal.push_str(lines);
        Ok(())
    }
}
