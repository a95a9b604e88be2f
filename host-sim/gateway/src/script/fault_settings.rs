//! Settings of faults that need more than a chance.

use serde::{Deserialize, Serialize};

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

/// From one time to another, in milliseconds since the gateway opened; the end is not part of it.
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
    /// By how much it delays, in milliseconds.
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
