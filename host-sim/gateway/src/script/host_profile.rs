//! What the simulated gateway allows and how fast it is.

use serde::{Deserialize, Serialize};

/// The simulated gateway: its lanes, caps, cuts and speeds.
///
/// The defaults are what an OpenClaw 2026.9 gateway does with an untouched configuration on a machine with two cores. A
/// script changes single fields in its `[host]` table; unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostProfile {
    /// Sessions that run at once; OpenClaw calls this the subagent lane. 1 to 1,000; default 8.
    pub max_concurrent: u32,
    /// Live sessions of one caller, running or queued; a further spawn is refused as at capacity. 1 to 10,000;
    /// default 50.
    pub max_children: u32,
    /// Sessions that one caller may ever spawn; a further spawn is refused as exhausted. 1 to 100,000; default 200.
    pub max_total: u32,
    /// Whether sessions beyond `max_concurrent` wait for a lane. If not, they are refused as at capacity. Default true.
    pub queue: bool,
    /// Characters of one text block that the bounded history shows before it cuts. Default 4,000.
    pub history_block_chars: usize,
    /// Bytes of one history page before messages are left out. Default 81,920 (80 KiB).
    pub history_page_bytes: usize,
    /// Characters of the answer that are delivered with the end of a session. Default 4,096.
    pub completion_chars: usize,
    /// Whether the history gives whole texts, as the gateway does for a plugin inside it. If not, it is the bounded
    /// history of the `sessions_history` tool. Default true.
    pub full_history: bool,
    /// Milliseconds between a spawn request and its receipt. Default 200: a gateway starts four or five sessions a second.
    pub spawn_latency_ms: u64,
    /// Milliseconds between a list or history request and its answer. Default 20.
    pub answer_latency_ms: u64,
    /// Milliseconds between a cancel request and its answer. Default 100.
    pub cancel_latency_ms: u64,
    /// Milliseconds between a delete request and its answer. Default 900: deleting is the slowest thing a gateway does.
    pub delete_latency_ms: u64,
    /// Whether the gateway says when a queued session begins to run. Default true.
    pub reports_starts: bool,
    /// Whether the end of a session carries its token usage. Default true.
    pub reports_usage: bool,
    /// Whether receipts and ends of sessions name the model that was applied. Default true.
    pub reports_model: bool,
    /// Whether the gateway can run a session without tools; receipts say which it was. Default true.
    pub tool_free: bool,
}

impl Default for HostProfile {
    fn default() -> Self {
        Self {
            max_concurrent: 8,
            max_children: 50,
            max_total: 200,
            queue: true,
            history_block_chars: 4_000,
            history_page_bytes: 80 * 1024,
            completion_chars: 4_096,
            full_history: true,
            spawn_latency_ms: 200,
            answer_latency_ms: 20,
            cancel_latency_ms: 100,
            delete_latency_ms: 900,
            reports_starts: true,
            reports_usage: true,
            reports_model: true,
            tool_free: true,
        }
    }
}
