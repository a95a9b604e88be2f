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
pub(super) struct Stats(Mutex<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    /// Names requests, so it goes on when the rest is counted anew.
    last: u64,
    shown: Snapshot,
}

impl Stats {
    /// Counts a request for as long as the returned value lives.
    pub(super) fn begin(self: &Arc<Self>, model: &str) -> Live {
        let mut numbers = self.lock();
        numbers.last += 1;
        let shown = &mut numbers.shown;
        shown.requests += 1;
        shown.live += 1;
        shown.peak_live = shown.peak_live.max(shown.live);
        *shown.by_model.entry(model.to_owned()).or_default() += 1;
        Live { number: numbers.last, stats: Arc::clone(self) }
    }

    /// Counts a refusal.
    pub(super) fn refused(&self) {
        self.lock().shown.rate_limited += 1;
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.lock().shown.clone()
    }

    /// What was counted so far; from here on only what is under way is known.
    pub(super) fn reset(&self) -> Snapshot {
        let shown = &mut self.lock().shown;
        let fresh = Snapshot { live: shown.live, peak_live: shown.live, ..Snapshot::default() };
        std::mem::replace(shown, fresh)
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
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
        self.stats.lock().shown.live -= 1;
    }
}
