//! Decisions, one file each. A policy reads and returns; only the engine changes state.

pub mod limits;
pub mod outcome;
pub mod stopping;
