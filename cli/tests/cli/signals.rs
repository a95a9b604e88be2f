//! Signals: the first one stops a run, the second one the program.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};

use super::{command, file, native, path};
use crate::requests_of::many;

/// Two agent types that answer at once, and one that takes its time.
fn one_is_slow() -> String {
    let rule =
        |agent: &str, ms: u32| format!("[[answers]]\nagent_type = \"{agent}\"\nlatency = {{ constant_ms = {ms} }}\n");
    let rules = [rule("code_reviewer", 1), rule("api_designer", 50_000), rule("content_writer_funny", 50_000)];
    file("one-is-slow.toml", format!("version = 1\n[host]\nspawn_latency_ms = 1\n{}", rules.concat()))
}

/// A run in real time that has told of its first end. What it says on standard error from then on.
fn running(wrapper: Option<&str>, more: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let request = file("signals.json", many(3, ""));
    let arguments = ["run", &request, "--json", "--engine", "native", "--clock", "real", "--script", &one_is_slow()];
    let program = command(&[&arguments[..], more].concat());
    let mut started = match wrapper {
        None => program,
        Some(wrapper) => {
            let mut outer = Command::new(wrapper);
            outer.arg(program.get_program()).args(program.get_args());
            outer
        }
    };
    let mut child =
        started.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut err = BufReader::new(child.stderr.take().expect("standard error is piped"));
    let mut line = String::new();
    while !line.contains("1/3 ") {
        line.clear();
        assert_ne!(err.read_line(&mut line).expect("a line"), 0, "it ended before its first task");
    }
    (child, err)
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

/// What came of a run that was stopped: its exit code, its report, and the rest of standard error.
fn end(mut child: Child, mut err: BufReader<ChildStderr>) -> (Option<i32>, Value, String) {
    let (mut out, mut told) = (String::new(), String::new());
    child.stdout.take().expect("standard output is piped").read_to_string(&mut out).expect("text");
    err.read_to_string(&mut told).expect("text");
    let code = child.wait().expect("it ends").code();
    (code, serde_json::from_str(&out).unwrap_or_default(), told)
}

#[test]
fn each_signal_stops_a_run_which_gives_its_report() {
    for (signal, words) in
        [("INT", "interrupted at the keyboard"), ("TERM", "asked to end (SIGTERM)"), ("HUP", "the terminal was closed")]
    {
        let (child, err) = running(None, &[]);
        send(&child, signal);
        let (code, report, told) = end(child, err);
        assert_eq!((code, &report["status"]), (Some(1), &json!("cancelled")), "{signal}: {told}");
        assert_eq!(report["census"]["completed"], 1, "{signal}: what had ended is kept");
        assert_eq!((&report["census"]["cancelled"], &report["leaked"]), (&json!(2), &json!([])), "{signal}");
        assert!(told.contains(words), "{signal}: {told}");
    }
}

#[test]
fn what_is_to_outlive_its_terminal_does() {
    let (child, err) = running(Some("nohup"), &[]);
    send(&child, "HUP");
    send(&child, "TERM");
    let (code, report, told) = end(child, err);
    assert_eq!((code, &report["status"]), (Some(1), &json!("cancelled")));
    assert!(told.contains("SIGTERM") && !told.contains("SIGHUP"), "{told}");
}

#[test]
fn a_run_that_was_stopped_is_finished() {
    let journal = path("stopped.journal");
    let _ = fs::remove_file(&journal);
    let (child, err) = running(None, &["--journal", &journal]);
    send(&child, "TERM");
    let (code, report, told) = end(child, err);
    assert_eq!((code, &report["status"]), (Some(1), &json!("cancelled")), "{told}");
    let resumed = native(&["resume", &journal, "--json", "--script", &one_is_slow()], "");
    assert_eq!((resumed.code, resumed.json()), (1, report), "{}", resumed.err);
}
