//! Random runs without end, and the page with their figures.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{component, defects, simulator, workspace};

/// The page, and the lines between which its figures stand.
const PAGE: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- end of figures -->\n";

/// Seeds that the tests use lie below.
const FIRST_SEED: u64 = 1_000_000;

/// One kind of exploration: its name, its options, and how many seeds make a block of some seconds.
const KINDS: [(&str, &[&str], u64); 6] = [
    ("twice each", &[], 1_000),
    ("cut off at some host calls", &["--once", "--crash", "sampled"], 200),
    ("cancelled at some events", &["--once", "--cancel", "sampled"], 400),
    ("cancelled at every event", &["--once", "--cancel", "every"], 40),
    ("dropped at every event", &["--once", "--trap", "every"], 40),
    ("cut off at every host call", &["--once", "--crash", "every"], 20),
];

/// The explorations of the page: name, options, seeds. The sizes are those of the tests.
const FIGURES: [(&str, &[&str], u64); 7] = [
    ("each seed twice, equal in every byte and in fuel", &[], 2_000),
    ("random requests against random faults", &["--once"], 20_000),
    ("cancelled at every event", &["--once", "--cancel", "every"], 240),
    ("dropped at every event", &["--once", "--trap", "every"], 240),
    ("cut off at every host call, and resumed", &["--once", "--crash", "every"], 300),
    ("cancelled at some events", &["--once", "--cancel", "sampled"], 3_000),
    ("cut off at some host calls, and resumed", &["--once", "--crash", "sampled"], 3_000),
];

/// The counters that have to be 0.
const ZEROS: [&str; 10] = [
    "violations",
    "lost",
    "duplicated",
    "unexpected",
    "orphans",
    "determinism_mismatches",
    "duplicate_spawns",
    "max_in_flight_over_cap",
    "max_spend_over_budget",
    "max_tokens_over_budget",
];

/// Explores new seeds until the time is over. One line for each block is appended to `file`.
///
/// # Errors
/// Something does not build, or the file cannot be written. A broken invariant is no error: it ends with exit code 1.
pub fn soak(minutes: u64, file: &Path) -> Result<ExitCode> {
    component::build()?;
    let program = simulator::build()?;
    let mut results = OpenOptions::new().create(true).append(true).open(file);
    let results = results.as_mut().map_err(|error| anyhow::anyhow!("cannot open {}: {error}", file.display()))?;
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let (mut seed, mut clean) = (first_seed(file)?, true);
    for (name, options, seeds) in KINDS.into_iter().cycle() {
        if Instant::now() >= end {
            break;
        }
        let (counters, kept) = explore(&program, seed..seed + seeds, options)?;
        clean &= kept;
        eprintln!("{} seeds from {seed}, {name}: {} violations", seeds, counters["violations"]);
        let line = json!({ "first_seed": seed, "what": name, "options": options, "counters": counters });
        writeln!(results, "{line}").with_context(|| format!("cannot write {}", file.display()))?;
        seed += seeds;
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where an earlier soak ended.
fn first_seed(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let after = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line["first_seed"].as_u64()? + line["counters"]["seeds"].as_u64()?)
    };
    Ok(text.lines().filter_map(after).max().unwrap_or(FIRST_SEED))
}

/// Runs what the tests run and writes the figures into the page.
///
/// # Errors
/// Something does not build, an invariant is broken, or the page cannot be written.
pub fn page() -> Result<()> {
    component::build()?;
    let program = simulator::build()?;
    let mut rows = Vec::new();
    for (name, options, seeds) in FIGURES {
        let (counters, kept) = explore(&program, FIRST_SEED..FIRST_SEED + seeds, options)?;
        anyhow::ensure!(kept, "{name}: an invariant was broken: {counters:#}");
        rows.push((name, counters));
    }
    let path = workspace::root().join(PAGE);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PAGE}"))?;
    let (before, rest) = text.split_once(BEGIN).context("the page has no place for figures")?;
    let (_, after) = rest.split_once(END).context("the page's figures have no end")?;
    let figures = figures(&rows, &defects::found()?);
    fs::write(&path, format!("{before}{BEGIN}{figures}{END}{after}")).with_context(|| format!("cannot write {PAGE}"))
}

fn figures(rows: &[(&str, Value)], defects: &Value) -> String {
    let mut text = String::from(
        "\n| what | seeds | runs | host calls | faults | kinds of faults | crashes, resumes | simulated hours | seconds |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, counters) in rows {
        let faults = counters["faults"].as_object();
        let times: u64 = faults.into_iter().flatten().filter_map(|(_, times)| times.as_u64()).sum();
        text += &format!(
            "| {name} | {} | {} | {} | {times} | {} | {}, {} | {} | {} |\n",
            counters["seeds"],
            counters["runs"],
            counters["host_calls"],
            faults.map_or(0, serde_json::Map::len),
            counters["crash_points"],
            counters["resumes"],
            counters["simulated_hours"],
            counters["wall_seconds"],
        );
    }
    text += &format!("\nIn all of them 0: {}.\n", ZEROS.join(", "));
    text += &compared(rows);
    text += &excused(rows);
    text + &found(defects)
}

