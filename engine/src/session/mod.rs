//! One sub-session, from the spawn call to its end.

mod ending;
mod machine;

pub use ending::{Ending, StopReason};
pub use machine::{Effect, Input, Machine, Step, Terms};
