//! Runs the body of this name in src/ on what libFuzzer makes up.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| parallel_agents_fuzz::render::check(data));
