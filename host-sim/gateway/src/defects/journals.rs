//! A call that was cut off goes on from something else than what was written down. The journals are in order: each line has its
//! checksum, so that only what they say is wrong.

use parallel_agents_engine::journal::Writer;

use super::defect::{Defect, Tamper};
use crate::explore::{Perturbation, Places};

/// Lines before the first step: what was called, and with what.
const HEAD: usize = 2;

/// Steps that are lost.
const LOST: usize = 4;

const fn of(name: &'static str, invariant: &'static str, imitates: &'static str, change: fn(&str) -> String) -> Defect {
    Defect::new(name, invariant, imitates, Tamper::Journal(change)).under(Perturbation::Crash(Places::Sampled))
}

pub(super) const DEFECTS: &[Defect] = &[
    of("begins-again", "E7", "a call that was cut off begins again from its request", |journal| {
        sealed(journal.lines().take(HEAD))
    }),
    of("steps-not-written", "E7", "the last steps before a cut were not written down", |journal| {
        let steps = journal.lines().count().saturating_sub(LOST).max(HEAD);
        sealed(journal.lines().take(steps))
    }),
    of("answer-rewritten", "E7", "an answer that was written down is read back as another one", |journal| {
        let other = journal.replace(r#"\"verdict\": \"yes\""#, r#"\"verdict\": \"no\""#);
        sealed(other.lines())
    }),
];

/// The lines of a journal as one that has no others; a last line without its end is left out.
fn sealed<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut writer = Writer::start();
    lines.map(|line| writer.copy(line).to_owned()).collect()
}
