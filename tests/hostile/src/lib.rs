//! A component of the same world that misbehaves as it is told. Only tests load it; `cargo xtask build` makes it.
//!
//! `run-tasks` takes the deed and a number: so many sessions are spawned and seen to run before the deed is done, so that a
//! host has something to clean up.

#![cfg(target_family = "wasm")]

mod deeds;
mod exports;

/// What wit-bindgen makes of `wit/`.
#[allow(unsafe_code, missing_docs, reason = "generated code")]
#[allow(clippy::all, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "parallel-agents", generate_all });

    use super::exports::Hostile;
    export!(Hostile);
}
