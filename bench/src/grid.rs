//! The workload: which cells there are, and how fast each could be at best.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;

const GRID: &str = include_str!("../grid.json");

/// The cell that shows what a process costs that does next to nothing.
pub const BASE: &str = "base1";

/// Cells of one kind that differ in their number of tasks only, from the smallest to the largest.
pub const GROWING: [&str; 2] = ["long1000", "long10000"];

/// A number of pretended sessions.
#[derive(Clone, Debug, Deserialize)]
pub struct Cell {
    /// Unique in the grid; reports name the cell by it.
    pub id: String,
    /// How many there are.
    pub tasks: usize,
    /// How many may run at once.
    pub slots: usize,
    latency_ms: Latency,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Latency {
    All(f64),
    Each(Vec<f64>),
}

impl Cell {
    /// How long a session takes, by its place.
    pub fn latency(&self, place: usize) -> Duration {
        let millis = match &self.latency_ms {
            Latency::All(millis) => *millis,
            Latency::Each(list) => list.get(place).copied().unwrap_or_default(),
        };
        Duration::from_secs_f64(millis / 1_000.0)
    }

    /// The makespan without any overhead: each task in turn takes the slot that is free first.
    pub fn ideal(&self) -> Duration {
        let mut free: BinaryHeap<Reverse<Duration>> = (0..self.slots).map(|_| Reverse(Duration::ZERO)).collect();
        let mut longest = Duration::ZERO;
        for place in 0..self.tasks {
            let Some(Reverse(at)) = free.pop() else { break };
            let end = at + self.latency(place);
            longest = longest.max(end);
            free.push(Reverse(end));
        }
        longest
    }
}

/// All cells, in order.
pub fn cells() -> Result<Vec<Cell>> {
    #[derive(Deserialize)]
    struct Grid {
        cells: Vec<Cell>,
    }
    Ok(serde_json::from_str::<Grid>(GRID).context("grid.json")?.cells)
}

/// The cell of a name.
pub fn cell(id: &str) -> Result<Cell> {
    cells()?.into_iter().find(|cell| cell.id == id).with_context(|| format!("grid.json has no cell {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the description of the workload, computed elsewhere.
    const KNOWN: [(&str, f64); 7] = [
        ("base1", 0.1),
        ("n20c5", 0.4),
        ("n50c50", 0.1),
        ("n1000c50", 0.4),
        ("n1000c1000", 0.1),
        ("n10000c1000", 1.0),
        ("skew200c20", 2.147847),
    ];

    #[test]
    fn the_ideal_is_that_of_list_scheduling() {
        for (id, seconds) in KNOWN {
            let ideal = cell(id).unwrap().ideal().as_secs_f64();
            assert!((ideal - seconds).abs() < 1e-6, "{id}: {ideal}");
        }
    }

    #[test]
    fn all_cells_are_complete() {
        for cell in cells().unwrap() {
            assert!((0..cell.tasks).all(|place| !cell.latency(place).is_zero()), "{}", cell.id);
        }
        assert!(GROWING.iter().chain([&BASE]).all(|id| cell(id).is_ok()));
    }
}
