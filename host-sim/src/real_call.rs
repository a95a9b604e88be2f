//! What every host of real sessions keeps of its call, whatever runs the sessions: the clock, events that are not told yet, and the
//! journal.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use gateway_sim::host::{Delivery, JournalSink, Next};
use gateway_sim::truth::Truth;
use parallel_agents_engine::host::{Event, EventKind, JournalError};
use tokio::time::Instant;

/// How long a wait without limit is before it is looked again, in milliseconds; a bell ends it much earlier.
const LONG_WAIT_MS: u64 = 3_600_000;

/// One call on a host of real sessions.
pub struct RealCall {
    opened_at: Instant,
    opened_ms: u64,
    next_seq: u64,
    /// Events in the order in which they are told.
    pub untold: VecDeque<EventKind>,
    journal: Option<JournalSink>,
    /// What became true and nobody asked for yet.
    pub truths: Vec<Truth>,
}

impl RealCall {
    /// A call to which nothing was told. `start_ms`: where its clock begins, in milliseconds; None: at the system's time.
    pub fn new(start_ms: Option<u64>) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            opened_at: Instant::now(),
            opened_ms: start_ms.unwrap_or_else(|| millis(since_epoch)),
            next_seq: 0,
            untold: VecDeque::new(),
            journal: None,
            truths: Vec::new(),
        }
    }

    /// Milliseconds on the host's clock.
    pub fn now_ms(&self) -> u64 {
        self.opened_ms.saturating_add(millis(self.opened_at.elapsed()))
    }

    /// When the call was opened, on the same clock.
    pub fn opened_ms(&self) -> u64 {
        self.opened_ms
    }

    /// Whether its first event is still to be told.
    pub fn is_new(&self) -> bool {
        self.next_seq == 0
    }

    /// The next event.
    pub fn tell(&mut self, what: EventKind) -> Next<Delivery> {
        let event = Event { seq: self.next_seq, at_ms: self.now_ms(), what };
        self.next_seq += 1;
        Next::Event(Delivery { real_ms: event.at_ms, event, is_extra: false })
    }

    /// The next event that is not told yet. Without one, how long to wait: until `until_ms`, or until somebody has to look again.
    /// `is_awaited`: something will still be told.
    pub fn next(&mut self, until_ms: Option<u64>, look_ms: Option<u64>, is_awaited: bool) -> Next<Delivery> {
        if let Some(what) = self.untold.pop_front() {
            return self.tell(what);
        }
        let now_ms = self.now_ms();
        let look_ms = look_ms.unwrap_or(u64::MAX).min(now_ms.saturating_add(LONG_WAIT_MS));
        match until_ms {
            Some(until) if until <= now_ms => self.tell(EventKind::TimerFired),
            Some(until) => Next::SleepUntil(until.min(look_ms)),
            None if is_awaited => Next::SleepUntil(look_ms),
            None => Next::Stuck("next-event was asked to wait without limit while no answer is due".to_owned()),
        }
    }

    /// Keeps the call's journal: hands each part on before it counts as written.
    pub fn keep_journal(&mut self, sink: JournalSink) {
        self.journal = Some(sink);
    }

    /// Whether it keeps one.
    pub fn keeps_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Adds lines to the journal.
    ///
    /// # Errors
    /// There is none, or they could not be written.
    pub fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        match &mut self.journal {
            Some(sink) => sink(lines),
            None => Err(JournalError::not_kept()),
        }
    }

    /// Somebody wants the call to stop.
    pub fn ask_to_stop(&mut self, reason: String) {
        self.untold.push_back(EventKind::StopRequested { task: None, reason });
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
