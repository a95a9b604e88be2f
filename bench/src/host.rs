//! The leanest host that the component can have: sessions that take their time by the wall clock and then answer.

use parallel_agents_bench_native::{Extent, facts};
use parallel_agents_engine::host::HostFacts;
use wasmtime::ResourceLimiter;
use wasmtime::component::{Accessor, HasSelf};

use crate::answer;
use crate::bindings::parallel_agents::skill::{events, journal, sessions, types};
use crate::grid::Cell;
use crate::timeline::{Timeline, key};

/// The data of a store.
pub struct Gateway {
    extent: Extent,
    timeline: Timeline<events::EventKind>,
    /// What the component said on its way.
    pub told: Told,
    /// Bytes of memory that the component has.
    pub guest_bytes: usize,
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
    pub fn open(cell: Cell, extent: Extent) -> Self {
        let HostFacts { name, seed, max_concurrent, reports_starts, keeps_journal, .. } = facts(extent);
        let facts = events::HostFacts { name, seed, max_concurrent, reports_starts, keeps_journal, limits: None };
        let timeline = Timeline::open(cell, events::EventKind::Opened(facts));
        Self { extent, timeline, told: Told::default(), guest_bytes: 0 }
    }
}

fn ended(place: usize) -> events::EventKind {
    events::EventKind::SessionEnded(events::SessionEnd {
        session: key(place),
        outcome: events::SessionOutcome::Completed,
        completion: Some(events::Completion {
            text: answer::text(place),
            truncated: false,
            finish: sessions::FinishReason::Stop,
        }),
        usage: Some(types::Usage { input_tokens: 300, output_tokens: 40 }),
        model: None,
    })
}

impl ResourceLimiter for Gateway {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.guest_bytes = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl types::Host for Gateway {}

impl sessions::Host for Gateway {
    fn sessions_spawn(&mut self, request: u64, options: sessions::SpawnOptions) {
        let place = self.timeline.spawn();
        let receipt = sessions::Receipt {
            session_key: key(place),
            run_id: String::new(),
            applied_model: None,
            tool_free: options.tool_free,
        };
        let outcome = Ok(sessions::Reply::Spawned(receipt));
        self.timeline.push(events::EventKind::Answered(events::Answer { request, outcome }));
        if self.extent == Extent::Full {
            self.timeline.push(events::EventKind::SessionStarted(key(place)));
        }
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
        self.timeline.push(events::EventKind::Answered(events::Answer { request, outcome }));
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
        if self.extent == Extent::Full {
            self.told.progress.push(progress);
        }
    }

    fn report_item(&mut self, _: events::ItemResult) {}
}

impl<T: Send> events::HostWithStore<T> for HasSelf<Gateway> {
    async fn next_event(accessor: &Accessor<T, Self>, until_ms: Option<u64>) -> wasmtime::Result<events::Event> {
        loop {
            match accessor.with(|mut access| access.get().timeline.poll(until_ms, ended)) {
                Ok((seq, at_ms, what)) => {
                    return Ok(events::Event { seq, at_ms, what: what.unwrap_or(events::EventKind::TimerFired) });
                }
                Err(Some(at)) => tokio::time::sleep_until(at).await,
                Err(None) => return Err(wasmtime::Error::msg("nothing can happen any more")),
            }
        }
    }
}
