//! What the server has been asked so far.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The numbers behind `GET /stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Snapshot {
    /// Completions asked for.
    pub requests: u64,
    /// Those that are not answered yet.
    pub live: u64,
    /// The most that were under way at once.
    pub peak_live: u64,
    /// Those that were refused with 429.
    pub rate_limited: u64,
    /// Completions asked for, by the name in the request.
    pub by_model: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Stats(Mutex<Snapshot>);

impl Stats {
    /// Counts a request for as long as the returned value lives.
    pub(super) fn begin(self: &Arc<Self>, model: &str) -> Live {
        let mut numbers = self.lock();
        numbers.requests += 1;
        numbers.live += 1;
        numbers.peak_live = numbers.peak_live.max(numbers.live);
        *numbers.by_model.entry(model.to_owned()).or_default() += 1;
        Live { number: numbers.requests, stats: Arc::clone(self) }
    }

    /// Counts a refusal.
    pub(super) fn refused(&self) {
        self.lock().rate_limited += 1;
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Live {
    number: u64,
    stats: Arc<Stats>,
}

impl Live {
    /// Counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stats.lock().live -= 1;
    }
}
