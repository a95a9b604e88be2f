//! Files that cannot be written when a run is over: the result is there, and the others are.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::json;

use super::{command, file, native, path};
use crate::requests_of::many;

/// A device on which nothing fits.
const FULL: &str = "/dev/full";

#[test]
fn a_full_disk_takes_no_result_away() {
    let (trace, report, tape) = (path("full.trace"), path("full.report.json"), path("full.jsonl"));
    let options = [("--trace", &trace), ("--report", &report), ("--record", &tape)];
    for full in 0..=options.len() {
        for path in [&trace, &report, &tape] {
            let _ = fs::remove_file(path);
        }
        // One of them does not fit, or none of them does.
        let is_full = |nth: usize| nth == full || full == options.len();
        let more: Vec<&str> = options
            .iter()
            .enumerate()
            .flat_map(|(nth, (option, path))| [*option, if is_full(nth) { FULL } else { path.as_str() }])
            .collect();
        let ran = native(&[&["run", "-", "--json"], &more[..]].concat(), many(2, ""));
        assert_eq!(ran.code, 3, "{full}: {}", ran.err);
        assert_eq!(ran.json()["census"]["completed"], 2, "{full}: exactly the result is on standard output");
        let failures = ran.err.matches("error: cannot write /dev/full").count();
        assert_eq!(failures, if full == options.len() { 3 } else { 1 }, "{full}: {}", ran.err);
        for (nth, (option, path)) in options.iter().enumerate() {
            assert_eq!(fs::exists(path).expect("a place"), !is_full(nth), "{full}: {option}");
        }
    }
}

#[test]
fn every_command_that_runs_shows_its_result_first() {
    let code = file("full.py", "def f():\n    return 1\n");
    let kept = path("full.journal");
    let _ = fs::remove_file(&kept);
    assert_eq!(native(&["run", "-", "--journal", &kept], many(1, "")).code, 0);
    let page = ["--report", FULL];
    let (one, team) = (many(1, ""), r#"{"topic": "tides", "platform": "bluesky", "run": true}"#);
    let cases: [(&[&str], &str); 4] = [
        (&["run", "-", "--trace", FULL], &one),
        (&["call", "content_team", "-"], team),
        (&["review", &code, "--backend", "script"], ""),
        (&["resume", &kept], ""),
    ];
    for (arguments, input) in cases {
        let ran = native(&[arguments, &page].concat(), input);
        assert_eq!(ran.code, 3, "{arguments:?}: {}", ran.err);
        assert!(ran.out.contains("completed"), "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains("cannot write /dev/full"), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn paths_that_cannot_be_written_are_told_before_anything_runs() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let plain = file("plain", "x");
    let same = path("same.json");
    let journal = path("never.journal");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--report", directory], 3, "E_OUTPUT"),
        (&["--trace", &path("no/such/run.trace")], 3, "E_OUTPUT"),
        (&["--record", &format!("{plain}/below")], 3, "E_OUTPUT"),
        (&["--report", &same, "--trace", &same], 2, "E_USAGE"),
        (&["--report", &journal], 2, "E_USAGE"),
        (&["--record", &format!("{directory}/./never.journal")], 2, "E_USAGE"),
    ];
    for (more, code, name) in cases {
        let ran = native(&[&["run", "-", "--json", "--journal", &journal], more].concat(), many(1, ""));
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (code, &json!(name)), "{more:?}: {}", ran.err);
        assert!(!fs::exists(&journal).expect("a place"), "{more:?}: a run was begun");
        assert!(!fs::exists(&same).expect("a place"), "{more:?}");
    }
}

#[test]
fn a_run_that_breaks_off_leaves_its_trace() {
    let trace = path("broken.trace");
    let _ = fs::remove_file(&trace);
    let script = file("traps.toml", "version = 1\n[faults]\nhost_trap = 1000\n");
    let ran = native(&["run", "-", "--json", "--script", &script, "--trace", &trace, "--report", FULL], many(2, ""));
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (3, &json!("E_HOST_TRAP")), "{}", ran.err);
    assert!(fs::read_to_string(&trace).expect("a trace").contains("opened"));
}

#[test]
fn help_that_cannot_be_written_is_no_success() {
    let full = fs::OpenOptions::new().write(true).open(FULL).expect("the device");
    let ran = command(&["--help"]).stdout(full).stderr(Stdio::piped()).output().expect("the program starts");
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cannot write to standard output"));
}

#[test]
fn what_a_call_reads_is_not_written_over() {
    let request = file("read.json", many(1, ""));
    let script = file("read-script.json", r#"{"version": 1}"#);
    let arguments = file("read-arguments.json", "{}");
    let code = file("read.py", "def f():\n    return 1\n");
    let step = json!({"agent_type": "content_writer_funny", "task_description": "On {{item}}"});
    let template = file("read-template.json", json!({ "steps": [step] }).to_string());
    let items = file("read-items.jsonl", "\"a\"\n");
    let places = ["read-agents", "read-notes"].map(|name| {
        let place = path(name);
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).expect("a directory");
        place
    });
    let agent = file("read-agents/own.md", "---\nname: own\ndescription: d\n---\nYou weigh what you are given.\n");
    let (note, other) = (file("read-notes/a.md", "# A"), file("read-notes/b.json", "{}"));
    let output = path("read-never.jsonl");
    let map = ["map", &template, "--output", &output];
    let cases: [(&[&str], &str, &str); 9] = [
        (&["run", &request], "--report", &request),
        (&["run", &request, "--script", &script], "--record", &script),
        (&["run", &request, "--agents", &places[0]], "--trace", &agent),
        (&["call", "versions", &arguments], "--trace", &arguments),
        (&["review", &code, "--backend", "script"], "--report", &code),
        (&[&map[..], &["--items", &items]].concat(), "--trace", &template),
        (&[&map[..], &["--items", &items]].concat(), "--report", &items),
        (&[&map[..], &["--items", &places[1]]].concat(), "--report", &note),
        (&[&map[..], &["--items", &items, "--agents", &agent]].concat(), "--report", &agent),
    ];
    for (call, option, target) in cases {
        let before = fs::read_to_string(target).expect("a file");
        let ran = native(&[call, &["--json", option, target]].concat(), "");
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!("E_USAGE")), "{call:?} {option}: {}", ran.err);
        assert!(ran.err.contains("is what the call reads"), "{call:?} {option}: {}", ran.err);
        assert_eq!(fs::read_to_string(target).expect("a file"), before, "{call:?} {option}");
        assert!(!fs::exists(&output).expect("a place"), "{call:?} {option}: a run was begun");
    }
    let beside = native(&[&map[..], &["--items", &places[1], "--pattern", "*.md", "--report", &other]].concat(), "");
    assert_eq!(beside.code, 0, "what is no item may be written over: {}", beside.err);
    let _ = fs::remove_file(&output);
}

#[test]
fn a_port_that_is_taken_leaves_no_journal() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let serve = format!("--serve={}", taken.local_addr().expect("an address").port());
    let journal = path("port.journal");
    let _ = fs::remove_file(&journal);
    let ran = native(&["run", "-", "--json", "--journal", &journal, &serve], many(1, ""));
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (3, &json!("E_LISTEN")), "{}", ran.err);
    assert!(!fs::exists(&journal).expect("a place"), "it would be in the way of the next try");
    assert_eq!(native(&["run", "-", "--journal", &journal], many(1, "")).code, 0);
}
