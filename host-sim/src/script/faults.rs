//! What goes wrong with the simulated gateway and its provider, beyond what single answers do.

use serde::{Deserialize, Serialize};

/// Everything that a gateway or a provider may do to a call. Nothing of it happens unless a script says so.
///
/// Chances are per mille. Whether one comes true depends on the seed, the kind of fault and the session or request that it
/// concerns, never on the order of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultProfile {
    /// Spawn requests beyond this rate are refused as rate limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawn_rate: Option<SpawnRate>,
    /// Spawn requests beyond this many in so long find a locked file and are refused as busy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawn_burst: Option<Burst>,
    /// Times at which the gateway is away: spawn requests are refused as unavailable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unavailable: Vec<Window>,
    /// Spawn requests that are refused as rate limited, whatever the rate.
    pub spawn_rate_limited: u32,
    /// Spawn requests that are refused as busy, whatever the rate.
    pub spawn_busy: u32,
    /// Spawn requests that are refused as unavailable, at any time.
    pub spawn_unavailable: u32,
    /// Spawn requests whose answer is lost after the session came into being. The idempotency key finds it again.
    pub spawn_lost_after: u32,
    /// Spawn requests that are lost before anything came of them.
    pub spawn_lost_before: u32,
    /// Sessions that are accepted and never start.
    pub never_start: u32,
    /// Sessions that ask for a place later than others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_start: Option<Delay>,
    /// Sessions that a restart cuts off while they run.
    pub interrupted: u32,
    /// Other models in place of those asked for; the first entry that concerns a session and comes true counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub swaps: Vec<Swap>,
    /// Sessions whose token usage is not told.
    pub no_usage: u32,
    /// Sessions that use more tokens than their script says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_usage: Option<MoreUsage>,
    /// Sessions that are "still active; try again" when they are to be cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_refused: Option<Refusals>,
    /// Sessions that are "still active; try again" when they are to be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_refused: Option<Refusals>,
    /// Ends that are told twice.
    pub end_twice: u32,
    /// Ends that are told late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_end: Option<Delay>,
    /// Ends that are followed by the end of a session that nobody in this call knows.
    pub foreign_end: u32,
}

/// How many spawn requests a gateway takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpawnRate {
    /// Requests taken in any `per_ms`. 1 to 1,000.
    pub burst: u32,
    /// Milliseconds. 1 to 3,600,000.
    pub per_ms: u64,
    /// What a refusal asks for. None: it names no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Requests that go well in any `per_ms`. 1 to 1,000.
    pub burst: u32,
    /// Milliseconds. 1 to 3,600,000.
    pub per_ms: u64,
}

/// From one time to another, in milliseconds since the world opened; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first millisecond.
    pub from_ms: u64,
    /// The millisecond after the last.
    pub to_ms: u64,
}

/// Something that comes later than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// How often.
    pub per_mille: u32,
    /// By how much.
    pub delay_ms: u64,
}

/// Requests that are refused at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusals {
    /// How many sessions are concerned.
    pub per_mille: u32,
    /// How often each of them refuses. 1 to 1,000.
    pub times: u32,
}

/// Sessions that use more than expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoreUsage {
    /// How many sessions are concerned.
    pub per_mille: u32,
    /// How many times as much they use. 2 to 1,000.
    pub factor: u32,
}

/// Another model in place of the one asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// Only where this model was to run, as `provider/model`. None: wherever another one than `to` was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model that really runs.
    pub to: String,
    /// How often.
    pub per_mille: u32,
    /// Whether the receipt claims the model asked for, so that only the end of the session tells.
    #[serde(default)]
    pub receipt_lies: bool,
}

impl FaultProfile {
    /// The numbers with their names and ranges, for checking.
    pub(super) fn ranges(&self) -> Vec<(String, u64, u64, u64)> {
        let mut ranges: Vec<(String, u64, u64, u64)> = Vec::new();
        let chances = [
            ("spawn_rate_limited", self.spawn_rate_limited),
            ("spawn_busy", self.spawn_busy),
            ("spawn_unavailable", self.spawn_unavailable),
            ("spawn_lost_after", self.spawn_lost_after),
            ("spawn_lost_before", self.spawn_lost_before),
            ("never_start", self.never_start),
            ("interrupted", self.interrupted),
            ("no_usage", self.no_usage),
            ("end_twice", self.end_twice),
            ("foreign_end", self.foreign_end),
            ("late_start/per_mille", self.late_start.map_or(0, |delay| delay.per_mille)),
            ("late_end/per_mille", self.late_end.map_or(0, |delay| delay.per_mille)),
            ("cancel_refused/per_mille", self.cancel_refused.map_or(0, |refusals| refusals.per_mille)),
            ("delete_refused/per_mille", self.delete_refused.map_or(0, |refusals| refusals.per_mille)),
            ("more_usage/per_mille", self.more_usage.map_or(0, |more| more.per_mille)),
        ];
        ranges.extend(chances.map(|(name, value)| (name.to_owned(), value.into(), 0, 1_000)));
        let bursts = [
            ("spawn_rate", self.spawn_rate.map(|rate| (rate.burst, rate.per_ms))),
            ("spawn_burst", self.spawn_burst.map(|burst| (burst.burst, burst.per_ms))),
        ];
        for (name, burst) in bursts {
            let (burst, per_ms) = burst.unwrap_or((1, 1));
            ranges.push((format!("{name}/burst"), burst.into(), 1, 1_000));
            ranges.push((format!("{name}/per_ms"), per_ms, 1, 3_600_000));
        }
        let times = |refusals: Option<Refusals>| refusals.map_or(1, |refusals| refusals.times.into());
        ranges.push(("cancel_refused/times".to_owned(), times(self.cancel_refused), 1, 1_000));
        ranges.push(("delete_refused/times".to_owned(), times(self.delete_refused), 1, 1_000));
        ranges.push(("more_usage/factor".to_owned(), self.more_usage.map_or(2, |more| more.factor.into()), 2, 1_000));
        for (index, swap) in self.swaps.iter().enumerate() {
            ranges.push((format!("swaps/{index}/per_mille"), swap.per_mille.into(), 0, 1_000));
        }
        for (index, window) in self.unavailable.iter().enumerate() {
            ranges.push((
                format!("unavailable/{index}/to_ms"),
                window.to_ms,
                window.from_ms.saturating_add(1),
                u64::MAX,
            ));
        }
        ranges
    }
}
