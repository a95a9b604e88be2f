//! What the hosts of several targets share.

use std::collections::BTreeSet;

use futures::FutureExt as _;
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{Command, Event, EventKind, Host, HostError, HostFacts};
use parallel_agents_engine::ids::RequestId;
use parallel_agents_engine::problem::CallError;

/// Events after which a call that has not come back will never do so.
const TOO_MANY_EVENTS: u64 = 100_000;

/// Facts of a host with nothing special.
pub fn facts(seed: u64) -> HostFacts {
    HostFacts {
        name: "fuzz".to_owned(),
        seed,
        max_concurrent: None,
        reports_starts: false,
        keeps_journal: false,
        limits: None,
    }
}

/// The end of a call whose host never makes it wait.
pub fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("a host that answers at once keeps nobody waiting")
}

/// Makes a call and returns its reply.
pub fn call(function: &str, arguments: &str, host: &mut impl Host) -> DocumentReply {
    now(documents::call_named(function, arguments, host))
}

/// Counts events, and fails when there are too many.
#[derive(Default)]
pub struct Sequence(u64);

impl Sequence {
    /// The next event.
    pub fn event(&mut self, at_ms: u64, what: EventKind) -> Event {
        self.0 += 1;
        assert!(self.0 < TOO_MANY_EVENTS, "the call does not end");
        Event { seq: self.0 - 1, at_ms, what }
    }
}

/// A host that refuses whatever it is asked for.
#[derive(Default)]
pub struct Refusing {
    seq: Sequence,
    now: u64,
    open: Vec<RequestId>,
    /// Commands and waits.
    pub calls: u64,
}

impl Host for Refusing {
    fn perform(&mut self, command: Command) {
        self.calls += 1;
        self.open.extend(command.request());
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        self.calls += 1;
        let what = if self.calls == 1 {
            EventKind::Opened(facts(1))
        } else if let Some(request) = self.open.pop() {
            EventKind::Answered { request, outcome: Err(HostError::Unsupported("no sessions here".to_owned())) }
        } else {
            self.now = self.now.max(until_ms.expect("a call waits for something"));
            EventKind::TimerFired
        };
        Ok(self.seq.event(self.now, what))
    }
}

/// Holds the commands of a call to what needs no knowledge of the host: numbers without gaps, one end for each task.
#[derive(Default)]
pub struct Manners {
    last_request: u64,
    progress: u64,
    over: BTreeSet<String>,
    /// Spawns so far.
    pub spawns: u64,
}

impl Manners {
    /// Looks at one command.
    pub fn mind(&mut self, command: &Command) {
        if let Some(request) = command.request() {
            assert!(request.0 > self.last_request, "request {request} is not a new one");
            self.last_request = request.0;
        }
        match command {
            Command::Spawn(_, options) => {
                self.spawns += 1;
                assert!(options.run_timeout_seconds > 0 && !options.task.is_empty() && !options.label.is_empty());
                assert!(options.label.chars().count() <= 120, "{}", options.label);
            }
            Command::Progress(progress) => {
                assert_eq!(progress.seq, self.progress, "progress has no gaps");
                self.progress += 1;
                assert!(!self.over.contains(progress.task.as_str()), "nothing follows the end of {}", progress.task);
                if progress.status.is_final() {
                    self.over.insert(progress.task.to_string());
                }
            }
            _ => {}
        }
    }
}
