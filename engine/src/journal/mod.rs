//! The record of a call: every event that it was told, and a digest of every command that followed.
//!
//! A journal is text of whole lines that only grows. Its first line says what was called and by which version, its second
//! with what; then comes one line for each step, written before the host is asked for anything that the step decided; the
//! last line says that the call came back. As the same events lead to the same commands, what is between the first and the
//! last line is all that has to be known to go on.
//!
//! ```text
//! lines      the text itself: reading, writing, what can be wrong with it
//! digest     what is written down of a command; checksums
//! recorder   a host that writes down what passes through it
//! replay     a host that tells what is written down, and compares
//! resumed    first the one, then the other
//! recovery   what the sessions did meanwhile
//! attaching  which sessions the host is still to attach the call to
//! journaled  the three as one
//! ```

mod attaching;
mod digest;
mod journaled;
mod lines;
mod recorder;
mod recovery;
mod replay;
mod resumed;
mod version;

pub use journaled::Journaled;
pub use lines::{Header, Journal, Writer, read};
pub use recorder::Recorder;
pub use replay::Replay;
pub use resumed::Resumed;
pub use version::{ENGINE_REVISION, JOURNAL_VERSION};
