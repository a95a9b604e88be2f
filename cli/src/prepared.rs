//! What answers the component, once it is set up.

use gateway_sim::clock::Clock;
use gateway_sim::host::JournalSink;
use gateway_sim::observed::AnyBackend;

use crate::args::BackendKind;
use crate::journal::Journal;
use crate::outcome::Failure;
use crate::ui::Ui;

/// What answers the component, and by which clock.
pub struct PreparedBackend {
    pub backend: AnyBackend,
    pub clock: Clock,
    pub seed: u64,
    pub kind: BackendKind,
    pub journal: Option<Journal>,
}

/// What writes the journal of a call, if it has one.
pub fn sink(ui: &Ui, journal: Option<&Journal>) -> Result<Option<JournalSink>, Failure> {
    let unusable = |journal: &Journal, error: std::io::Error| {
        Failure::file(journal.path(), anyhow::Error::from(error).context("cannot write the journal"))
    };
    journal.map(|journal| journal.sink(ui).map_err(|error| unusable(journal, error))).transpose()
}
