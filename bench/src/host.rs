//! The leanest host that the component can have: sessions that take their time by the wall clock and then answer.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use tokio::time::Instant;
use wasmtime::component::{Accessor, HasSelf};

use crate::answer;
use crate::bindings::parallel_agents::skill::{events, journal, sessions, types};
use crate::grid::Cell;
use crate::variant::Variant;

/// The data of a store.
pub struct Gateway {
    cell: Cell,
    variant: Variant,
    began: Instant,
    seq: u64,
    /// What has happened and was not told yet.
    happened: VecDeque<events::EventKind>,
    /// When sessions end, by their place.
    ends: BinaryHeap<Reverse<(Instant, usize)>>,
    spawned: usize,
    /// What the component said on its way.
    pub told: Told,
}

/// What the component said, kept as a host would keep it.
#[derive(Default)]
pub struct Told {
    /// The journal's bytes.
    pub journal: String,
    /// In the order in which they came.
    pub progress: Vec<events::Progress>,
}

impl Gateway {
    /// A gateway that opens now.
    pub fn open(cell: Cell, variant: Variant) -> Self {
        let facts = events::HostFacts {
            name: "bench".to_owned(),
            seed: 7,
            max_concurrent: None,
            reports_starts: variant.is_full(),
            keeps_journal: variant.is_full(),
            limits: None,
        };
        Self {
            cell,
            variant,
            began: Instant::now(),
            seq: 0,
            happened: VecDeque::from([events::EventKind::Opened(facts)]),
            ends: BinaryHeap::new(),
            spawned: 0,
            told: Told::default(),
        }
    }

    /// The next event, or when to look again.
    fn poll(&mut self, until_ms: Option<u64>) -> Result<events::Event, Option<Instant>> {
        let now = Instant::now();
        if self.happened.is_empty() {
            self.end_sessions(now);
        }
        let at_ms = u64::try_from(now.duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
        let what = match self.happened.pop_front() {
            Some(what) => what,
            None if until_ms.is_some_and(|until| until <= at_ms) => events::EventKind::TimerFired,
            None => {
                let until = until_ms.and_then(|until| self.began.checked_add(std::time::Duration::from_millis(until)));
                let end = self.ends.peek().map(|Reverse((at, _))| *at);
                return Err(until.into_iter().chain(end).min());
            }
        };
        let seq = self.seq;
        self.seq += 1;
        Ok(events::Event { seq, at_ms, what })
    }

    fn end_sessions(&mut self, now: Instant) {
        while let Some(Reverse((at, place))) = self.ends.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            debug_assert!(at <= now);
            self.ends.pop();
            self.happened.push_back(events::EventKind::SessionEnded(events::SessionEnd {
                session: key(place),
                outcome: events::SessionOutcome::Completed,
                completion: Some(events::Completion {
                    text: answer::text(place),
                    truncated: false,
                    finish: sessions::FinishReason::Stop,
                }),
                usage: Some(types::Usage { input_tokens: 300, output_tokens: 40 }),
                model: None,
            }));
        }
    }
}

fn key(place: usize) -> String {
    format!("agent:main:subagent:{place:08}")
}

impl types::Host for Gateway {}

impl sessions::Host for Gateway {
    fn sessions_spawn(&mut self, request: u64, options: sessions::SpawnOptions) {
        let place = self.spawned;
        self.spawned += 1;
        let receipt = sessions::Receipt {
            session_key: key(place),
            run_id: String::new(),
            applied_model: None,
            tool_free: options.tool_free,
        };
        let outcome = Ok(sessions::Reply::Spawned(receipt));
        self.happened.push_back(events::EventKind::Answered(events::Answer { request, outcome }));
        if self.variant.is_full() {
            self.happened.push_back(events::EventKind::SessionStarted(key(place)));
        }
        self.ends.push(Reverse((Instant::now() + self.cell.latency(place), place)));
    }

    fn sessions_list(&mut self, request: u64, _: sessions::ListFilter) {
        self.refuse(request);
    }

    fn sessions_history(&mut self, request: u64, _: sessions::HistoryQuery) {
        self.refuse(request);
    }

    fn sessions_cancel(&mut self, request: u64, _: String) {
        self.refuse(request);
    }

    fn sessions_attach(&mut self, request: u64, _: String) {
        self.refuse(request);
    }

    fn sessions_delete(&mut self, request: u64, _: String) {
        self.refuse(request);
    }
}

impl Gateway {
    /// A run in which all goes well asks for none of these.
    fn refuse(&mut self, request: u64) {
        let outcome = Err(sessions::HostError::Unsupported("only spawning is pretended here".to_owned()));
        self.happened.push_back(events::EventKind::Answered(events::Answer { request, outcome }));
    }
}

impl journal::Host for Gateway {
    fn append(&mut self, lines: String) -> Result<(), journal::JournalError> {
        self.told.journal.push_str(&lines);
        Ok(())
    }
}

impl events::Host for Gateway {
    fn report_progress(&mut self, progress: events::Progress) {
        if self.variant.is_full() {
            self.told.progress.push(progress);
        }
    }

    fn report_item(&mut self, _: events::ItemResult) {}
}

impl<T: Send> events::HostWithStore<T> for HasSelf<Gateway> {
    async fn next_event(accessor: &Accessor<T, Self>, until_ms: Option<u64>) -> wasmtime::Result<events::Event> {
        loop {
            match accessor.with(|mut access| access.get().poll(until_ms)) {
                Ok(event) => return Ok(event),
                Err(Some(at)) => tokio::time::sleep_until(at).await,
                Err(None) => return Err(wasmtime::Error::msg("nothing can happen any more")),
            }
        }
    }
}
