//! The client of a gateway's door, through which programs on other machines have sessions there; `docs/door.md` describes it.
//!
//! It asks once and never again by itself: whoever uses it decides what an error means. Only [`watch`] goes on, since a wait for news
//! changes nothing. `http` and [`Token`] also serve the client of model servers.

mod client;
mod error;
pub mod http;
#[cfg(test)]
mod tests;
mod token;
mod watching;
mod wire;

pub use client::Door;
pub use error::DoorError;
pub use token::{Token, Unsendable};
pub use watching::{Awaiting, WAIT_SECONDS, watch};
pub use wire::{Facts, Listed, Versions, Waited};
