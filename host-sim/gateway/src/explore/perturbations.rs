//! What may be done to a run beside letting it run, and where.

use std::collections::BTreeSet;

use parallel_agents::documents::DocumentReply;

use super::case::Case;
use super::draws::Draws;
use crate::call::Called;

/// Copies of one run that are made where places are sampled.
const SAMPLED: u64 = 6;

/// Where in a run something is done to it: in a fresh copy for each place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Places {
    /// At each event, or at each host call.
    Every,
    /// At a few places that the seed draws.
    Sampled,
}

impl Places {
    /// The places among so many, in order.
    pub(super) fn of(self, seed: u64, count: u64) -> Vec<u64> {
        if self == Self::Every || count <= SAMPLED {
            return (0..count).collect();
        }
        let mut draws = Draws::new(seed);
        let drawn: BTreeSet<u64> = (0..SAMPLED).map(|_| draws.between(0, count - 1)).collect();
        drawn.into_iter().collect()
    }

    /// How it is asked for on the command line.
    fn word(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Sampled => "sampled",
        }
    }
}

/// Something that is done to a run, or to fresh copies of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Perturbation {
    /// It is run a second time and has to be the same.
    Again,
    /// At its events it is cancelled as a whole, and at some of them one task is.
    Cancel(Places),
    /// At its events the component is dropped, and the host has to clean up.
    Trap(Places),
    /// At its host calls it is cut off, and goes on from its journal.
    Crash(Places),
}

/// Perturbations, in the order in which they are done.
pub type Perturbations = BTreeSet<Perturbation>;

/// A run to which nothing was done.
pub(super) struct Plain {
    pub(super) seed: u64,
    pub(super) case: Case,
    pub(super) called: Called<DocumentReply>,
}

impl Perturbation {
    /// How it is asked for on the command line. Empty: it need not be.
    pub fn words(self) -> String {
        let option = |name: &str, places: Places| format!(" --{name} {}", places.word());
        match self {
            Self::Again => String::new(),
            Self::Cancel(places) => option("cancel", places),
            Self::Trap(places) => option("trap", places),
            Self::Crash(places) => option("crash", places),
        }
    }
}
