//! What a guest may use.

use wasmtime::{StoreLimits, StoreLimitsBuilder};

/// Bounds of one call. Every one of them ends the call with a trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Units of fuel, roughly one per instruction. The default, two thousand million, is a hundred times what a run of
    /// twenty tasks needs and four times what 200 answers of the greatest length need. A guest in an endless loop has
    /// used it up within a second.
    pub fuel: u64,
    /// Bytes of linear memory. Default 64 MiB, like the limit that the component is linked with.
    pub memory_bytes: usize,
    /// Bytes that the component may hand over at once, in a call of an import or as its own result. Default 64 MiB, which
    /// is all that it can have: the report of 200 tasks alone has more than 12 MiB if every answer is as long as may be.
    pub hostcall_bytes: usize,
    /// Calls of imports. Default one million, like the events of a world: the longest runs of 200 tasks make some ten
    /// thousand, and what a guest asks for takes the host's memory and not its own.
    pub import_calls: u64,
}

/// Instances, tables and memories each; the component needs a handful.
const MAX_PARTS: usize = 10;

impl Default for GuestLimits {
    fn default() -> Self {
        Self { fuel: 2_000_000_000, memory_bytes: 64 << 20, hostcall_bytes: 64 << 20, import_calls: 1_000_000 }
    }
}

impl GuestLimits {
    pub(super) fn limiter(&self) -> StoreLimits {
        StoreLimitsBuilder::new()
            .memory_size(self.memory_bytes)
            .instances(MAX_PARTS)
            .tables(MAX_PARTS)
            .memories(MAX_PARTS)
            .trap_on_grow_failure(true)
            .build()
    }
}
