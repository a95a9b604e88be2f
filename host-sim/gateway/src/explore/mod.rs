//! Random runs: requests and faults drawn from a seed, run, and held to the invariants.
//!
//! | module     | what it does                                                              |
//! |------------|---------------------------------------------------------------------------|
//! | `request`  | a random run of tasks: graph, caps, budgets, retries, waits, proofs        |
//! | `workflow` | a random workflow or team                                                  |
//! | `faults`   | a random subset of faults, each at a random rate                           |
//! | `calm`     | runs whose results do not depend on what comes first                       |
//! | `case`     | one run, and what is left of it when it is shrunk                          |
//! | `perturbations`    | what is done to a run: once more, cancelled, dropped or cut off            |
//! | `check`    | what a report has to be, whatever happened                                 |
//! | `answers`  | what a report says that agents said                                        |
//! | `shrink`   | the smallest case that still fails                                         |
//! | `regress`  | runs that once violated an invariant                                             |
//! | `tally`    | what all runs together did                                                 |
//!
//! A seed and the options name one run exactly; nothing here knows the time of day.

mod answers;
mod calm;
mod case;
mod check;
mod draws;
mod explorer;
mod faults;
mod finding;
mod perturbations;
mod perturbing;
pub mod regress;
mod request;
mod running;
mod shrink;
mod tally;
#[cfg(test)]
mod tests;
mod workflow;

use parallel_agents::documents::DocumentReply;

use crate::call::Called;
use crate::checker::Excuses;
use crate::script::Script;

pub use case::{Case, Cut};
pub use explorer::{Explorer, Options};
pub use finding::Finding;
pub use perturbations::{Perturbation, Perturbations, Places};
pub use tally::{Counters, Excused, FailedRun, Tally};

/// Everything that is wrong with a call of a case.
pub fn findings(case: &Case, called: &Called<DocumentReply>) -> Vec<Finding> {
    check::check(case, called, &mut Excuses::default())
}

/// A gateway with drawn faults, and agents with drawn answers.
pub fn gateway(seed: u64) -> Script {
    faults::script(&mut draws::Draws::new(seed), false)
}
