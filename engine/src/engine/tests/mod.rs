//! The engine against a host that is played by hand or by chance.

mod adding;
mod chance;
mod closing;
mod doubt;
mod faults;
mod kept;
mod ladder;
mod limits;
mod order;
mod puppet;
mod restarts;
mod retries;
mod stopping;
mod tiers;
mod waits;
