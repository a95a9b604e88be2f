//! What a journal has to agree in with the component that reads it.

/// The version of the text's form.
pub const JOURNAL_VERSION: u32 = 3;

/// Counts the changes of the engine after which the same events can lead to other commands: prompts, policies, order.
///
/// A journal of another revision is refused, because going through it would end somewhere else. A test holds the
/// journals that are kept of each release against this number.
pub const ENGINE_REVISION: u32 = 3;
