//! The journal of a call, as the host keeps it: whole, torn by a crash, or on a full disk.

use super::World;
use super::crash::Fate;
use crate::outside::JournalSink;
use crate::script::Fault;

impl World {
    /// Adds to the call's journal.
    ///
    /// # Errors
    /// This host keeps none.
    pub fn append(&mut self, lines: &str) -> Result<(), String> {
        if !self.options.keeps_journal {
            return Err("this host keeps no journal".to_owned());
        }
        match self.calls.next() {
            Fate::Done if self.is_trapped => {}
            Fate::Done => {
                let (nth, per_mille) = (self.calls.made as u32, self.script.faults().journal_full);
                if self.strikes(Fault::JournalFull, "journal", nth, per_mille) {
                    self.journal.push_str(lines.get(..lines.len() / 2).unwrap_or_default());
                    return Err("no space left on device".to_owned());
                }
                if let Some(sink) = &mut self.journal_sink {
                    sink(lines)?;
                }
                self.journal.push_str(lines);
            }
            // Somewhere in the middle; where the half falls depends on what is written.
            Fate::Torn => self.journal.push_str(lines.get(..lines.len() / 2).unwrap_or_default()),
            Fate::Lost => {}
        }
        Ok(())
    }

    /// Keeps the call's journal, and hands each part on before it counts as written.
    pub fn keep_journal(&mut self, sink: JournalSink) {
        self.options.keeps_journal = true;
        self.journal_sink = Some(sink);
    }

    /// The call's journal.
    pub fn journal(&self) -> &str {
        &self.journal
    }
}
