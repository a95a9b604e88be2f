//! What any bytes from outside must not break.
//!
//! Each target is a function `check` that takes bytes, makes an input of them, and panics if an invariant is broken. cargo-fuzz calls
//! it with what libFuzzer makes up; `tests/corpus.rs` calls it with the files of `corpus/`, on any stable Rust.
//!
//! ```text
//! request       a function's name and its arguments       -> the JSON door
//! extract_json  what a session answered                   -> the output of a task
//! schema        a schema and a value                      -> what does not fit
//! wrap          a task's input                            -> the prompt that frames it
//! render        words of others                           -> what people are shown
//! host_reply    whatever a host could say, lies included  -> a call that ends
//! event_seq     requests and gateways that make sense     -> every invariant, and a report that fits what happened
//! journal       a record, whole or damaged                -> the same call again, or a refusal
//! ```

mod calls;
pub mod event_seq;
pub mod extract_json;
pub mod extract_reading;
mod gateway;
pub mod host_reply;
pub mod journal;
mod manners;
pub mod render;
mod replies;
pub mod request;
pub mod schema;
pub mod wrap;
