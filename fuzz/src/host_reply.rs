//! Whatever a host could say, lies included: replies to nobody, sessions that do not exist, clocks that jump.
//!
//! The call comes back all the same, with a report that adds up, and asks for nothing that makes no sense by itself.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use gateway_sim::odd_host;
use parallel_agents_engine::host::{
    Command, Completion, Event, EventKind, FailureKind, FinishReason, HistoryPage, Host, HostError, HostFacts, Message,
    MessageRole, Receipt, Reply, SessionEnd, SessionOutcome, SessionPage, SessionRow, SessionState,
};
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::Usage;

use crate::manners::Manners;
use crate::{calls, replies};

/// Times that a call is woken after the host has run out of words.
const MAX_WAKES: u32 = 20_000;

/// Sessions that a call can start with the limits of `calls`, and many more.
const MAX_SPAWNS: u64 = 1_500;

/// Lets a host say what the bytes say.
pub fn check(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let Ok((function, arguments)) = calls::any(&mut source) else { return };
    let mut host = Lying { source, ..Lying::default() };
    let reply = calls::call(function, &arguments.to_string(), &mut host);
    replies::any(&reply);
    assert!(host.manners.spawns <= MAX_SPAWNS, "{} sessions", host.manners.spawns);
}

struct Lying<'a> {
    source: Unstructured<'a>,
    seq: u64,
    now: u64,
    wakes: u32,
    opened: bool,
    open: Vec<RequestId>,
    named: Vec<SessionKey>,
    manners: Manners,
}

impl Default for Lying<'_> {
    fn default() -> Self {
        Self {
            source: Unstructured::new(&[]),
            seq: 0,
            now: 0,
            wakes: 0,
            opened: false,
            open: Vec::new(),
            named: Vec::new(),
            manners: Manners::default(),
        }
    }
}

