//! `--journal`, `replay` and `resume`.

use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};

use super::{file, native, path, sim, sim_with};

/// Three tasks, one after the other, whose sessions have no tools and may be done again.
fn request() -> String {
    let task = |id: &str, after: &[&str]| {
        json!({ "task_id": id, "agent_type": "code_reviewer", "task_description": "Look.", "dependencies": after,
            "input_data": { "code": "x" } })
    };
    let tasks = [task("step-1", &[]), task("step-2", &["step-1"]), task("step-3", &["step-2"])];
    json!({ "tasks": tasks }).to_string()
}

/// The journal of a run of some tasks, one after the other.
fn journal(name: &str) -> (String, String) {
    let kept = path(name);
    let _ = fs::remove_file(&kept);
    let ran = sim_with(&["run", "-", "--journal", &kept], request().as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = fs::read_to_string(&kept).expect("the journal was written");
    (kept, text)
}

#[test]
fn a_journal_is_the_same_again_and_no_other_call_writes_into_it() {
    let (kept, text) = journal("whole.journal");
    let told = sim(&["replay", &kept]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{}", told.out);
    assert!(told.out.starts_with("The same: ") && told.out.contains("the call came back"), "{}", told.out);
    let document = native(&["replay", &kept, "--json"], "").json();
    assert_eq!(document["reply"]["status"], "completed");
    let again = native(&["run", "-", "--journal", &kept], request());
    assert_eq!(again.code, 2, "{}", again.err);
    assert_eq!(fs::read_to_string(&kept).expect("it is still there"), text);
}

#[test]
fn a_damaged_journal_is_named_as_such() {
    let (_, text) = journal("damaged.journal");
    for (what, text, code) in [
        ("a changed letter", text.replacen("step-1", "step-x", 1), "E_JOURNAL_CORRUPT"),
        ("something else", "hello\n".to_owned(), "E_JOURNAL_FOREIGN"),
        ("nothing", String::new(), "E_JOURNAL_EMPTY"),
    ] {
        let damaged = file("damaged.journal", &text);
        for command in ["replay", "resume"] {
            let told = native(&[command, &damaged], "");
            assert_eq!(told.code, 2, "{what}: {}", told.err);
            assert!(told.err.contains(code), "{what}: {}", told.err);
        }
    }
}

#[test]
fn a_call_that_was_cut_off_goes_on_from_its_file() {
    let (_, text) = journal("cut.journal");
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    let half: String = whole[..whole.len() / 2].concat();
    let torn = file("torn.journal", &(half + "0123456789abcdef {\"st"));
    let told = sim(&["resume", &torn, "--json"]);
    assert_eq!(told.code, 0, "{}", told.err);
    let report = told.json();
    assert_eq!((&report["status"], &report["census"]["completed"]), (&"completed".into(), &3.into()));
    // The file is whole again, from the first call's first line to the second one's last.
    let replayed = native(&["replay", &torn, "--json"], "").json();
    assert_eq!((&replayed["complete"], &replayed["torn"]), (&true.into(), &false.into()));
    assert_eq!(replayed["reply"], report);
}

#[test]
fn what_is_watched_and_written_of_a_call_is_so_of_its_second_half() {
    let (_, text) = journal("watched.journal");
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    let half = whole[..whole.len() / 2].concat();
    let page = path("resumed.html");
    let _ = fs::remove_file(&page);
    let kept = file("half.journal", &half);
    let told = native(&["resume", &kept, "--json", "--progress", "lines", "--report", &page], "");
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.err.contains("3/3 step-3: completed"), "{}", told.err);
    let page = fs::read_to_string(&page).expect("the page was written");
    assert!(page.starts_with("<!doctype html>") && page.contains("\"function\":\"run_tasks\""));
    let report = path("resumed.json");
    let kept = file("half.journal", &half);
    let told = native(&["resume", &kept, "--json", "--report", &report], "");
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let written: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&report).expect("a report")).expect("JSON");
    assert_eq!((&written["results"], &written["simulation"]["engine"]), (&told.json()["results"], &"native".into()));
}

#[test]
fn a_call_is_gone_on_with_where_it_was_begun() {
    let kept = file("refused.journal", "");
    let elsewhere: [&[&str]; 4] = [
        &["--backend", "openai", "--base-url", "http://h/v1"],
        &["--record", "x.jsonl"],
        &["--tier", "economy=m"],
        &["--journal", "x.journal"],
    ];
    for more in elsewhere {
        let told = native(&[&["resume", &kept], more].concat(), "");
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{more:?}: {}", told.err);
        assert!(told.err.contains(&format!("unexpected argument '{}'", more[0])), "{more:?}: {}", told.err);
    }
}

/// Makes the kept journals again, for a change that needs another `ENGINE_REVISION`: each from its own arguments, and the one
/// that is cut off after as many lines as before.
fn make_again(kept: &Path) {
    let old = fs::read_to_string(kept).expect("a journal");
    let lines: Vec<&str> = old.lines().collect();
    let header: Value = serde_json::from_str(&lines[0][17..]).expect("a header");
    let function = header["function"].as_str().expect("a function");
    fs::remove_file(kept).expect("it is there");
    let made = native(&["call", function, "-", "--journal", kept.to_str().expect("a path")], &lines[1][17..]);
    assert_eq!(made.code, 0, "{}: {}", kept.display(), made.err);
    if !lines.last().is_some_and(|line| line.contains("{\"end\":")) {
        let whole = fs::read_to_string(kept).expect("a journal");
        let cut: String = whole.split_inclusive('\n').take(lines.len()).collect();
        fs::write(kept, cut).expect("a journal");
    }
}

#[test]
fn journals_of_every_release_are_the_same_again() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals");
    let makes_again = env::var_os("UPDATE_JOURNALS").is_some();
    let mut journals = 0;
    for entry in fs::read_dir(kept).expect("there are journals") {
        let kept = entry.expect("an entry").path();
        if makes_again {
            make_again(&kept);
        }
        let told = native(&["replay", kept.to_str().expect("a path")], "");
        assert_eq!(told.code, 0, "{}: {}", kept.display(), told.err);
        journals += 1;
    }
    assert!(journals >= 5, "{journals}");
}
