//! `explore` on the command line.

use super::{file, native, path};

#[test]
fn numbers_come_as_one_document() {
    let ran = native(&["explore", "--seeds", "3..9", "--tasks", "4", "--json"], "");
    let document = ran.json();
    assert_eq!((&document["seeds"], &document["runs"]), (&6.into(), &12.into()), "{}", ran.err);
    let names: Vec<&str> = document.as_object().expect("an object").keys().map(String::as_str).collect();
    let counters = [
        "seeds",
        "runs",
        "host_calls",
        "sessions",
        "faults",
        "violations",
        "lost",
        "duplicated",
        "unexpected",
        "orphans",
        "duplicate_spawns",
        "determinism_mismatches",
        "cancels",
        "traps",
        "crash_points",
        "resumes",
        "calm_runs",
        "calm_resumes",
        "results_before_cuts",
        "results_of_calm_runs",
        "max_in_flight_over_cap",
        "max_spend_over_budget",
        "max_tokens_over_budget",
        "max_excused_spend_over_budget",
        "max_excused_tokens_over_budget",
        "excused",
        "simulated_hours",
        "wall_seconds",
    ];
    assert_eq!(names, counters);
}

#[test]
fn a_run_can_be_looked_at() {
    let trace = path("explored.txt");
    let ran = native(&["explore", "--seeds", "5", "--trace", &trace], "");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("No invariant was violated."), "{}", ran.out);
    let text = std::fs::read_to_string(&trace).expect("it was written");
    for part in ["run_tasks {", "stops ", "faults {", "opened host=", "> return"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn a_script_of_ones_own_takes_the_place_of_drawn_faults() {
    let script = file("no-room.toml", "version = 1\n[faults]\nspawn_busy = 1000\n");
    let ran = native(&["explore", "--seeds", "0..4", "--faults", &script, "--json"], "");
    let document = ran.json();
    assert!(document["faults"]["spawn_busy"].as_u64() > Some(3), "{document}");
}

#[test]
fn a_run_can_be_cut_down_cancelled_and_dropped() {
    let cut =
        ["--keep-tasks", "1", "--only-faults", "none", "--no-stops", "--once", "--cancel", "every", "--trap", "every"];
    let ran = native(&[&["explore", "--seeds", "0..3", "--threads", "2"][..], &cut].concat(), "");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for words in ["Faults: none.", "Cancelled ", "No invariant was violated."] {
        assert!(ran.out.contains(words), "{words} is missing in {}", ran.out);
    }
    let bad = native(&["explore", "--cancel", "never"], "");
    assert_eq!(bad.code, 2, "{}", bad.err);
}
