//! The engine without WebAssembly, on the same host: what the component is compared with, to see what the sandbox costs.

use anyhow::{Result, bail};
use parallel_agents::documents::{self, DocumentReply, Function};
use parallel_agents_bench_native::{Extent, facts};
use parallel_agents_engine::host::{
    Command, Completion, Event, EventKind, FinishReason, Host, HostError, JournalError, Progress, Receipt, Reply,
    SessionEnd, SessionOutcome,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::Usage;

use crate::answer;
use crate::grid::Cell;
use crate::ran::Ran;
use crate::timeline::{Timeline, key};

/// Makes a request, and returns what came of it.
pub async fn run(cell: Cell, extent: Extent, request: String) -> Result<Ran> {
    let timeline = Timeline::open(cell, EventKind::Opened(facts(extent)));
    let mut host = Native { timeline, extent, journal: String::new(), progress: Vec::new() };
    let report = match documents::call(Function::RunTasks, request, &mut host).await {
        DocumentReply::Answer(report) => report,
        DocumentReply::Refused(problems) => bail!("the engine refused the run: {problems}"),
    };
    Ok(Ran { report, journal: host.journal, progress: host.progress.len(), guest_bytes: 0 })
}

struct Native {
    timeline: Timeline<EventKind>,
    extent: Extent,
    journal: String,
    progress: Vec<Progress>,
}

impl Host for Native {
    fn perform(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => {
                let session_key = SessionKey::new(key(self.timeline.spawn()));
                let receipt = Receipt {
                    session_key: session_key.clone(),
                    run_id: String::new(),
                    applied_model: None,
                    tool_free: options.tool_free,
                };
                self.timeline.push(EventKind::Answered { request, outcome: Ok(Reply::Spawned(receipt)) });
                if self.extent == Extent::Full {
                    self.timeline.push(EventKind::SessionStarted(session_key));
                }
            }
            Command::Progress(progress) if self.extent == Extent::Full => self.progress.push(progress),
            Command::Progress(_) | Command::Item(_) => {}
            // A run in which all goes well asks for nothing else.
            other => {
                let Some(request) = other.request() else { return };
                let outcome = Err(HostError::Unsupported("only spawning is pretended here".to_owned()));
                self.timeline.push(EventKind::Answered { request, outcome });
            }
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        loop {
            match self.timeline.poll(until_ms, ended) {
                Ok((seq, at_ms, what)) => return Ok(Event { seq, at_ms, what: what.unwrap_or(EventKind::TimerFired) }),
                Err(Some(at)) => tokio::time::sleep_until(at).await,
                Err(None) => return Err(CallError::HostProtocol("nothing can happen any more".to_owned())),
            }
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.journal.push_str(lines);
        Ok(())
    }
}

fn ended(place: usize) -> EventKind {
    let text = answer::text(place);
    EventKind::SessionEnded(SessionEnd {
        completion: Some(Completion { text, truncated: false, finish: FinishReason::Stop }),
        usage: Some(Usage { input_tokens: 300, output_tokens: 40 }),
        ..SessionEnd::new(SessionKey::new(key(place)), SessionOutcome::Completed)
    })
}
