//! Runs many specialised sub-sessions of an agent gateway in parallel and returns checked results: the component.
//!
//! `boundary` translates WIT, `documents` reads and writes the JSON of the entry points. The decisions are those of the
//! engine's crate; what a goal, a draft or a team becomes is the workflows' crate. ARCHITECTURE.md has the map.

pub mod catalogue;
pub mod documents;

#[cfg(target_family = "wasm")]
mod boundary;
