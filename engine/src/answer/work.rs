//! What reading an answer costs, counted in bytes that are looked at, so that tests can hold it against its length.

/// Notes that so many bytes were looked at. Costs nothing outside of tests.
#[cfg(not(test))]
pub(super) fn looked_at(_bytes: usize) {}

#[cfg(test)]
pub(super) use counted::{looked_at, of};

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    pub fn looked_at(bytes: usize) {
        LOOKED_AT.with(|count| count.set(count.get() + bytes));
    }

    /// The bytes that are looked at meanwhile.
    pub fn of<T>(reading: impl FnOnce() -> T) -> usize {
        LOOKED_AT.with(|count| count.set(0));
        reading();
        LOOKED_AT.with(Cell::get)
    }
}
