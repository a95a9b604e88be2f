//! What goes wrong with the simulated gateway, its provider and its caller, beyond what single answers do.

use serde::{Deserialize, Serialize};

use super::Fault;

/// Everything that a gateway, a provider or a caller may do to a call. Nothing of it happens unless a script says so.
///
/// Plain numbers are chances per mille, named as their fault is counted. Whether one comes true depends on the seed, the
/// kind of fault and the session or request that it concerns, never on the order of calls.
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
    /// Spawn requests that are carried out later than others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_receipt: Option<Delay>,
    /// Sessions that ask for a place later than others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_start: Option<Delay>,
    /// Sessions that start sessions of their own, which live as long as they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grandchildren: Option<Refusals>,
    /// Other models in place of those asked for; the first entry that concerns a session and comes true counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub swaps: Vec<Swap>,
    /// Sessions that use more tokens than their script says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_usage: Option<MoreUsage>,
    /// Sessions that are "still active; try again" when they are to be cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_refused: Option<Refusals>,
    /// Sessions that are "still active; try again" when they are to be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_refused: Option<Refusals>,
    /// Ends that are told late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_end: Option<Delay>,
    /// Sessions whose transcript is empty when it is first read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_empty: Option<Refusals>,
    /// Good answers that go on for as many bytes more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huge_answer: Option<Huge>,
    /// Milliseconds after opening at which whoever called is gone, and the run is to stop. None: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_gone_ms: Option<u64>,
    /// Spawn requests that are refused by policy.
    pub spawn_forbidden: u32,
    /// Spawn requests that find no room, whatever the caps: somebody else has it.
    pub at_capacity: u32,
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
    /// Spawn requests that take effect and whose answer makes no sense: of another kind, without a key, with a key of a
    /// million characters.
    pub receipt_malformed: u32,
    /// Spawn requests that take effect and whose answer names an earlier session.
    pub receipt_repeated: u32,
    /// Spawn requests that are accepted although there is no room.
    pub cap_ignored: u32,
    /// Sessions that are accepted and never start.
    pub never_start: u32,
    /// Sessions that a restart cuts off while they run.
    pub interrupted: u32,
    /// Sessions that somebody else stops while they run.
    pub killed: u32,
    /// Sessions that stand still at some time, without an end.
    pub paused: u32,
    /// Sessions that the host forgets while they run: they are gone, and nobody is told.
    pub vanished: u32,
    /// Sessions that the host does not end at their time limit.
    pub timeout_ignored: u32,
    /// Sessions whose token usage is not told.
    pub no_usage: u32,
    /// Sessions that are somebody else's when they are to be read, cancelled or deleted.
    pub not_owner: u32,
    /// Ends that are told twice.
    pub end_twice: u32,
    /// Ends that are never told. Lists know of them.
    pub end_lost: u32,
    /// Ends that are followed by another end of the same session.
    pub end_contradicted: u32,
    /// Ends that are followed by the end of a session that nobody in this call knows.
    pub foreign_end: u32,
    /// Rows of lists that do not say where a session stands.
    pub unknown_state: u32,
    /// Lists and transcripts of which a page repeats a row, leaves one out or promises more than there is.
    pub odd_page: u32,
    /// Sessions whose transcript is gone.
    pub history_gone: u32,
    /// Sessions from whose transcript the host takes what looks like a secret.
    pub redacted: u32,
    /// Sessions whose transcript ends with words of the system, a user and a tool.
    pub afterword: u32,
    /// Good answers that become the host's words for none.
    pub silent_reply: u32,
    /// Good answers that become a promise to go on.
    pub unfinished: u32,
    /// Good answers that begin with the model's thoughts.
    pub thinking: u32,
    /// Good answers that carry a secret of their own, so that it can be seen where it gets to.
    pub secret_told: u32,
    /// Waits that end before their time without anything having happened; never two in a row.
    pub early_wake: u32,
    /// Events at which the host's clock jumps by an hour, forwards or backwards, or stands still.
    pub clock_jumped: u32,
    /// Calls of imports that fail, and the call of the component with them.
    pub host_trap: u32,
    /// Events after which somebody wants the run stopped.
    pub stop_requested: u32,
    /// Journal lines that cannot be written, or only in part.
    pub journal_full: u32,
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
    /// Of a thousand places where it can strike, at how many it does.
    pub per_mille: u32,
    /// By how much.
    pub delay_ms: u64,
}

