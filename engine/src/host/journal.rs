//! Why a host could not keep a journal.

use std::fmt;

/// Why lines were not added to a journal. The text is one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// There is no room: the medium or a quota is full.
    Full(String),
    /// The host may not write there.
    Denied(String),
    /// Anything else, also that the host keeps no journal.
    Failed(String),
}

impl JournalError {
    /// `E_JOURNAL_…`, the same in all versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "E_JOURNAL_FULL",
            Self::Denied(_) => "E_JOURNAL_DENIED",
            Self::Failed(_) => "E_JOURNAL_FAILED",
        }
    }

    /// Asked of a host that said that it keeps none.
    pub fn not_kept() -> Self {
        Self::Failed("this host keeps no journal".to_owned())
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Full(why) | Self::Denied(why) | Self::Failed(why)) = self;
        write!(f, "{}: {why}", self.code())
    }
}
