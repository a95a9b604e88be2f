//! The journal of a call, as the host keeps it: whole, torn by a crash, or on a full disk.

use parallel_agents_engine::host::JournalError;

use crate::host::JournalSink;

/// What was written so far, and where it goes on the way.
#[derive(Default)]
pub(super) struct JournalFile {
    is_kept: bool,
    text: String,
    sink: Option<JournalSink>,
}

impl JournalFile {
    pub(super) fn new(is_kept: bool) -> Self {
        Self { is_kept, ..Self::default() }
    }

    /// Hands each part on before it counts as written.
    pub(super) fn keep(&mut self, sink: JournalSink) {
        self.is_kept = true;
        self.sink = Some(sink);
    }

    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn write(&mut self, lines: &str) -> Result<(), JournalError> {
        if let Some(sink) = &mut self.sink {
            sink(lines)?;
        }
        self.text.push_str(lines);
        Ok(())
    }

    /// Half of it gets there; where the half falls depends on what is written.
    pub(super) fn tear(&mut self, lines: &str) {
        self.text.push_str(lines.get(..lines.len() / 2).unwrap_or_default());
    }

    /// Takes away a line that is not whole.
    pub(super) fn mend(&mut self) {
        self.text.truncate(self.text.rfind('\n').map_or(0, |at| at + 1));
    }
}