/// Sessions to which something happens so many times, mostly requests that are refused at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusals {
    /// How many sessions are concerned.
    pub per_mille: u32,
    /// How often it happens to each of them. 1 to 1,000.
    pub times: u32,
}

/// Answers that are longer than anybody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Huge {
    /// How many sessions are concerned.
    pub per_mille: u32,
    /// Bytes that are added. 1 to 10,000,000.
    pub bytes: u32,
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
    /// Of a thousand places where it can strike, at how many it does.
    pub per_mille: u32,
    /// Whether the receipt claims the model asked for, so that only the end of the session tells.
    #[serde(default)]
    pub receipt_lies: bool,
}

impl FaultProfile {
    /// The plain chances, each with the fault that it is for; the names are the same.
    pub fn chances(&mut self) -> [(Fault, &mut u32); 36] {
        [
            (Fault::SpawnForbidden, &mut self.spawn_forbidden),
            (Fault::AtCapacity, &mut self.at_capacity),
            (Fault::SpawnRateLimited, &mut self.spawn_rate_limited),
            (Fault::SpawnBusy, &mut self.spawn_busy),
            (Fault::SpawnUnavailable, &mut self.spawn_unavailable),
            (Fault::SpawnLostAfter, &mut self.spawn_lost_after),
            (Fault::SpawnLostBefore, &mut self.spawn_lost_before),
            (Fault::ReceiptMalformed, &mut self.receipt_malformed),
            (Fault::ReceiptRepeated, &mut self.receipt_repeated),
            (Fault::CapIgnored, &mut self.cap_ignored),
            (Fault::NeverStart, &mut self.never_start),
            (Fault::Interrupted, &mut self.interrupted),
            (Fault::Killed, &mut self.killed),
            (Fault::Paused, &mut self.paused),
            (Fault::Vanished, &mut self.vanished),
            (Fault::TimeoutIgnored, &mut self.timeout_ignored),
            (Fault::NoUsage, &mut self.no_usage),
            (Fault::NotOwner, &mut self.not_owner),
            (Fault::EndTwice, &mut self.end_twice),
            (Fault::EndLost, &mut self.end_lost),
            (Fault::EndContradicted, &mut self.end_contradicted),
            (Fault::ForeignEnd, &mut self.foreign_end),
            (Fault::UnknownState, &mut self.unknown_state),
            (Fault::OddPage, &mut self.odd_page),
            (Fault::HistoryGone, &mut self.history_gone),
            (Fault::Redacted, &mut self.redacted),
            (Fault::Afterword, &mut self.afterword),
            (Fault::SilentReply, &mut self.silent_reply),
            (Fault::Unfinished, &mut self.unfinished),
            (Fault::Thinking, &mut self.thinking),
            (Fault::SecretTold, &mut self.secret_told),
            (Fault::EarlyWake, &mut self.early_wake),
            (Fault::ClockJumped, &mut self.clock_jumped),
            (Fault::HostTrap, &mut self.host_trap),
            (Fault::StopRequested, &mut self.stop_requested),
            (Fault::JournalFull, &mut self.journal_full),
        ]
    }

    /// The numbers with their names and ranges, for checking.
    pub(super) fn ranges(&self) -> Vec<(String, u64, u64, u64)> {
        let chances =
            self.clone().chances().map(|(fault, chance)| (fault.name().to_owned(), (*chance).into(), 0, 1_000));
        let mut ranges: Vec<(String, u64, u64, u64)> = chances.into();
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
