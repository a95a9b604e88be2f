//! Which task starts next, and whether there is room for it.

mod ready;
mod slots;

pub use ready::Ready;
pub use slots::Slots;