/// How many of the seeded defects were found, and how many seeds it took.
fn found(defects: &Value) -> String {
    let all = defects["defects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut seeds: Vec<u64> = all.iter().filter_map(|defect| defect["seeds"].as_u64()).collect();
    seeds.sort_unstable();
    format!(
        "\nSeeded defects found: {} of {}; seeds it took: {} in the median, {} at the most.\n\n",
        seeds.len(),
        all.len(),
        seeds.get(seeds.len() / 2).copied().unwrap_or(0),
        seeds.last().copied().unwrap_or(0),
    )
}

/// What was compared after cuts, and the most that was excused.
fn compared(rows: &[(&str, Value)]) -> String {
    let of = |name: &str| rows.iter().filter_map(|(_, counters)| counters[name].as_u64()).collect::<Vec<u64>>();
    let sum = |name: &str| of(name).into_iter().sum::<u64>();
    let most = |name: &str| of(name).into_iter().max().unwrap_or(0);
    format!(
        "\nAfter cuts, the results of {} tasks that had ended before were compared with those of the whole run, and those of {} \
         others in {} calm runs that went on. The most that one run spent above its budget by what is excused: {} \
         micro-dollars, {} tokens.\n",
        sum("results_before_cuts"),
        sum("results_of_calm_runs"),
        sum("calm_resumes"),
        most("max_excused_spend_over_budget"),
        most("max_excused_tokens_over_budget"),
    )
}

/// What did not count as a broken invariant, by which rule, and how often in each exploration.
fn excused(rows: &[(&str, Value)]) -> String {
    let excuses = rows.iter().filter_map(|(_, counters)| counters["excused"].as_array()).next();
    let mut text = String::from("\n| excused | rule | how often, in the rows above |\n|---|---|---|\n");
    for excuse in excuses.into_iter().flatten() {
        let times = rows.iter().map(|(_, counters)| {
            let all = counters["excused"].as_array().into_iter().flatten();
            let own = all.filter(|other| other["excuse"] == excuse["excuse"]);
            own.filter_map(|other| other["times"].as_u64()).sum::<u64>().to_string()
        });
        let [name, rule] = ["excuse", "rule"].map(|field| excuse[field].as_str().unwrap_or_default());
        text += &format!("| `{name}` | {rule} | {} |\n", times.collect::<Vec<_>>().join(", "));
    }
    text
}

/// The counters of an exploration, and whether every invariant held.
fn explore(program: &PathBuf, seeds: std::ops::Range<u64>, options: &[&str]) -> Result<(Value, bool)> {
    let mut command = Command::new(program);
    command.args(["explore", "--json", "--seeds", &format!("{}..{}", seeds.start, seeds.end)]).args(options);
    command.current_dir(workspace::root()).stderr(Stdio::inherit());
    let output = command.output().context("the simulator could not be started")?;
    let counters = serde_json::from_slice(&output.stdout).context("the simulator printed no JSON")?;
    Ok((counters, output.status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rows_and_the_worst_defect() {
        let counters = json!({ "seeds": 2, "runs": 4, "host_calls": 9, "faults": { "a": 3, "b": 4 }, "crash_points": 5,
            "resumes": 6, "simulated_hours": 1.5, "wall_seconds": 0.2, "calm_resumes": 8, "results_before_cuts": 70,
            "results_of_calm_runs": 60, "max_excused_tokens_over_budget": 33,
            "excused": [{ "excuse": "late", "rule": "E2: it was late.", "times": 12 }] });
        let defects = json!({ "defects": [{ "seeds": 9 }, { "seeds": 1 }, { "seeds": 4 }, { "seeds": null }] });
        let text = figures(&[("twice", counters.clone()), ("again", counters)], &defects);
        assert!(text.contains("| twice | 2 | 4 | 9 | 7 | 2 | 5, 6 | 1.5 | 0.2 |"), "{text}");
        assert!(
            text.contains("results of 140 tasks") && text.contains("those of 120 others in 16 calm runs"),
            "{text}"
        );
        assert!(text.contains("0 micro-dollars, 33 tokens"), "{text}");
        assert!(text.contains("| `late` | E2: it was late. | 12, 12 |"), "{text}");
        assert!(text.contains("found: 3 of 4; seeds it took: 4 in the median, 9 at the most"), "{text}");
    }
}
