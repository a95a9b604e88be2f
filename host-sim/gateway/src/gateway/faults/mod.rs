//! What goes wrong, as rules at five hook points: a rule looks at what is about to happen and gives its verdict, or has none.
//! The gateway asks at the hook, does what the verdict says, and counts the fault.
//!
//! | hook       | asked                                                        | verdict                              |
//! |------------|--------------------------------------------------------------|--------------------------------------|
//! | `spawn`    | at each spawn request, and before its answer                 | a refusal, or another answer         |
//! | `session`  | when a session comes into being                              | a plan of what will happen to it     |
//! | `delivery` | at the end of a session                                      | what is told of it, and when         |
//! | `read`     | at each page of a list or a transcript                       | the page as it is handed out         |
//! | `cleanup`  | at each cancel and delete request, and each read             | a refusal                            |
//!
//! Names, counters and chances of all faults are one table: `script/fault.rs`.

pub(super) mod cleanup;
pub(super) mod delivery;
mod draw;
pub(super) mod plan;
pub(super) mod read;
pub(super) mod session;
pub(super) mod spawn;

pub(super) use draw::Draw;
