//! `--journal`, `replay` and `resume`.

use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};

use super::{file, native, path, sim, sim_with};
#[cfg(unix)]
use crate::requests_of::many;

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
    let kept = file("half.journal", &half);
    let table = native(&["resume", &kept], "");
    assert!(table.out.starts_with("TASK ") && table.out.contains("Completed. 3 tasks"), "{}", table.out);
}

#[test]
fn a_call_is_gone_on_with_where_it_was_begun() {
    let kept = file("refused.journal", "");
    let elsewhere: [&[&str]; 3] = [&["--record", "x.jsonl"], &["--tier", "economy=m"], &["--journal", "x.journal"]];
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

/// The request with tasks that may all be done again.
#[cfg(unix)]
fn again(request: &str) -> String {
    request.replace("\"dependencies\"", "\"idempotent\":true,\"dependencies\"")
}

/// A run in real time that keeps a journal and does not end by itself.
#[cfg(unix)]
fn alive(kept: &str) -> (std::process::Child, impl std::io::BufRead) {
    use std::io::BufRead as _;
    let _ = fs::remove_file(kept);
    let slow = "version = 1\n[[answers]]\nagent_type = \"code_reviewer\"\nlatency = { constant_ms = 1 }\n\
        [[answers]]\nlatency = { constant_ms = 50_000 }\n";
    let (script, request) = (file("alive.toml", slow), file("alive.json", again(&many(3, ""))));
    let mut run = super::command(&["run", &request, "--engine", "native", "--clock", "real", "--script", &script]);
    run.args(["--journal", kept]).stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let mut child = run.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut err = std::io::BufReader::new(child.stderr.take().expect("standard error is piped"));
    let mut line = String::new();
    while !line.contains("1/3 ") {
        line.clear();
        assert_ne!(err.read_line(&mut line).expect("a line"), 0, "it ended before its first task");
    }
    (child, err)
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_in_use_is_read_and_not_gone_on_with() {
    let kept = path("alive.journal");
    let (mut child, _err) = alive(&kept);
    let before = fs::read_to_string(&kept).expect("a journal");
    for _ in 0..2 {
        let told = native(&["resume", &kept, "--json"], "");
        let error = &told.json()["error"];
        assert_eq!((told.code, &error["code"]), (2, &json!("E_JOURNAL_LOCKED")), "{}", told.err);
        assert!(error["path"] == kept && error["hint"].as_str().is_some_and(|hint| hint.contains("replay")), "{error}");
    }
    assert!(fs::read_to_string(&kept).expect("a journal").starts_with(&before));
    let replayed = native(&["replay", &kept], "");
    assert!(replayed.code == 0 && replayed.out.contains("cut off"), "{}{}", replayed.out, replayed.err);
    // However its writer ends, the journal is free then.
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let told = native(&["resume", &kept, "--json"], "");
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(told.json()["census"]["completed"], 3);
}

#[cfg(unix)]
#[test]
fn of_two_that_go_on_at_once_one_does() {
    let kept = path("twice.journal");
    let (mut child, _err) = alive(&kept);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let script = file("twice.toml", "version = 1\n[[answers]]\nlatency = { constant_ms = 3_000 }\n");
    // Both are started before either is waited for; the slow one of them holds the journal for long enough.
    let started: Vec<_> = (0..6)
        .map(|_| {
            let mut resume = super::command(&["resume", &kept, "--json", "--engine", "native", "--clock", "real"]);
            resume.args(["--script", &script]);
            let piped = std::process::Stdio::piped;
            resume.stdin(std::process::Stdio::null()).stdout(piped()).stderr(piped()).spawn().expect("it starts")
        })
        .collect();
    let ended: Vec<_> = started.into_iter().map(|child| child.wait_with_output().expect("it ends")).collect();
    let codes: Vec<_> = ended.iter().map(|output| output.status.code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    for output in ended.iter().filter(|output| output.status.code() != Some(0)) {
        assert!(String::from_utf8_lossy(&output.stdout).contains("E_JOURNAL_LOCKED"), "{output:?}");
    }
    let replayed = native(&["replay", &kept, "--json"], "").json();
    assert_eq!((&replayed["complete"], &replayed["reply"]["census"]["completed"]), (&true.into(), &3.into()));
}

#[test]
fn each_life_of_a_call_gives_its_sessions_names_of_their_own() {
    let (_, text) = journal("lives.journal");
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    // Cut off after the first session had ended, and once more in the middle of the second life.
    let mut kept = whole[..whole.len() / 2].concat();
    let mut keys = std::collections::BTreeSet::new();
    for life in 0..3 {
        let cut = file("lives-cut.journal", &kept);
        let told = native(&["resume", &cut, "--json"], "");
        let report = told.json();
        assert_eq!((told.code, &report["leaked"]), (0, &json!([])), "{life}: {}", told.err);
        let now = fs::read_to_string(&cut).expect("a journal");
        let ended: Vec<&str> = report["results"]
            .as_array()
            .expect("results")
            .iter()
            .flat_map(|result| result["metadata"]["attempt_log"].as_array().expect("attempts"))
            .filter_map(|attempt| attempt["session_key"].as_str())
            .collect();
        let distinct: std::collections::BTreeSet<&str> = ended.iter().copied().collect();
        assert_eq!(distinct.len(), ended.len(), "{life}: {ended:?}");
        keys.extend(distinct.into_iter().map(str::to_owned));
        let new: Vec<&str> = now[kept.len()..].split_inclusive('\n').collect();
        let half = new[..new.len() / 2].concat();
        kept += &half;
    }
    assert!(keys.len() > 3, "{keys:?}");
}
