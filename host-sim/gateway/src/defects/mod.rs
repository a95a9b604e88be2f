//! Seeded defects: what an engine with a mistake in it would do, played by changing what passes between the engine and its
//! host. Random runs have to find each of them, so that the checker is known to see such mistakes.
//!
//! Nothing here is in the engine: it is the same code as ever, with somebody in between.
//!
//! | module     | what is changed                                                  |
//! |------------|------------------------------------------------------------------|
//! | `requests` | what is asked for: the engine reads other rules than the checker |
//! | `commands` | what the engine asks of its host                                 |
//! | `events`   | what the engine is told                                          |
//! | `waits`    | until when it waits                                              |
//! | `replies`  | what the call comes back with                                    |
//! | `journals` | what a call that goes on finds written down                      |
//! | `wire`     | what has passed so far, for those that need to know              |
//! | `host`     | the host with somebody in between                                |
//! | `engine`   | the engine with a defect                                         |
//! | `hunt`     | how many random runs it takes to find one                        |

mod commands;
mod defect;
mod engine;
mod events;
mod host;
mod hunt;
mod journals;
mod replies;
mod requests;
#[cfg(test)]
mod tests;
mod waits;
mod wire;

pub use defect::Defect;
pub use engine::Defective;
pub use hunt::{Hunted, MOST_SEEDS, hunt};

/// All of them, by what they change.
pub const ALL: [&[Defect]; 6] =
    [requests::DEFECTS, commands::DEFECTS, events::DEFECTS, waits::DEFECTS, replies::DEFECTS, journals::DEFECTS];

/// All of them, one after the other.
pub fn all() -> impl Iterator<Item = &'static Defect> {
    ALL.into_iter().flatten()
}
