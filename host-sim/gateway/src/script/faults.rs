//! What goes wrong with the simulated gateway, its provider and its caller, beyond what single answers do.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::fault_settings::{Burst, Delay, Huge, MoreUsage, Refusals, SpawnRate, Swap, Window};

/// Everything that a gateway, a provider or a caller may do to a call. Nothing of it happens unless a script says so.
///
/// Chances are per mille. Whether one comes true depends on the seed, the kind of fault and the session or request that it
/// concerns, never on the order of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultProfile {
    /// Spawn requests beyond this rate are refused as rate limited.
    pub spawn_rate: Option<SpawnRate>,
    /// Spawn requests beyond this many in so long find a locked file and are refused as busy.
    pub spawn_burst: Option<Burst>,
    /// Times at which the gateway is away: spawn requests are refused as unavailable.
    pub unavailable: Vec<Window>,
    /// Spawn requests that are carried out later than others.
    pub late_receipt: Option<Delay>,
    /// Sessions that ask for a place later than others.
    pub late_start: Option<Delay>,
    /// Sessions that start sessions of their own, which live as long as they do.
    pub grandchildren: Option<Refusals>,
    /// Other models in place of those asked for; the first entry that concerns a session and comes true counts.
    pub swaps: Vec<Swap>,
    /// Sessions that use more tokens than their script says.
    pub more_usage: Option<MoreUsage>,
    /// Sessions that are "still active; try again" when they are to be cancelled.
    pub cancel_refused: Option<Refusals>,
    /// Sessions that are "still active; try again" when they are to be deleted.
    pub delete_refused: Option<Refusals>,
    /// Ends that are told late.
    pub late_end: Option<Delay>,
    /// Sessions whose transcript is empty when it is first read.
    pub history_empty: Option<Refusals>,
    /// Good answers that go on for as many bytes more.
    pub huge_answer: Option<Huge>,
    /// Milliseconds after opening at which whoever called is gone, and the run is to stop. None: never.
    pub caller_gone_ms: Option<u64>,
    /// Chances that are not 0.
    chances: BTreeMap<Fault, u32>,
}

impl FaultProfile {
    /// The chance of a fault, per mille.
    pub fn chance(&self, fault: Fault) -> u32 {
        self.chances.get(&fault).copied().unwrap_or(0)
    }

    /// Gives a fault a chance. One that has none in scripts gets none here.
    #[must_use]
    pub fn with(mut self, fault: Fault, per_mille: u32) -> Self {
        self.set(fault, per_mille);
        self
    }

    pub(super) fn set(&mut self, fault: Fault, per_mille: u32) {
        if per_mille > 0 && fault.chance_of().is_some() {
            self.chances.insert(fault, per_mille);
        } else {
            self.chances.remove(&fault);
        }
    }

    /// The numbers with their names and ranges, for checking.
    pub(super) fn ranges(&self) -> Vec<(String, u64, u64, u64)> {
        let chance = |fault: Fault| (fault.name().to_owned(), self.chance(fault).into(), 0, 1_000);
        let mut ranges: Vec<(String, u64, u64, u64)> = Fault::with_chances().map(chance).collect();
        let shares = [
            ("late_receipt", self.late_receipt.map(|delay| delay.per_mille)),
            ("late_start", self.late_start.map(|delay| delay.per_mille)),
            ("late_end", self.late_end.map(|delay| delay.per_mille)),
            ("grandchildren", self.grandchildren.map(|children| children.per_mille)),
            ("cancel_refused", self.cancel_refused.map(|refusals| refusals.per_mille)),
            ("delete_refused", self.delete_refused.map(|refusals| refusals.per_mille)),
            ("history_empty", self.history_empty.map(|refusals| refusals.per_mille)),
            ("more_usage", self.more_usage.map(|more| more.per_mille)),
            ("huge_answer", self.huge_answer.map(|huge| huge.per_mille)),
        ];
        ranges.extend(shares.map(|(name, share)| (format!("{name}/per_mille"), share.unwrap_or(0).into(), 0, 1_000)));
        let bursts = [
            ("spawn_rate", self.spawn_rate.map(|rate| (rate.burst, rate.per_ms))),
            ("spawn_burst", self.spawn_burst.map(|burst| (burst.burst, burst.per_ms))),
        ];
        for (name, burst) in bursts {
            let (burst, per_ms) = burst.unwrap_or((1, 1));
            ranges.push((format!("{name}/burst"), burst.into(), 1, 1_000));
            ranges.push((format!("{name}/per_ms"), per_ms, 1, 3_600_000));
        }
        let times = [
            ("grandchildren", self.grandchildren),
            ("cancel_refused", self.cancel_refused),
            ("delete_refused", self.delete_refused),
            ("history_empty", self.history_empty),
        ];
        ranges.extend(times.map(|(name, it)| (format!("{name}/times"), it.map_or(1, |it| it.times.into()), 1, 1_000)));
        ranges.push(("more_usage/factor".to_owned(), self.more_usage.map_or(2, |more| more.factor.into()), 2, 1_000));
        ranges.push(("huge_answer/bytes".to_owned(), self.huge_answer.map_or(1, |it| it.bytes.into()), 1, 10_000_000));
        for (index, swap) in self.swaps.iter().enumerate() {
            ranges.push((format!("swaps/{index}/per_mille"), swap.per_mille.into(), 0, 1_000));
        }
        for (index, window) in self.unavailable.iter().enumerate() {
            let from = window.from_ms.saturating_add(1);
            ranges.push((format!("unavailable/{index}/to_ms"), window.to_ms, from, u64::MAX));
        }
        ranges
    }
}
