//! The host's own account of a call, independent of the component's word.
//!
//! It observes every command, every event, and what the host knows to be true of its sessions. [`Checker::violations`] then
//! says which invariants were violated; nothing in here changes what happens. A simulation stops its call at the first one.
//! Whatever breaks the letter of an invariant and does not count is counted in `excuse`, where each rule for that stands; all
//! time is what the call can know of it (`known_time`).
//!
//! | invariant | where it is held |
//! |-----------|------------------|
//! | I1 places, I8 one session for a task | `entries`, `tries`: at each spawn call |
//! | I2 sessions in all, I5 budget | `spending`: at each spawn call |
//! | I3 dependencies, I6 retries, second chances, hedges | `tries`: at each spawn call |
//! | I4 nothing after a stop | `order`: at each spawn call |
//! | I7 pauses | `cooldowns`: at the spawn call after host or provider asked to wait |
//! | I9 states, I14 progress | `account`: at each progress report |
//! | I10 order of requests | `entering`, `order`: at each request |
//! | I11 time, E8 the end comes | `timing`: at each wait and at the end; own time against odd clocks: `engine/src/engine/tests/faults.rs` |
//! | I12 no storms | `timing`: at each wait, list and read |
//! | I13 sizes | `reply`; memory and fuel: `component/limits.rs`, `tests/it/failures.rs` |
//! | I15 circuits | `circuits`: at each spawn call, up to the first break; the rest: `engine/src/schedule/breaker.rs` |
//! | I16 input is framed, arguments are the request's | `prompts`: at each spawn call |
//! | I17 nothing that was said is an argument | `prompts`: at each request |
//! | I18 secrets stay where they belong | `prompts`, `reply` |
//! | I19 tiers | `tiers`: at each spawn call; `reply` |
//! | E1 results, E4 status, E11 usage | `reply`, `explore/check.rs` |
//! | E2 no orphans, E3 every end once | `order`, `leftovers` |
//! | E10 a bad request asks for nothing | `reply`; every kind of it: `tests/bad_input.rs` |
//! | H1 events, H2 answers | `entering`, `order`: what the host owes |
//! | E5 equal bytes | `explore`: each seed twice |
//! | E6 replay | `host-sim/tests/it/crash.rs`, `tests/journals/` |
//! | E7 resume | `finished`, `resume`; results: `explore/perturbing/crash.rs` |
//! | E9 stopping twice, at any time | `engine/src/engine/tests/faults.rs`, `explore` |
//! | E12 refinement | `tests/refinement.rs` |
//! | E13 marks in results tell the truth | `engine/src/answer/`, `engine/src/engine/tests/faults.rs` |
//! | E14 one call does not touch another | `tests/it/failures.rs`: a fresh instance for each call |
//! | E15 replies of a size | `engine/src/report/digest.rs` |

mod account;
mod allowance;
mod circuits;
mod cooldowns;
mod entering;
mod entries;
mod excuse;
mod finished;
mod invariant;
mod items;
mod known_time;
mod leftovers;
mod money;
mod observing;
mod order;
mod outcomes;
mod prompts;
mod reply;
mod request;
mod resume;
mod spending;
mod state;
mod summary;
#[cfg(test)]
mod tests;
mod tiers;
mod timing;
mod tries;
mod written;

pub use allowance::{Allowance, Price, TaskAllowance};
pub use excuse::{Excuse, Excuses};
pub use invariant::{Invariant, Violation};
pub use money::{Overspend, Spending};
pub use state::Checker;
pub use summary::CheckerSummary;
