//! Scans the source tree for what the compiler does not check: sizes, import direction, ambient authority, stray files.
//!
//! The tables at the top are the rules; adapt them with the code, in the same commit.

mod rules;
mod sources;
mod tokens;

use rules::{Finding, report};
use sources::{Source, code_files, engine, text_files};

/// The stages of the engine: modules at the top of `src/`. Each may import those that stand before it, never the others.
const STAGES: &[&str] = &[
    "canary",
    "text",
    "ids",
    "json",
    "marker",
    "task",
    "problem",
    "host",
    "score",
    "policy",
    "agents",
    "plan",
    "prompt",
    "schedule",
    "answer",
    "session",
    "report",
    "workflow",
    "teams",
    "engine",
    "pump",
    "journal",
    "collect",
    "documents",
    "boundary",
];

/// Imports against the direction: who, what, and why it is right all the same.
const AGAINST_THE_DIRECTION: &[(&str, &str, &str)] = &[];

/// What the engine must not touch: its only clock, chance and input are the host's events.
const BANNED_IN_THE_ENGINE: &[(&[&str], &str)] = &[
    (&["HashMap", "HashSet"], "iterates in a different order each time: use BTreeMap or BTreeSet"),
    (&["Instant", "SystemTime"], "time comes in with the events"),
    (&["std::thread", "std::process", "std::env", "std::fs", "std::net"], "the component has no such thing"),
    (&["rand", "getrandom"], "chance comes in with the host's seed"),
];

/// Beginnings of error codes that stand for all of them.
const FAMILIES_OF_CODES: &[&str] = &["E_JOURNAL"];

const MAX_LINES: usize = 800;
const MANY_LINES: usize = 500;
const MAX_LINES_OF_THE_MAP: usize = 100;

#[test]
fn files_stay_readable() {
    let mut findings = Vec::new();
    for file in code_files() {
        let lines = file.text.lines().count();
        if lines > MAX_LINES {
            findings.push(Finding::new(&file, lines, format!("{lines} lines; split it below {MAX_LINES}")));
        } else if lines > MANY_LINES {
            eprintln!("{}: {lines} lines; think about splitting it", file.path);
        }
        if file.path == "src/lib.rs" && lines >= MAX_LINES_OF_THE_MAP {
            findings.push(Finding::new(&file, lines, format!("{lines} lines; it is only a map")));
        }
    }
    report(&findings);
}

#[test]
fn names_say_what_is_inside() {
    let findings: Vec<_> = code_files()
        .iter()
        .filter(|file| {
            let words = ["utils", "util", "common", "misc", "helpers"];
            file.path.split(['/', '.']).any(|part| words.contains(&part))
        })
        .map(|file| Finding::new(file, 1, "the name says nothing".to_owned()))
        .collect();
    report(&findings);
}

#[test]
fn stages_import_only_from_their_left() {
    let findings: Vec<_> =
        engine().iter().flat_map(|file| rules::imports(file, STAGES, AGAINST_THE_DIRECTION)).collect();
    report(&findings);
}

#[test]
fn the_engine_reaches_nothing_but_its_events() {
    let findings: Vec<_> = engine().iter().flat_map(|file| rules::banned(file, BANNED_IN_THE_ENGINE)).collect();
    report(&findings);
}

#[test]
fn prompts_are_files() {
    let findings: Vec<_> = code_files().iter().filter(|file| !file.is_test()).flat_map(rules::prompts).collect();
    report(&findings);
}

#[test]
fn every_error_code_is_in_the_list() {
    let all = code_files();
    let list = text_files().into_iter().find(|file| file.path == "ARCHITECTURE.md").expect("the list").text;
    let places = ["src/", "host-sim/src/"];
    let sources = all.iter().filter(|file| file.is_rust() && places.iter().any(|place| file.path.starts_with(place)));
    let findings: Vec<_> =
        sources.filter(|file| !file.is_test()).flat_map(|file| rules::codes(file, &list, FAMILIES_OF_CODES)).collect();
    report(&findings);
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let findings: Vec<_> = text_files().iter().flat_map(rules::machine_paths).collect();
    report(&findings);
}

#[test]
fn nothing_built_is_in_git() {
    // An unpacked release has no git directory, and nothing to check here.
    let Some(tracked) = sources::tracked() else {
        return;
    };
    let built: Vec<_> = tracked.iter().filter(|path| rules::is_built(path)).collect();
    assert!(built.is_empty(), "built files are in git: {built:?}");
}

#[test]
fn every_rule_can_fail() {
    let bad = Source::new(
        "src/plan/bad.rs",
        r#"
        use std::{collections::{BTreeMap, HashMap}, fs};
        use crate::{ids::TaskId, engine::{Engine, step}};
        const CODE: &str = "You are a reviewer";
        const HOME: &str = "HOMEX/x";
        fn f() { let _ = crate::nowhere::x(); std::thread::yield_now(); }
        const ERRORS: [&str; 4] = ["E_LISTED", "E_OTHER", "E_FAMILY", "E_ and more"];
        #[cfg(test)]
        mod tests { use std::collections::HashSet; use crate::report; const A: &str = "You are a test"; }
        "#
        .replace("HOMEX", concat!("/ho", "me/somebody")),
    );
    let lines = |findings: Vec<Finding>| findings.iter().map(|finding| finding.line).collect::<Vec<_>>();
    assert_eq!(lines(rules::banned(&bad, BANNED_IN_THE_ENGINE)), [2, 2, 6]);
    assert_eq!(lines(rules::imports(&bad, STAGES, AGAINST_THE_DIRECTION)), [3, 6]);
    assert_eq!(lines(rules::prompts(&bad)), [4]);
    assert_eq!(lines(rules::machine_paths(&bad)), [5]);
    assert_eq!(lines(rules::codes(&bad, "`E_LISTED` `E_OTHER_ONE`", &["E_FAMILY"])), [7]);
    assert!(
        rules::is_built("skill/dist/index.js") && rules::is_built("a/b.wasm") && !rules::is_built("src/distance.rs")
    );
}
