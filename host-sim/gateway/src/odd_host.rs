//! A host for tests of single odd replies, which no gateway gives. Everything else is tested on the simulated gateway.

use std::collections::VecDeque;

use parallel_agents_engine::host::{
    Command, Completion, Event, EventKind, FinishReason, Host, HostError, HostFacts, JournalError, Receipt, Reply,
    SessionEnd, SessionOutcome,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::problem::CallError;

/// Events after which a call that has not come back will never do so.
const TOO_MANY_EVENTS: u64 = 100_000;

/// Facts of a host with nothing special.
pub fn facts() -> HostFacts {
    HostFacts {
        name: "test".to_owned(),
        seed: 7,
        max_concurrent: None,
        reports_starts: false,
        keeps_journal: false,
        limits: None,
    }
}

/// A receipt that says no more than it has to.
pub fn receipt(session: &SessionKey) -> Receipt {
    Receipt { session_key: session.clone(), run_id: String::new(), applied_model: None, tool_free: true }
}

/// The end of a session with an answer, and nothing said of usage and model.
pub fn completed(session: &SessionKey, text: &str) -> SessionEnd {
    SessionEnd {
        session: session.clone(),
        outcome: SessionOutcome::Completed,
        completion: Some(Completion { text: text.to_owned(), truncated: false, finish: FinishReason::Stop }),
        usage: None,
        model: None,
    }
}

/// What the host is going to tell, in order, and its clock.
#[derive(Debug)]
pub struct Replies {
    /// The time on its clock, in milliseconds.
    pub now_ms: u64,
    events: VecDeque<EventKind>,
}

impl Replies {
    /// Tells something after all that is told already.
    pub fn tell(&mut self, what: EventKind) {
        self.events.push_back(what);
    }

    /// Tells what came of a request.
    pub fn answer(&mut self, request: RequestId, outcome: Result<Reply, HostError>) {
        self.tell(EventKind::Answered { request, outcome });
    }
}

/// A host whose every reply is chosen by a function. It answers at once; time passes only while it is waited for.
pub struct OddHost<F> {
    react: F,
    replies: Replies,
    seq: u64,
    is_cut_off: bool,
    /// Commands and waits.
    pub calls: u64,
    /// What was appended.
    pub journal: String,
}

impl<F: FnMut(&mut Replies, Command)> OddHost<F> {
    /// A host that opens with these facts. `react` is given each command, and tells what comes of it.
    pub fn new(facts: HostFacts, react: F) -> Self {
        let replies = Replies { now_ms: 0, events: VecDeque::from([EventKind::Opened(facts)]) };
        Self { react, replies, seq: 0, is_cut_off: false, calls: 0, journal: String::new() }
    }

    /// The same; the call ends with `E_HOST_PROTOCOL` where there is nothing more to tell.
    #[must_use]
    pub fn cut_off(self) -> Self {
        Self { is_cut_off: true, ..self }
    }
}

/// A host that answers each request with the same error.
pub fn refusing(facts: HostFacts, error: HostError) -> OddHost<impl FnMut(&mut Replies, Command)> {
    OddHost::new(facts, move |replies, command| {
        if let Some(request) = command.request() {
            replies.answer(request, Err(error.clone()));
        }
    })
}

impl<F: FnMut(&mut Replies, Command)> Host for OddHost<F> {
    fn perform(&mut self, command: Command) {
        self.calls += 1;
        (self.react)(&mut self.replies, command);
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        self.calls += 1;
        let what = match self.replies.events.pop_front() {
            Some(what) => what,
            None if self.is_cut_off => return Err(CallError::HostProtocol("cut off".to_owned())),
            None => {
                let until_ms = until_ms.unwrap_or_else(|| panic!("a call waits for nothing"));
                self.replies.now_ms = self.replies.now_ms.max(until_ms);
                EventKind::TimerFired
            }
        };
        self.seq += 1;
        assert!(self.seq < TOO_MANY_EVENTS, "the call does not end");
        Ok(Event { seq: self.seq - 1, at_ms: self.replies.now_ms, what })
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.journal.push_str(lines);
        Ok(())
    }
}

/// Nobody: a call that is answered without a host.
pub struct NoHost;

impl Host for NoHost {
    fn perform(&mut self, command: Command) {
        panic!("the host was asked for {command:?}");
    }

    async fn next_event(&mut self, _until_ms: Option<u64>) -> Result<Event, CallError> {
        panic!("the host was asked for an event");
    }
}
