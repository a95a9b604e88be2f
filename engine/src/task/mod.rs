//! The words that people meet: tasks, statuses, results. One type each, shared by every stage.

mod error;
mod result;
mod rules;
mod spec;

pub use error::*;
pub use result::*;
pub use rules::*;
pub use spec::*;
