//! What is done to a run beside letting it run: one file each.

mod again;
mod cancel;
mod crash;
mod trap;

use std::collections::BTreeSet;

use parallel_agents::documents::DocumentReply;

use super::{Case, Explorer, Tally};
use crate::call::Called;

/// Something that is done to a run, or to fresh copies of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// It is run a second time and has to be the same.
    Again,
    /// At each of its events it is cancelled as a whole, and at some of them one task is.
    Cancel,
    /// At each of its events the component is dropped, and the host has to clean up.
    Trap,
    /// At each of its host calls it is cut off, and goes on from its journal.
    Crash,
}

/// Deeds, in the order in which they are done.
pub type Deeds = BTreeSet<Deed>;

/// A run to which nothing was done.
pub(super) struct Plain {
    pub(super) seed: u64,
    pub(super) case: Case,
    pub(super) called: Called<DocumentReply>,
}

impl Deed {
    /// Does it, and enters what came of it.
    pub(super) async fn carry_out(self, explorer: &Explorer<'_>, plain: &Plain, tally: &mut Tally) {
        match self {
            Self::Again => again::compare(explorer, plain, tally).await,
            Self::Cancel => cancel::everywhere(explorer, plain, tally).await,
            Self::Trap => trap::everywhere(explorer, plain, tally).await,
            Self::Crash => crash::everywhere(explorer, plain, tally).await,
        }
    }

    /// How it is asked for on the command line. Empty: it need not be.
    pub fn words(self) -> &'static str {
        match self {
            Self::Again => "",
            Self::Cancel => " --cancel every",
            Self::Trap => " --trap every",
            Self::Crash => " --crash every",
        }
    }
}