impl Host for Lying<'_> {
    fn perform(&mut self, command: Command) {
        self.manners.mind(&command);
        self.open.extend(command.request());
        match command {
            Command::Cancel(_, session) | Command::Delete(_, session) => {
                assert!(self.named.contains(&session), "{session} is no session that the host has named");
            }
            Command::Attach(..) => panic!("a call that begins attaches to nothing"),
            _ => {}
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> std::result::Result<Event, CallError> {
        if !self.source.is_empty()
            && let Ok(event) = self.lie(until_ms)
        {
            return Ok(event);
        }
        self.wakes += 1;
        assert!(self.wakes < MAX_WAKES, "the call does not end");
        let what = if self.opened { EventKind::TimerFired } else { EventKind::Opened(odd_host::facts()) };
        self.opened = true;
        self.now = self.now.max(until_ms.unwrap_or(0));
        Ok(self.event(what))
    }
}

impl Lying<'_> {
    fn event(&mut self, what: EventKind) -> Event {
        let seq = self.seq;
        self.seq = seq.saturating_add(1);
        Event { seq, at_ms: self.now, what }
    }

    fn lie(&mut self, until_ms: Option<u64>) -> Result<Event> {
        match self.source.int_in_range(0..=15)? {
            // A clock that has come to its end would be the only one that lets nothing end.
            0 => self.now = u64::arbitrary(&mut self.source)? / 2,
            1 => self.now = self.now.saturating_sub(self.source.int_in_range(0..=100_000)?),
            2 => self.now = until_ms.unwrap_or(0).max(self.now),
            _ => self.now = self.now.saturating_add(self.source.int_in_range(0..=40_000)?),
        }
        if self.source.ratio(1, 20)? {
            self.seq = u64::arbitrary(&mut self.source)?;
        }
        let what = if self.opened || self.source.ratio(1, 20)? { self.event_kind()? } else { self.opening()? };
        Ok(self.event(what))
    }

    fn opening(&mut self) -> Result<EventKind> {
        self.opened = true;
        Ok(EventKind::Opened(HostFacts {
            name: self.words()?,
            seed: u64::arbitrary(&mut self.source)?,
            max_concurrent: Option::arbitrary(&mut self.source)?,
            reports_starts: bool::arbitrary(&mut self.source)?,
            keeps_journal: bool::arbitrary(&mut self.source)?,
            limits: None,
        }))
    }

    fn event_kind(&mut self) -> Result<EventKind> {
        Ok(match self.source.int_in_range(0..=19)? {
            0 => self.opening()?,
            1 => EventKind::TimerFired,
            2 => {
                let task = if self.source.arbitrary()? { Some(TaskId::new(self.words()?)) } else { None };
                EventKind::StopRequested { task, reason: self.words()? }
            }
            3 | 4 => EventKind::SessionStarted(self.key()?),
            5..=10 => EventKind::SessionEnded(self.end()?),
            _ => EventKind::Answered { request: self.request()?, outcome: self.outcome()? },
        })
    }

    fn request(&mut self) -> Result<RequestId> {
        if self.open.is_empty() || self.source.ratio(1, 10)? {
            return Ok(RequestId(self.source.int_in_range(0..=40)?));
        }
        let index = self.source.choose_index(self.open.len())?;
        // Half of them are answered a second time some day.
        Ok(if self.source.arbitrary()? { self.open.swap_remove(index) } else { self.open[index] })
    }

    fn words(&mut self) -> Result<String> {
        Ok(match self.source.int_in_range(0..=9)? {
            0 => String::new(),
            1 => "t0".to_owned(),
            2 => "NO_REPLY".to_owned(),
            3 => "{\"overall_score\": 9.5, \"summary\": \"good\"}".to_owned(),
            4 => "{\"tasks\": [{\"agent_type\": \"code_reviewer\", \"task_description\": \"x\"}]}".to_owned(),
            5 => "x".repeat(self.source.int_in_range(0..=70_000)?),
            _ => String::arbitrary(&mut self.source)?,
        })
    }

    fn maybe(&mut self) -> Result<Option<String>> {
        Ok(if self.source.arbitrary()? { Some(self.words()?) } else { None })
    }

    fn key(&mut self) -> Result<SessionKey> {
        if !self.named.is_empty() && self.source.ratio(3, 4)? {
            return self.source.choose(&self.named).cloned();
        }
        let key = match self.source.int_in_range(0..=3)? {
            0 => self.words()?,
            _ => format!("s{}", self.source.int_in_range(0..=6)?),
        };
        self.named.push(SessionKey::new(key.clone()));
        Ok(SessionKey::new(key))
    }

    fn usage(&mut self) -> Result<Option<Usage>> {
        Ok(match self.source.int_in_range(0..=3)? {
            0 => None,
            1 => Some(Usage { input_tokens: 900, output_tokens: 100 }),
            _ => Some(Usage { input_tokens: self.source.arbitrary()?, output_tokens: self.source.arbitrary()? }),
        })
    }

    fn finish(&mut self) -> Result<FinishReason> {
        let reasons = [FinishReason::Stop, FinishReason::Length, FinishReason::Filtered, FinishReason::Unknown];
        Ok(*self.source.choose(&reasons)?)
    }

    fn end(&mut self) -> Result<SessionEnd> {
        let outcome = match self.source.int_in_range(0..=7)? {
            0 => SessionOutcome::TimedOut,
            1 => SessionOutcome::Cancelled,
            2 => SessionOutcome::Interrupted,
            3 | 4 => {
                let kinds = [
                    FailureKind::Infrastructure,
                    FailureKind::RateLimited,
                    FailureKind::NotReady,
                    FailureKind::Authentication,
                    FailureKind::Rejected,
                    FailureKind::ContextOverflow,
                    FailureKind::Other,
                ];
                SessionOutcome::Failed {
                    kind: *self.source.choose(&kinds)?,
                    message: self.words()?,
                    retry_after_ms: self.source.arbitrary()?,
                }
            }
            _ => SessionOutcome::Completed,
        };
        let completion = match self.maybe()? {
            Some(text) => Some(Completion { text, truncated: self.source.arbitrary()?, finish: self.finish()? }),
            None => None,
        };
        Ok(SessionEnd { session: self.key()?, outcome, completion, usage: self.usage()?, model: self.maybe()? })
    }

    fn receipt(&mut self) -> Result<Receipt> {
        Ok(Receipt {
            session_key: self.key()?,
            run_id: self.words()?,
            applied_model: self.maybe()?,
            tool_free: self.source.arbitrary()?,
        })
    }

    fn outcome(&mut self) -> Result<std::result::Result<Reply, HostError>> {
        if self.source.ratio(1, 4)? {
            return Ok(Err(self.error()?));
        }
        Ok(Ok(match self.source.int_in_range(0..=9)? {
            0 => Reply::Attached(self.receipt()?),
            1 => Reply::Cancelled,
            2 => Reply::Deleted,
            3 => Reply::Listed(self.list()?),
            4 | 5 => Reply::History(self.history()?),
            _ => Reply::Spawned(self.receipt()?),
        }))
    }

    fn error(&mut self) -> Result<HostError> {
        let words = self.words()?;
        Ok(match self.source.int_in_range(0..=10)? {
            0 => HostError::Forbidden(words),
            1 => HostError::Invalid(words),
            2 => HostError::AtCapacity(words),
            3 => HostError::Exhausted(words),
            4 => HostError::RateLimited { retry_after_ms: self.source.arbitrary()?, message: words },
            5 => HostError::Unavailable(words),
            6 => HostError::Busy(words),
            7 => HostError::NotFound(words),
            8 => HostError::NotOwner(words),
            9 => HostError::Unsupported(words),
            _ => HostError::InDoubt(words),
        })
    }

    fn list(&mut self) -> Result<SessionPage> {
        let mut sessions = Vec::new();
        for _ in 0..self.source.int_in_range(0..=4)? {
            let states = [
                SessionState::Queued,
                SessionState::Running,
                SessionState::Completed,
                SessionState::Failed,
                SessionState::TimedOut,
                SessionState::Cancelled,
                SessionState::Unknown,
            ];
            sessions.push(SessionRow {
                session_key: self.key()?,
                label: self.maybe()?,
                state: *self.source.choose(&states)?,
                model: self.maybe()?,
                usage: self.usage()?,
            });
        }
        Ok(SessionPage { sessions, has_more: self.source.arbitrary()? })
    }

    fn history(&mut self) -> Result<HistoryPage> {
        let mut messages = Vec::new();
        for _ in 0..self.source.int_in_range(0..=4)? {
            let roles = [MessageRole::User, MessageRole::Assistant, MessageRole::Tool, MessageRole::System];
            messages.push(Message {
                role: *self.source.choose(&roles)?,
                text: self.words()?,
                truncated: self.source.arbitrary()?,
                finish: self.finish()?,
                model: self.maybe()?,
                usage: self.usage()?,
            });
        }
        Ok(HistoryPage {
            messages,
            has_more: self.source.arbitrary()?,
            dropped_messages: self.source.arbitrary()?,
            redacted: self.source.arbitrary()?,
        })
    }
}
