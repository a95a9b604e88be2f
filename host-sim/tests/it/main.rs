//! All tests of the simulator that use it from outside.

mod bad_input;
mod bench;
mod component;
mod conformance;
mod cost_benchmark;
mod crash;
mod examples;
mod explore;
mod failures;
mod fault_table;
mod faults;
mod lifecycle;
mod limits;
mod requests;
mod requests_of;
mod runs;
mod scenarios;
mod wide;
mod workflows;
