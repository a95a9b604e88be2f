//! What was measured, for people: tables in Markdown, which a terminal shows as well.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::grid::{BASE, GROWING};
use crate::measures::{CellMeasures, Measures};
use crate::start::Phases;
use crate::variant::Variant;

const INTRODUCTION: &str = include_str!("../performance.md");

/// The cells whose figures the goals name: all tasks at once, and a long run.
const AT_ONCE: &str = "n1000c1000";
const LARGE: &str = "n10000c1000";

/// Fewer tasks than these say little of what one costs beside the same in another way.
const FEW: usize = 1_000;

/// Each for the component bare, and with everything: its processor time over the engine's without WebAssembly, processor time of a
/// task in microseconds, and the makespan in percent over the plain loop's in the two cells.
const OVER_NATIVE_GOALS: [f64; 2] = [1.8, 1.5];
const CPU_GOALS: [f64; 2] = [9.0, 25.0];
const MAKESPAN_GOALS: [(&str, [f64; 2]); 2] = [(AT_ONCE, [5.0, 15.0]), (LARGE, [35.0, 100.0])];

/// Processor time of a task in the largest of the cells that grow over that in the smallest.
const GROWTH_GOAL: f64 = 1.3;

/// KiB of the component's memory for a task, without the request and the report.
const MEMORY_GOAL: f64 = 2.0;

/// Runs in a second.
const VIRTUAL_GOAL: f64 = 1_500.0;

/// The component's size in KB, loading its machine code in milliseconds, and making an instance in wasmtime and in Node.
const SIZE_GOAL: f64 = 900.0;
const LOAD_GOAL: f64 = 2.0;
const INSTANCE_GOALS: [f64; 2] = [0.3, 1.0];

/// Those that tables show beside each other.
const SHOWN: [Variant; 3] = [Variant::Plain, Variant::Bare, Variant::Full];

/// The component, and the native engine that does the same.
const BESIDE_NATIVE: [(Variant, Variant); 2] =
    [(Variant::Bare, Variant::NativeBare), (Variant::Full, Variant::NativeFull)];

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
        let [plain, bare, full] = SHOWN.map(over);
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
    let mut table = table(&[
        "cell",
        "µs a task: plain",
        "bare",
        "full",
        "over native: bare",
        "full",
        "peak MiB: plain",
        "bare",
        "full",
    ]);
    for cell in &measures.cells {
        let cpu = SHOWN.map(|variant| format!("{:.1}", cpu_micros(measures, cell, variant)));
        let over = BESIDE_NATIVE.map(|pair| match cell.tasks {
            FEW.. => format!("{:.2}", over_native(measures, cell, pair)),
            _ => String::new(),
        });
        let memory = SHOWN.map(|variant| format!("{:.1}", peak(cell, variant) / f64::from(1 << 20)));
        let times = cpu.into_iter().chain(over).map(|cpu| if cell.id == BASE { String::new() } else { cpu });
        table.add_row([cell.id.clone()].into_iter().chain(times).chain(memory).collect::<Vec<_>>());
    }
    table
}

/// A goal beside what was reached; less is better.
struct Goal {
    name: String,
    most: f64,
    reached: f64,
    unit: &'static str,
}

impl Goal {
    fn new(name: impl Into<String>, most: f64, reached: f64, unit: &'static str) -> Self {
        Self { name: name.into(), most, reached, unit }
    }

    fn row(&self) -> [String; 4] {
        let with_unit = |number: String| format!("{number} {}", self.unit).trim_end().to_owned();
        let digits = if self.most < 5.0 { 2 } else { 1 };
        let verdict = if self.reached <= self.most { "yes" } else { "no" };
        let reached = format!("{:.digits$}", self.reached);
        [self.name.clone(), with_unit(self.most.to_string()), with_unit(reached), verdict.to_owned()]
    }
}

fn goals(measures: &Measures) -> Table {
    let mut table = table(&["goal", "at most", "reached", ""]);
    for goal in of_tasks(measures).into_iter().chain(of_start(measures)) {
        table.add_row(goal.row());
    }
    let runs = measures.virtual_time.per_second;
    let verdict = if runs >= VIRTUAL_GOAL { "yes" } else { "no" };
    let name = "runs of 20 tasks with faults in a second of virtual time";
    table.add_row([name, &format!("at least {VIRTUAL_GOAL}"), &format!("{runs:.0}"), verdict]);
    table
}

/// The goals of processor time, makespan and memory.
fn of_tasks(measures: &Measures) -> Vec<Goal> {
    let named = |id: &str| measures.cells.iter().find(|cell| cell.id == id);
    let mut goals = Vec::new();
    if let Some(cell) = named(LARGE) {
        for (pair, most) in BESIDE_NATIVE.into_iter().zip(OVER_NATIVE_GOALS) {
            let name = format!("processor time a task over that of the native engine, {}, {LARGE}", pair.0.name());
            goals.push(Goal::new(name, most, over_native(measures, cell, pair), ""));
        }
        for ((variant, _), most) in BESIDE_NATIVE.into_iter().zip(CPU_GOALS) {
            let name = format!("processor time a task, {}, {LARGE}", variant.name());
            goals.push(Goal::new(name, most, cpu_micros(measures, cell, variant), "µs"));
        }
    }
    for (id, wanted) in MAKESPAN_GOALS {
        let Some(cell) = named(id) else { continue };
        for ((variant, _), most) in BESIDE_NATIVE.into_iter().zip(wanted) {
            let over = percent_over(makespan(cell, variant), makespan(cell, Variant::Plain));
            goals.push(Goal::new(format!("makespan over the plain loop, {}, {id}", variant.name()), most, over, "%"));
        }
    }
    if let [Some(first), .., Some(last)] = GROWING.map(named) {
        let growth = cpu_micros(measures, last, Variant::Bare) / cpu_micros(measures, first, Variant::Bare);
        let name = format!("processor time a task at {} tasks over that at {}, bare", last.tasks, first.tasks);
        goals.push(Goal::new(name, GROWTH_GOAL, growth, ""));
    }
    if let (Some(base), Some(cell)) = (named(BASE), named(LARGE)) {
        let own = |cell: &CellMeasures| {
            cell.median(Variant::Bare, |measured| measured.guest_bytes as f64 - measured.text_bytes as f64)
        };
        let kib = (own(cell) - own(base)) / cell.tasks as f64 / 1_024.0;
        let name = format!("memory of the component a task without request and report, bare, {LARGE}");
        goals.push(Goal::new(name, MEMORY_GOAL, kib, "KiB"));
    }
    goals
}

/// The goals of size and start.
fn of_start(measures: &Measures) -> Vec<Goal> {
    let start = &measures.start;
    let mut goals = vec![
        Goal::new("size of the component", SIZE_GOAL, start.component_bytes as f64 / 1_000.0, "KB"),
        Goal::new("loading precompiled, wasmtime", LOAD_GOAL, start.wasmtime.load_ms.unwrap_or_default(), "ms"),
    ];
    let hosts = [("wasmtime", Some(start.wasmtime)), ("Node", start.node)];
    for ((host, phases), most) in hosts.into_iter().zip(INSTANCE_GOALS) {
        goals.extend(phases.map(|phases| Goal::new(format!("an instance, {host}"), most, phases.instantiate_ms, "ms")));
    }
    goals
}

/// Processor time of a task in the component over that in the native engine.
fn over_native(measures: &Measures, cell: &CellMeasures, (wasm, native): (Variant, Variant)) -> f64 {
    cpu_micros(measures, cell, wasm) / cpu_micros(measures, cell, native)
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
