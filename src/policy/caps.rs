//! What a run may spend, and what one session is counted with.

/// Tokens reserved for one session beyond its prompt when a request names no number: a long answer and the host's own
/// system prompt (28,000 characters on OpenClaw 2026.9.6, measured) fit into it.
pub const DEFAULT_SESSION_TOKENS: u64 = 16_000;

/// Bytes that count as one token of a prompt. Low on purpose: English prose has four or more.
const BYTES_PER_TOKEN: u64 = 3;

/// The caps of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Of all sessions together.
    pub tokens: Option<u64>,
    /// Of all sessions together, in micro-dollars.
    pub micro_usd: Option<u64>,
    /// Sessions.
    pub spawns: Option<u64>,
    /// Seconds of the run after which nothing new is started.
    pub seconds: Option<u32>,
    /// Tokens reserved for one session beyond its prompt. None: the default.
    pub session_tokens: Option<u64>,
}

impl Caps {
    /// Tokens that a session with this prompt may take: those of the prompt, and those of everything else.
    pub fn tokens_for(&self, prompt_bytes: usize) -> (u64, u64) {
        let prompt = (prompt_bytes as u64).div_ceil(BYTES_PER_TOKEN);
        (prompt, self.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS))
    }
}
