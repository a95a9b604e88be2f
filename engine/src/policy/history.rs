//! How much of a transcript is read in search of the answer.

/// Messages asked for in one page of history.
pub const HISTORY_PAGE: u32 = 50;

/// Pages of one transcript that are read in search of the answer.
pub const MAX_HISTORY_PAGES: u32 = 20;
