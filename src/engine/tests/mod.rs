//! The engine against a host that is played by hand or by chance.

mod chance;
mod faults;
mod order;
mod puppet;
