//! A JSON Schema subset: the keywords that agents' answers and requests need, and no others.
//!
//! No `pattern`: a schema may come from a caller, and checking a value must cost no more than a fixed number of times
//! reading it. References are inlined before (`inlined`), and what is inlined is bounded.
//! `x-code` names the error code for whatever is wrong at that place; it is meant for this crate's own request schemas and
//! refused in those of callers.

mod checking;
mod faults;
mod inline;
mod integers;
mod keywords;
mod place;
mod rules;
mod words;

pub use checking::check;
pub use faults::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, SchemaFault, faults};
pub use inline::inlined;
pub use integers::with_integers;
pub use keywords::{KEYWORDS, Rule, Violation, published};
pub use place::join;
pub(crate) use rules::canonical;

#[cfg(test)]
mod tests;
