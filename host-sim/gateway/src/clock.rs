//! How the host's time passes: by jumping, or by waiting.
//!
//! A host knows when its next event is due. Virtual time goes there at once; real time waits until as much time has
//! passed since the call began. Both hand the host the same times, so a run gives the same report either way, and only a
//! request to stop comes when it comes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How time passes, the switch that stops a call, and the bell that ends a wait early.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    is_real: bool,
    stop: StopSwitch,
    bell: Bell,
}

impl Clock {
    /// Time that jumps to whatever comes next. Needs no runtime.
    pub fn virtual_time() -> Self {
        Self::default()
    }

    /// Time that passes as it does. Needs a Tokio runtime with timers.
    pub fn real_time() -> Self {
        Self { is_real: true, ..Self::default() }
    }

    /// The same clock, with a switch that stops the calls that run by it.
    #[must_use]
    pub fn with_stop(self, stop: StopSwitch) -> Self {
        Self { stop, ..self }
    }

    /// The bell of this clock, for a backend that things happen to by themselves.
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Begins to count for a call whose host stands at `world_ms`.
    pub fn begin(&self, host_ms: u64) -> Passing {
        Passing {
            since: self.is_real.then(|| (Instant::now(), host_ms)),
            stop: self.stop.clone(),
            bell: self.bell.clone(),
        }
    }
}

/// Says that something has happened, so that whoever waits looks again. Clones are the same bell.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Ends the wait that is under way, or else the next one.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// Stops a call from outside, once. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct StopSwitch(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    reason: Mutex<Option<String>>,
    thrown: Notify,
}

impl StopSwitch {
    /// A switch that nobody has thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end of the call. The component hears of it with its next event.
    pub fn throw(&self, reason: impl Into<String>) {
        *self.0.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.into());
        self.0.thrown.notify_one();
    }

    /// The reason, if the switch was thrown since the last time.
    pub(crate) fn take_reason(&self) -> Option<String> {
        self.0.reason.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Time as it passes during one call.
#[derive(Clone, Debug)]
pub struct Passing {
    /// When the call began, by the real clock and by the host's. None: virtual.
    since: Option<(Instant, u64)>,
    stop: StopSwitch,
    bell: Bell,
}

impl Passing {
    /// The switch that stops this call.
    pub fn stop(&self) -> &StopSwitch {
        &self.stop
    }

    /// Waits for `to_ms` on the host's clock. The time that was reached: an earlier one if the switch was thrown or the
    /// bell rang.
    pub async fn pass(&self, to_ms: u64) -> u64 {
        let Some((began, host_ms)) = self.since else { return to_ms };
        let due = began + Duration::from_millis(to_ms.saturating_sub(host_ms));
        tokio::select! {
            () = tokio::time::sleep_until(due) => return to_ms,
            () = self.stop.0.thrown.notified() => {}
            () = self.bell.0.notified() => {}
        }
        let passed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        host_ms.saturating_add(passed).min(to_ms)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn real_time_waits_for_as_long_as_the_world_says() {
        let began = Instant::now();
        let passing = Clock::real_time().begin(1_000);
        assert_eq!(passing.pass(1_250).await, 1_250);
        assert_eq!(began.elapsed(), Duration::from_millis(250));
        assert_eq!(passing.pass(1_100).await, 1_100, "a time that is over is reached at once");
        assert_eq!(began.elapsed(), Duration::from_millis(250));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_wait() {
        let stop = StopSwitch::new();
        let passing = Clock::real_time().with_stop(stop.clone()).begin(1_000);
        let thrower = async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            stop.throw("enough");
        };
        let (reached, ()) = tokio::join!(passing.pass(9_000), thrower);
        assert_eq!(reached, 1_040);
        assert_eq!(passing.stop().take_reason().as_deref(), Some("enough"));
        assert_eq!(passing.stop().take_reason(), None);
    }

    #[test]
    fn virtual_time_needs_no_runtime_and_does_not_wait() {
        let passing = Clock::virtual_time().begin(0);
        assert_eq!(passing.pass(86_400_000).now_or_never(), Some(86_400_000));
    }
}
