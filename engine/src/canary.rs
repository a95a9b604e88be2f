//! Deliberate defects, with which the simulator's checks show that they would find real ones.
//!
//! Each has a name and one or two places that ask for it. They exist only in builds with the feature `canary-bugs`, which
//! the component refuses; everywhere else all of this is compiled away.

#[cfg(all(feature = "canary-bugs", target_family = "wasm"))]
compile_error!("a component has no deliberate defects: build it without the feature `canary-bugs`");

#[cfg(not(feature = "canary-bugs"))]
pub use off::{is, unordered};
#[cfg(feature = "canary-bugs")]
pub use on::{is, select, unordered};

#[cfg(not(feature = "canary-bugs"))]
mod off {
    /// Whether this defect is wanted: never.
    pub const fn is(_name: &str) -> bool {
        false
    }

    /// The items in their order.
    pub fn unordered<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items
    }
}

#[cfg(feature = "canary-bugs")]
mod on {
    use std::cell::Cell;
    use std::hash::{BuildHasher, RandomState};

    thread_local! {
        static SELECTED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Has this thread behave with one of the defects from now on, or with none.
    pub fn select(name: Option<&'static str>) {
        SELECTED.set(name);
    }

    /// Whether this defect is wanted in this thread.
    pub fn is(name: &str) -> bool {
        SELECTED.get() == Some(name)
    }

    /// The items as a map without an order would give them, if that is wanted.
    pub fn unordered<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let mut items: Vec<T> = items.collect();
        if is("unordered-map") {
            let state = RandomState::new();
            let mut place = 0_u32;
            items.sort_by_cached_key(|_| {
                place += 1;
                state.hash_one(place)
            });
        }
        items.into_iter()
    }
}
