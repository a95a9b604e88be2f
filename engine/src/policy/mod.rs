//! Decisions, one file each. A policy reads and returns; only the engine changes state.

pub mod approval;
pub mod caps;
pub mod chance;
pub mod clock_jump;
pub mod followup;
pub mod hedge;
pub mod history;
pub mod host_calls;
pub mod ladder;
pub mod model_check;
pub mod outcome;
pub mod price;
pub mod proof;
pub mod retry;
pub mod wait;
