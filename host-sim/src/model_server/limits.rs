//! What the provider allows of one model at a time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use gateway_sim::script::ProviderLimit;

/// The requests of each model that are under way, and when the last ones began.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<BTreeMap<String, Use>>);

#[derive(Debug, Default)]
struct Use {
    running: u32,
    starts: VecDeque<Instant>,
}

/// A place of a model; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    model: String,
    limits: Arc<Limits>,
}

impl Limits {
    /// Takes a place, unless that is one too many. `scale` shortens the limit's own times.
    pub(super) fn admit(self: &Arc<Self>, model: &str, limit: ProviderLimit, scale: f64) -> Option<Place> {
        let mut models = self.lock();
        let used = models.entry(model.to_owned()).or_default();
        if let Some((most, per_ms)) = limit.starts_per_ms {
            let window = Duration::try_from_secs_f64(per_ms as f64 / 1_000.0 * scale).unwrap_or_default();
            while used.starts.front().is_some_and(|began| began.elapsed() >= window) {
                used.starts.pop_front();
            }
            if used.starts.len() >= most as usize {
                return None;
            }
        }
        if limit.max_concurrent.is_some_and(|most| used.running >= most) {
            return None;
        }
        used.running += 1;
        if limit.starts_per_ms.is_some() {
            used.starts.push_back(Instant::now());
        }
        Some(Place { model: model.to_owned(), limits: Arc::clone(self) })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(used) = self.limits.lock().get_mut(&self.model) {
            used.running -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn places_come_back_and_windows_pass() {
        let limits = Arc::new(Limits::default());
        let two_at_once = ProviderLimit { max_concurrent: Some(2), starts_per_ms: None };
        let first = limits.admit("m", two_at_once, 1.0);
        let second = limits.admit("m", two_at_once, 1.0);
        assert!(first.is_some() && second.is_some() && limits.admit("m", two_at_once, 1.0).is_none());
        assert!(limits.admit("other", two_at_once, 1.0).is_some());
        drop(first);
        assert!(limits.admit("m", two_at_once, 1.0).is_some());

        let one_a_second = ProviderLimit { max_concurrent: None, starts_per_ms: Some((1, 1_000)) };
        assert!(limits.admit("r", one_a_second, 0.5).is_some());
        tokio::time::advance(Duration::from_millis(499)).await;
        assert!(limits.admit("r", one_a_second, 0.5).is_none());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(limits.admit("r", one_a_second, 0.5).is_some());
    }
}
