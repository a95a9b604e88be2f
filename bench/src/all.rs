//! The whole measurement: all cells in turns, the start, runs in virtual time.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::complain;
use crate::grid::{self, Cell};
use crate::hot;
use crate::machine::{self, Machine};
use crate::measure;
use crate::measures::{CellMeasures, Measures};
use crate::page;
use crate::start::{self, Start};
use crate::variant::Variant;
use crate::virtual_time;

/// Rounds of a full measurement. In each, the variants of a cell take turns.
const ROUNDS: usize = 5;

/// What is measured, and where it goes.
#[derive(Args)]
pub struct Wanted {
    /// The component as it is handed out.
    #[arg(long)]
    component: PathBuf,
    /// Node, for the start there.
    #[arg(long, requires = "jco")]
    node: Option<PathBuf>,
    /// The script of jco.
    #[arg(long)]
    jco: Option<PathBuf>,
    /// Where criterion left its estimates of the hot functions.
    #[arg(long)]
    criterion: Option<PathBuf>,
    /// The revision of the sources.
    #[arg(long)]
    revision: Option<String>,
    /// One round in place of five, for a first look.
    #[arg(long)]
    quick: bool,
    /// Writes all measures here.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Writes the page here.
    #[arg(long)]
    page: Option<PathBuf>,
}

/// Measures all cells, prints the tables, and writes the files that are wanted.
pub fn run(wanted: &Wanted) -> Result<()> {
    let directory = wanted.component.parent().context("the component has no directory")?;
    let machine_code = directory.join("bench.cwasm");
    start::in_wasmtime(&wanted.component, &machine_code)?;
    let mut machine = Machine::this();
    if let Some(node) = &wanted.node {
        machine.versions.push(start::node_version(node)?);
    }
    machine.versions.extend(wanted.revision.iter().map(|revision| format!("the sources of {revision}")));
    let mut measures = Measures {
        machine,
        rounds: if wanted.quick { 1 } else { ROUNDS },
        cells: cells(wanted.quick, &machine_code)?,
        start: start(wanted, directory)?,
        virtual_time: virtual_time::measure(&wanted.component)?,
        hot: wanted.criterion.as_deref().map(hot::estimates).transpose()?.unwrap_or_default(),
    };
    measures.machine.load_after = machine::load();
    crate::print(&page::tables(&measures));
    if let Some(file) = &wanted.json {
        write(file, &(serde_json::to_string_pretty(&measures)? + "\n"))?;
    }
    if let Some(file) = &wanted.page {
        write(file, &page::page(&measures))?;
    }
    Ok(())
}

fn cells(quick: bool, machine_code: &Path) -> Result<Vec<CellMeasures>> {
    let rounds = if quick { 1 } else { ROUNDS };
    grid::cells()?.iter().map(|cell| measured(cell, rounds, machine_code)).collect()
}

fn measured(cell: &Cell, rounds: usize, machine_code: &Path) -> Result<CellMeasures> {
    complain(&format!("{}: {} tasks on {} slots", cell.id, cell.tasks, cell.slots));
    let mut variants = Variant::ALL.map(|variant| (variant, Vec::new())).to_vec();
    for _ in 0..rounds {
        for (variant, measures) in &mut variants {
            measures.push(measure::apart(cell, *variant, machine_code)?);
        }
    }
    let ideal_s = cell.ideal().as_secs_f64();
    Ok(CellMeasures { id: cell.id.clone(), tasks: cell.tasks, slots: cell.slots, ideal_s, variants })
}

fn start(wanted: &Wanted, directory: &Path) -> Result<Start> {
    complain("start");
    let mut start = start::in_wasmtime(&wanted.component, &directory.join("shipped.cwasm"))?;
    if let (Some(node), Some(jco)) = (&wanted.node, &wanted.jco) {
        start.node = Some(start::in_node(&wanted.component, node, jco, &directory.join("node"))?);
    }
    Ok(start)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
