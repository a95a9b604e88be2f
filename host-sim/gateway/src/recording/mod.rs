//! A run as it went, so that it can be gone through again in virtual time, as it was or under other rules.
//!
//! A recording is a file of JSON lines: a head, a line for each session in the order of spawning, and the reply. It holds
//! prompts and answers as a report does, and no key.

mod format;
mod playback;
mod recorder;
mod tape;
#[cfg(test)]
mod tests;

pub use format::{Head, Latencies, RecordedOutcome, RecordedSession, Recording, RecordingError};
pub use recorder::{MODEL_SERVER, Recorder};
pub use tape::{Assumed, Tape};
