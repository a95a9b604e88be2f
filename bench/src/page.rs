//! What was measured, for people: tables in Markdown, which a terminal shows as well.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::grid::{BASE, GROWING};
use crate::measures::{CellMeasures, Measures};
use crate::start::Phases;
use crate::variant::Variant;

const INTRODUCTION: &str = include_str!("../performance.md");

/// Makespan, in percent over the plain loop's, up to and above so many tasks.
const MAKESPAN_GOALS: (usize, [f64; 2]) = (1_000, [1.0, 10.0]);

/// Microseconds of processor time for a task: bare, and with everything.
const CPU_GOALS: [f64; 2] = [8.0, 40.0];

/// KiB of memory for a task.
const MEMORY_GOAL: f64 = 4.0;

/// Runs in a second.
const VIRTUAL_GOAL: f64 = 5_000.0;

/// The component's size in KB, loading its machine code and making an instance in milliseconds.
const START_GOALS: [f64; 3] = [500.0, 2.0, 0.3];

/// The generated page.
pub fn page(measures: &Measures) -> String {
    INTRODUCTION.replace("{measured}", tables(measures).trim_end())
}

/// The tables of the page, in Markdown, with what they were measured on.
pub fn tables(measures: &Measures) -> String {
    let machine = &measures.machine;
    let rounds = measures.rounds;
    let mut text = format!(
        "Measured on {}, on {} cores of {}, {} GiB of memory, {}, with {}. The load was {:.1} when it began and {:.1} when \
         it ended. Every number is the median of {rounds} run{}; the variants of a cell took turns, each in a process of its \
         own.\n\n## Makespan\n\n{}\n\n## Processor and memory\n\n{}\n\n",
        machine.day,
        machine.cores,
        machine.processor,
        machine.memory_gib,
        machine.system,
        machine.versions.join(", "),
        machine.load_before,
        machine.load_after,
        if rounds == 1 { "" } else { "s" },
        makespans(measures),
        costs(measures),
    );
    let _ = write!(text, "## Goals\n\n{}\n\n## Start\n\n{}\n", goals(measures), starts(measures));
    if !measures.hot.is_empty() {
        let _ = write!(text, "\n## Hot functions\n\n{}\n", hot(measures));
    }
    text
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn makespans(measures: &Measures) -> Table {
    let mut table =
        table(&["cell", "tasks", "slots", "ideal s", "plain", "bare", "full", "bare to plain", "full to plain"]);
    for cell in &measures.cells {
        let over = |variant| makespan(cell, variant) / cell.ideal_s;
        let [plain, bare, full] = Variant::ALL.map(over);
        table.add_row([
            cell.id.clone(),
            cell.tasks.to_string(),
            cell.slots.to_string(),
            format!("{:.3}", cell.ideal_s),
            format!("{plain:.3}"),
            format!("{bare:.3}"),
            format!("{full:.3}"),
            format!("{:+.1} %", percent_over(bare, plain)),
            format!("{:+.1} %", percent_over(full, plain)),
        ]);
    }
    table
}

fn costs(measures: &Measures) -> Table {
    let mut table = table(&["cell", "µs a task: plain", "bare", "full", "peak MiB: plain", "bare", "full"]);
    for cell in &measures.cells {
        let cpu = Variant::ALL.map(|variant| format!("{:.1}", cpu_micros(measures, cell, variant)));
        let memory = Variant::ALL.map(|variant| format!("{:.1}", peak(cell, variant) / f64::from(1 << 20)));
        let row =
            [cell.id.clone()].into_iter().chain(if cell.id == BASE { Default::default() } else { cpu }).chain(memory);
        table.add_row(row.collect::<Vec<_>>());
    }
    table
}

fn goals(measures: &Measures) -> Table {
    let mut table = table(&["goal", "wanted", "reached", ""]);
    let mut row = |goal: &str, wanted: String, reached: f64, unit: &str, good: bool| {
        table.add_row([goal, &wanted, &format!("{reached:.1} {unit}"), if good { "yes" } else { "no" }]);
    };
    let (edge, [small, large]) = MAKESPAN_GOALS;
    for variant in [Variant::Bare, Variant::Full] {
        let worst = |few: bool| {
            let cells = measures.cells.iter().filter(|cell| !GROWING.contains(&cell.id.as_str()));
            let over = |cell| percent_over(makespan(cell, variant), makespan(cell, Variant::Plain));
            cells.filter(|cell| (cell.tasks <= edge) == few).map(over).fold(f64::MIN, f64::max)
        };
        for (few, tasks, wanted) in [(true, "up to 1,000 tasks", small), (false, "10,000 tasks", large)] {
            let goal = format!("makespan over the plain loop, {}, {tasks}", variant.name());
            row(&goal, format!("{wanted} %"), worst(few), "%", worst(few) <= wanted);
        }
    }
    for (variant, wanted) in [Variant::Bare, Variant::Full].into_iter().zip(CPU_GOALS) {
        let cells = measures.cells.iter().filter(|cell| cell.tasks >= edge);
        let most = cells.map(|cell| cpu_micros(measures, cell, variant)).fold(f64::MIN, f64::max);
        let goal = format!("processor time a task, {}, most of all cells from 1,000 tasks on", variant.name());
        row(&goal, format!("{wanted} µs"), most, "µs", most <= wanted);
    }
    let grown: Vec<&CellMeasures> = measures.cells.iter().filter(|cell| GROWING.contains(&cell.id.as_str())).collect();
    if let (Some(first), Some(last)) = (grown.first(), grown.last()) {
        let growth = cpu_micros(measures, last, Variant::Bare) / cpu_micros(measures, first, Variant::Bare);
        let goal = format!("processor time a task at {} tasks over that at {}", last.tasks, first.tasks);
        row(&goal, "1 (linear)".to_owned(), growth, "", growth <= 1.25);
        let base = measures.cells.iter().find(|cell| cell.id == BASE).map_or(0.0, |base| peak(base, Variant::Bare));
        let kib = (peak(last, Variant::Bare) - base) / last.tasks as f64 / 1_024.0;
        row(
            &format!("memory a task at {} tasks, host and component", last.tasks),
            format!("{MEMORY_GOAL} KiB"),
            kib,
            "KiB",
            kib <= MEMORY_GOAL,
        );
    }
    let runs = measures.virtual_time.per_second;
    row(
        "runs of 20 tasks with faults in a second of virtual time",
        format!("{VIRTUAL_GOAL}"),
        runs,
        "",
        runs >= VIRTUAL_GOAL,
    );
    let [size, load, instance] = START_GOALS;
    let start = &measures.start;
    let kb = start.component_bytes as f64 / 1_000.0;
    row("size of the component", format!("{size} KB"), kb, "KB", kb <= size);
    let loaded = start.wasmtime.load_ms.unwrap_or_default();
    row("loading precompiled, wasmtime", format!("{load} ms"), loaded, "ms", loaded <= load);
    for (host, phases) in [("wasmtime", Some(start.wasmtime)), ("Node", start.node)] {
        let Some(taken) = phases.map(|phases| phases.instantiate_ms) else { continue };
        row(&format!("an instance, {host}"), format!("{instance} ms"), taken, "ms", taken <= instance);
    }
    table
}

fn starts(measures: &Measures) -> Table {
    let mut table = table(&["", "compile ms", "load precompiled ms", "instantiate ms"]);
    let hosts = [("wasmtime", Some(measures.start.wasmtime)), ("Node", measures.start.node)];
    for (host, Phases { compile_ms, load_ms, instantiate_ms }) in hosts.into_iter().filter_map(|(h, p)| Some((h, p?))) {
        let load = load_ms.map_or_else(|| "–".to_owned(), |load| format!("{load:.2}"));
        table.add_row([host.to_owned(), format!("{compile_ms:.0}"), load, format!("{instantiate_ms:.3}")]);
    }
    table
}

fn hot(measures: &Measures) -> Table {
    let mut table = table(&["native, for one task", "µs"]);
    for function in &measures.hot {
        table.add_row([function.name.clone(), format!("{:.2}", function.micros)]);
    }
    table
}

fn makespan(cell: &CellMeasures, variant: Variant) -> f64 {
    cell.median(variant, |measured| measured.makespan_s)
}

fn peak(cell: &CellMeasures, variant: Variant) -> f64 {
    cell.median(variant, |measured| measured.peak_bytes as f64)
}

/// What a task costs beyond what a process costs that does next to nothing.
fn cpu_micros(measures: &Measures, cell: &CellMeasures, variant: Variant) -> f64 {
    let cpu = |cell: &CellMeasures| cell.median(variant, |measured| measured.cpu_s);
    let base = measures.cells.iter().find(|cell| cell.id == BASE).map_or(0.0, cpu);
    (cpu(cell) - base) / cell.tasks as f64 * 1e6
}

fn percent_over(value: f64, plain: f64) -> f64 {
    (value / plain - 1.0) * 100.0
}
