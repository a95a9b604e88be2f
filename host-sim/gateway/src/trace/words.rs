//! How values are written in a trace.

use std::fmt;

use parallel_agents_engine::task::Usage;

/// The start value and the multiplier of 64-bit FNV-1a.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// A long text as its length in bytes and a hash that tells different texts apart.
pub(super) struct Long<'a>(pub(super) &'a str);

impl fmt::Display for Long<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.0.bytes().fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
        write!(f, "{}B:{hash:016x}", self.0.len())
    }
}

/// A short text in quotes, so that nothing in it can pass for another field.
pub(super) struct Short<'a>(pub(super) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A value that may be missing; then a dash.
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T: fmt::Display> fmt::Display for Maybe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// A short text that may be missing.
pub(super) fn maybe_short(text: Option<&str>) -> Maybe<Short<'_>> {
    Maybe(text.map(Short))
}

/// Tokens read and written.
pub(super) struct Tokens(pub(super) Usage);

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.input_tokens, self.0.output_tokens)
    }
}

/// A time as the distance to the start; one before the start, which a guest may name, has a minus.
pub(super) fn since(start_ms: u64, at_ms: u64) -> String {
    match at_ms.checked_sub(start_ms) {
        Some(after) => format!("+{after}"),
        None => format!("-{}", start_ms - at_ms),
    }
}
