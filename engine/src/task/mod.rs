//! The words that people meet: tasks, statuses, results. One type each, shared by every stage.

mod decision;
mod error;
mod result;
mod rules;
mod spec;

pub use decision::*;
pub use error::*;
pub use result::*;
pub use rules::*;
pub use spec::*;
