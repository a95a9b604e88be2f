//! What a whole measurement gives, as it is written into a file.

use serde::{Deserialize, Serialize};

use crate::hot::Hot;
use crate::machine::Machine;
use crate::measure::Measured;
use crate::median;
use crate::start::Start;
use crate::variant::Variant;
use crate::virtual_time::VirtualRuns;

/// Everything that was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measures {
    /// Where it was measured.
    pub machine: Machine,
    /// How often each cell was run.
    pub rounds: usize,
    /// Cell by cell, as in the grid.
    pub cells: Vec<CellMeasures>,
    /// From the component's bytes to an instance.
    pub start: Start,
    /// Runs on the simulated gateway, which never sleep.
    pub virtual_time: VirtualRuns,
    /// The hot functions, if they were measured.
    pub hot: Vec<Hot>,
}

/// A cell of the grid with the measures of all its rounds.
#[derive(Debug, Serialize, Deserialize)]
pub struct CellMeasures {
    /// As in `grid.json`.
    pub id: String,
    /// Pretended sessions of one run.
    pub tasks: usize,
    /// Sessions that may run at once.
    pub slots: usize,
    /// Its ideal makespan, in seconds.
    pub ideal_s: f64,
    /// By variant, with every round.
    pub variants: Vec<(Variant, Vec<Measured>)>,
}

impl CellMeasures {
    /// The median of a measure.
    pub fn median(&self, variant: Variant, measure: impl Fn(&Measured) -> f64) -> f64 {
        let rounds = self.variants.iter().find(|(own, _)| *own == variant);
        median(rounds.into_iter().flat_map(|(_, rounds)| rounds.iter().map(&measure)))
    }
}
