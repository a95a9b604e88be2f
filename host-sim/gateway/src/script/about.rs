//! What an agent is told beside its prompt.

/// What a template may know beside the prompt.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub model: &'a str,
    pub tier: Option<&'a str>,
    /// Counted from 1.
    pub attempt: u32,
    /// The tool call that the text is for, counted from 1; 0 for an answer.
    pub call: u32,
}
