//! The thin layer between WIT and the engine; compiled for WebAssembly only.
//!
//! It converts and hands on. It must not decide, wait for anything but the next event, or keep anything between calls.

mod bindings;
mod convert;
mod exports;
mod host;
