//! The engine waits for another time than it should.

use super::defect::{Defect, Tamper};
use super::wire::Wire;

/// Longer than the time that a run may take for cleaning up after its deadline.
const A_MINUTE_MS: u64 = 60_000;

/// As far as the furthest alarm of a run of tests is away: its deadline, or the time limit of a session.
const HALF_AN_HOUR_MS: u64 = 1_800_000;

const fn of(
    name: &'static str,
    invariant: &'static str,
    imitates: &'static str,
    change: fn(Option<u64>, &Wire) -> Option<u64>,
) -> Defect {
    Defect::new(name, invariant, imitates, Tamper::Wait(change))
}

pub(super) const DEFECTS: &[Defect] = &[
    of("timer-forgotten", "I7", "a task that pauses is not woken before the deadline", |until_ms, wire| {
        Some(wire.opened_ms? + HALF_AN_HOUR_MS).max(until_ms)
    }),
    of("wakes-too-late", "I11", "every wait is a minute longer than it should be", |until_ms, _| {
        until_ms.map(|until_ms| until_ms + A_MINUTE_MS)
    }),
];
