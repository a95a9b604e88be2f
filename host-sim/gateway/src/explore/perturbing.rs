//! What is done to a run beside letting it run: one file each.

mod again;
mod cancel;
mod crash;
mod trap;

use super::explorer::Explorer;
use super::perturbations::{Perturbation, Plain};
use super::tally::Tally;

/// Does it to a run, or to fresh copies of it, and enters what came of it.
pub(super) async fn carry_out(perturbation: Perturbation, explorer: &Explorer<'_>, plain: &Plain, tally: &mut Tally) {
    match perturbation {
        Perturbation::Again => again::compare(explorer, plain, tally).await,
        Perturbation::Cancel(places) => cancel::at_places(explorer, plain, places, tally).await,
        Perturbation::Trap(places) => trap::at_places(explorer, plain, places, tally).await,
        Perturbation::Crash(places) => crash::at_places(explorer, plain, places, tally).await,
    }
}
