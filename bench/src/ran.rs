//! What a run came back with, and whether all of it is there.

use anyhow::{Context as _, Result, ensure};
use parallel_agents_bench_native::Extent;
use serde::Deserialize;
use serde_json::Value;

use crate::answer;

/// What a run came back with.
#[derive(Debug)]
pub struct Ran {
    /// The report as the caller gets it, a JSON document.
    pub report: String,
    /// The lines that the host was given to keep.
    pub journal: String,
    /// How often it was told that a task has gone on.
    pub progress: usize,
    /// Bytes of memory that the component had in the end, as it gives none back; 0 where there is no component.
    pub guest_bytes: usize,
}

/// What counts of a report.
#[derive(Deserialize)]
struct Report {
    results: Vec<Row>,
}

/// What counts of a task's result.
#[derive(Deserialize)]
struct Row {
    status: String,
    output: Option<Value>,
}

impl Ran {
    /// Fails if an answer of so many tasks is not right, or the host was not told all that belongs to this extent.
    pub fn check(&self, tasks: usize, extent: Extent) -> Result<()> {
        let report: Report = serde_json::from_str(&self.report).context("the report cannot be read")?;
        let completed = report.results.iter().filter(|result| result.status == "completed");
        let right = completed.filter_map(|result| answer::number(result.output.as_ref()?)).count();
        ensure!(right == tasks, "{right} of {tasks} answers are right");
        if extent == Extent::Full {
            ensure!(self.journal.lines().count() > tasks, "the journal is short");
            ensure!(self.progress >= 2 * tasks, "progress is missing");
        }
        Ok(())
    }
}
