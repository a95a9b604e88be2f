//! The words that people meet: tasks, statuses, results. One type each, shared by every stage.

mod result;
mod rules;
mod spec;

pub use result::*;
pub use rules::*;
pub use spec::*;
