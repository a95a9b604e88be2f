//! Whether faults strike a subject: a session, a request or a page.

use crate::script::{Fault, FaultProfile};

/// The draws for a subject, the `nth` time that something could happen to it. They depend on nothing else but the seed.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct Draw<'a> {
    pub(in crate::gateway) profile: &'a FaultProfile,
    pub(in crate::gateway) seed: u64,
    pub(in crate::gateway) subject: &'a str,
    pub(in crate::gateway) nth: u32,
}

impl Draw<'_> {
    /// With the chance that the script gives the fault.
    pub(super) fn strikes(&self, fault: Fault) -> bool {
        self.share(fault, self.profile.chance(fault))
    }

    /// With this chance.
    pub(super) fn share(&self, fault: Fault, per_mille: u32) -> bool {
        fault.strikes(self.seed, self.subject, self.nth, per_mille)
    }

    /// How much of it there is: a number below `bound`.
    pub(super) fn amount(&self, fault: Fault, bound: u64) -> u64 {
        fault.amount(self.seed, &format!("{} {}", self.subject, self.nth), bound)
    }
}
