//! What a store holds, and the imports that work on it.

use std::fmt;
use std::sync::Arc;

use parallel_agents_engine::host::{Command, ItemResult};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use wasmtime::StoreLimits;
use wasmtime::component::{Accessor, HasSelf};

use super::limits::GuestLimits;
use crate::bindings::parallel_agents::skill::{events, journal, sessions, types};
use crate::convert;
use gateway_sim::backend::{Backend, Next, poll_with_stop};
use gateway_sim::clock::Passing;

/// The guest asked for something that cannot be; kept apart from traps of its own.
#[derive(Debug)]
pub(super) struct BrokenContract(pub(super) String);

impl fmt::Display for BrokenContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BrokenContract {}

/// An import was called more often than the limits allow.
#[derive(Debug)]
pub(super) struct TooManyCalls {
    pub(super) limit: u64,
}

impl fmt::Display for TooManyCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "imports were called more than {} times", self.limit)
    }
}

impl std::error::Error for TooManyCalls {}

/// The data of one store.
pub(super) struct GuestState {
    pub(super) limiter: StoreLimits,
    pub(super) backend: Box<dyn Backend>,
    passing: Passing,
    is_waiting: bool,
    calls_left: u64,
    call_limit: u64,
}

impl GuestState {
    pub(super) fn new(backend: Box<dyn Backend>, passing: Passing, limits: &GuestLimits) -> Self {
        Self {
            limiter: limits.limiter(),
            backend,
            passing,
            is_waiting: false,
            calls_left: limits.import_calls,
            call_limit: limits.import_calls,
        }
    }

    /// Counts a call of an import.
    fn enter(&mut self) -> wasmtime::Result<&mut dyn Backend> {
        match self.calls_left.checked_sub(1) {
            Some(left) => self.calls_left = left,
            None => return Err(wasmtime::Error::new(TooManyCalls { limit: self.call_limit })),
        }
        Ok(self.backend.as_mut())
    }

    fn perform(&mut self, command: Command) -> wasmtime::Result<()> {
        self.enter()?.perform(command);
        Ok(())
    }
}

impl types::Host for GuestState {}

impl sessions::Host for GuestState {
    fn sessions_spawn(
        &mut self,
        request: sessions::RequestId,
        options: sessions::SpawnOptions,
    ) -> wasmtime::Result<()> {
        self.perform(Command::Spawn(RequestId(request), Arc::new(convert::spawn_options(options))))
    }

    fn sessions_list(&mut self, request: sessions::RequestId, filter: sessions::ListFilter) -> wasmtime::Result<()> {
        self.perform(Command::List(RequestId(request), convert::list_filter(filter)))
    }

    fn sessions_history(
        &mut self,
        request: sessions::RequestId,
        query: sessions::HistoryQuery,
    ) -> wasmtime::Result<()> {
        self.perform(Command::History(RequestId(request), convert::history_query(query)))
    }

    fn sessions_cancel(&mut self, request: sessions::RequestId, session: types::SessionKey) -> wasmtime::Result<()> {
        self.perform(Command::Cancel(RequestId(request), SessionKey::new(session)))
    }

    fn sessions_attach(&mut self, request: sessions::RequestId, session: types::SessionKey) -> wasmtime::Result<()> {
        self.perform(Command::Attach(RequestId(request), SessionKey::new(session)))
    }

    fn sessions_delete(&mut self, request: sessions::RequestId, session: types::SessionKey) -> wasmtime::Result<()> {
        self.perform(Command::Delete(RequestId(request), SessionKey::new(session)))
    }
}

impl journal::Host for GuestState {
    fn append(&mut self, lines: String) -> wasmtime::Result<Result<(), journal::JournalError>> {
        Ok(self.enter()?.append(&lines).map_err(convert::journal_error))
    }
}

impl events::Host for GuestState {
    fn report_progress(&mut self, progress: events::Progress) -> wasmtime::Result<()> {
        self.perform(Command::Progress(convert::progress(progress)))
    }

    fn report_item(&mut self, item: events::ItemResult) -> wasmtime::Result<()> {
        self.perform(Command::Item(ItemResult { item: item.item, document: item.document }))
    }
}

impl<T: Send> events::HostWithStore<T> for HasSelf<GuestState> {
    async fn next_event(accessor: &Accessor<T, Self>, until_ms: Option<u64>) -> wasmtime::Result<events::Event> {
        let (passing, mut now_ms) = accessor.with(|mut access| {
            let state = access.get();
            if std::mem::replace(&mut state.is_waiting, true) {
                return Err(broken("next-event was called while another call of it was outstanding"));
            }
            state.enter()?.waiting(until_ms);
            Ok((state.passing.clone(), state.backend.now_ms()))
        })?;
        loop {
            let next = accessor.with(|mut access| {
                let state = access.get();
                let next = poll_with_stop(state.backend.as_mut(), now_ms, until_ms, passing.stop());
                state.is_waiting = matches!(next, Next::SleepUntil(_));
                next
            });
            match next {
                Next::Event(event) => return Ok(convert::event(event)),
                Next::SleepUntil(at_ms) => now_ms = passing.pass(at_ms).await,
                Next::Stuck(why) => return Err(broken(why)),
            }
        }
    }
}

fn broken(what: impl Into<String>) -> wasmtime::Error {
    wasmtime::Error::new(BrokenContract(what.into()))
}
