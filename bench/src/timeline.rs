//! What happens in a cell: sessions that take their time by the wall clock. The same for each host, in the words that it has for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::grid::Cell;

/// What has happened and what will, as events of one kind.
pub struct Timeline<E> {
    cell: Cell,
    began: Instant,
    seq: u64,
    /// What has happened and was not told yet.
    happened: VecDeque<E>,
    /// When sessions end, by their place.
    ends: BinaryHeap<Reverse<(Instant, usize)>>,
    spawned: usize,
}

impl<E> Timeline<E> {
    /// It begins now, with this event.
    pub fn open(cell: Cell, first: E) -> Self {
        let happened = VecDeque::from([first]);
        Self { cell, began: Instant::now(), seq: 0, happened, ends: BinaryHeap::new(), spawned: 0 }
    }

    /// Something has happened.
    pub fn push(&mut self, event: E) {
        self.happened.push_back(event);
    }

    /// Starts the session of the next place, and returns that place.
    pub fn spawn(&mut self) -> usize {
        let place = self.spawned;
        self.spawned += 1;
        self.ends.push(Reverse((Instant::now() + self.cell.latency(place), place)));
        place
    }

    /// The next event with its number and its time in milliseconds, or when to look again. `ended` makes the event of a session's
    /// end from its place; None stands for a timer that fires.
    pub fn poll(
        &mut self,
        until_ms: Option<u64>,
        ended: impl Fn(usize) -> E,
    ) -> Result<(u64, u64, Option<E>), Option<Instant>> {
        let now = Instant::now();
        if self.happened.is_empty() {
            while let Some(Reverse((_, place))) = self.ends.peek().copied().filter(|Reverse((at, _))| *at <= now) {
                self.ends.pop();
                self.happened.push_back(ended(place));
            }
        }
        let at_ms = u64::try_from(now.duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
        let event = self.happened.pop_front();
        if event.is_none() && until_ms.is_none_or(|until| until > at_ms) {
            let until = until_ms.and_then(|until| self.began.checked_add(Duration::from_millis(until)));
            let end = self.ends.peek().map(|Reverse((at, _))| *at);
            return Err(until.into_iter().chain(end).min());
        }
        let seq = self.seq;
        self.seq += 1;
        Ok((seq, at_ms, event))
    }
}

/// The key of the session of a place.
pub fn key(place: usize) -> String {
    format!("agent:main:subagent:{place:08}")
}
