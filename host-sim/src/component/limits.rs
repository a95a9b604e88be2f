//! What a guest may use.

use wasmtime::{StoreLimits, StoreLimitsBuilder};

/// Bounds of one call. Every one of them ends the call with a trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Units of fuel, roughly one per instruction. The default, two thousand million, is a hundred times what a run of
    /// twenty tasks needs and four times what 200 answers of the greatest length need. A guest in an endless loop has
    /// used it up within a second.
    pub fuel: u64,
    /// Units on top of that for each byte of a request or journal. Default 200,000: a task of a wide run takes some 60 bytes at the
    /// least and a million units.
    pub fuel_for_byte: u64,
    /// Bytes of linear memory. Default 512 MiB, like the limit that the component is linked with.
    pub memory_bytes: usize,
    /// Bytes that the component may hand over at once, in a call of an import or as its own result. Default 256 MiB: the report of
    /// 1,000 tasks alone has 64 MiB if every answer is as long as may be, and it is handed over as one text.
    pub hostcall_bytes: usize,
    /// Calls of imports. Default four million: the longest runs of 10,000 tasks make some hundred thousand, and what a guest asks
    /// for takes the host's memory and not its own.
    pub import_calls: u64,
}

/// Instances, tables and memories each; the component needs a handful.
const MAX_PARTS: usize = 10;

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            fuel: 2_000_000_000,
            fuel_for_byte: 200_000,
            memory_bytes: 512 << 20,
            hostcall_bytes: 256 << 20,
            import_calls: 4_000_000,
        }
    }
}

impl GuestLimits {
    /// Units for a call with so much text.
    pub(super) fn fuel_for(&self, text: &str) -> u64 {
        self.fuel.saturating_add(self.fuel_for_byte.saturating_mul(text.len() as u64))
    }

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
