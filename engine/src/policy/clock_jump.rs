//! When the host's clock has jumped, rather than time passed.

/// How much later than asked for a wait may end before the rest counts as a jump of the host's clock, in milliseconds.
pub const CLOCK_JUMP_MS: u64 = 10_000;
