//! Which task starts next, and whether there is room for it: slots, money, models, circuits.

mod admission;
mod breaker;
mod budget;
mod ready;
mod slots;

pub use admission::Admission;
pub use breaker::{Breaker, Group, Verdict};
pub use budget::{Amount, Budget, Refusal};
pub use ready::Ready;
pub use slots::Slots;
