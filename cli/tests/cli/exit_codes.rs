//! The table of exit codes: what `--help` says, and what each command does.

use serde_json::json;

use super::{FAILING_DRAFT, file, native, path, sim};
use crate::requests_of::many;

/// A script under which one agent type fails and the others answer.
fn one_fails(name: &str) -> String {
    let failures = "failures = [{ kind = \"rejected\", message = \"no such model\" }]";
    let rule = format!("agent_type = \"code_reviewer\"\nodds = {{ good = 0, failing = 1000 }}\n{failures}");
    file(name, format!("version = 1\n[[answers]]\n{rule}\n"))
}

/// Three tasks, the first of which is for a code reviewer; `task` is more about it, `run` about the run.
fn request(task: &str, run: &str) -> String {
    let first = r#""agent_type":"code_reviewer""#;
    let request = many(3, run);
    assert!(request.contains(first), "{request}");
    request.replacen(first, &format!("{first}{task}"), 1)
}

#[test]
fn every_code_is_what_help_says() {
    let fails = one_fails("one-fails.toml");
    let script = ["--script", fails.as_str()];
    let optional = r#","required":false"#;
    let cases = [
        ("all tasks are completed", request("", ""), &[][..], 0, "completed"),
        ("a task fails", request("", ""), &script[..], 1, "partial"),
        ("a task fails that is not required", request(optional, ""), &script[..], 0, "completed"),
        ("one task that ends well is enough", request("", r#""wait": {"mode": "any"}"#), &script[..], 0, "completed"),
        (
            "two of three are enough",
            request("", r#""wait": {"mode": "first", "count": 2}"#),
            &script[..],
            0,
            "completed",
        ),
        (
            "three of three are not there",
            request("", r#""wait": {"mode": "first", "count": 3}"#),
            &script[..],
            1,
            "partial",
        ),
        ("the budget ends it", request("", r#""budget": {"spawns": 1}"#), &[][..], 1, "budget"),
    ];
    for (what, request, more, code, status) in cases {
        let ran = native(&[&["run", "-", "--json"], more].concat(), &request);
        assert!(ran.out.starts_with('{'), "{what}: {}{}", ran.out, ran.err);
        let report = ran.json();
        assert_eq!((ran.code, &report["status"]), (code, &json!(status)), "{what}: {}", report["results"]);
        // The same for people: what the rules do not need is told.
        let told = native(&[&["run", "-"], more].concat(), &request);
        let is_short = code == 0 && report["census"]["completed"] != report["census"]["tasks"];
        assert_eq!(told.code, code, "{what}");
        assert_eq!(told.out.contains("The run did what its rules ask for"), is_short, "{what}: {}", told.out);
        // And through the other door.
        let called = native(&[&["call", "run_tasks", "-", "--json"], more].concat(), &request);
        assert_eq!((called.code, called.json()["status"].clone()), (code, report["status"].clone()), "{what}");
    }
}

#[test]
fn what_is_no_run_has_its_codes_too() {
    let failing = native(&["call", "run_iterative_refinement", "-", "--json"], FAILING_DRAFT);
    assert_eq!(failing.code, 1, "{}", failing.err);
    assert_eq!(native(&["call", "versions"], "").code, 0);
    assert_eq!(native(&["run", "-"], "{}").code, 2);
    assert_eq!(native(&["run", &path("no-such.json")], "").code, 2);
    assert_eq!(native(&["fly"], "").code, 2);
    assert_eq!(native(&["resume", &path("no-such.journal")], "").code, 2);
    assert_eq!(native(&["run", "-", "--report", &path("no/such/report.json")], many(1, "")).code, 3);
    let code = file("exit.py", "def f():\n    return 1\n");
    assert_eq!(native(&["review", &code, "--script", &one_fails("one-reviewer-fails.toml")], "").code, 1);
    assert_eq!(native(&["review", &code, "--backend", "script"], "").code, 0);
}

#[test]
fn help_says_what_each_code_means() {
    let help = sim(&["help", "exit-codes"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = [
        "0 all that was asked for is done.",
        "(`wait`, `required: false`)",
        "1 the run ended and is not completed; review: a reviewer did not answer",
        "2 wrong usage, a wrong request or file, a journal in use",
        "3 the host or the component failed, no model server was found, or a file could not be written",
        "129, 130, 143 SIGHUP, SIGINT (Ctrl-C) or SIGTERM ended the program. During a run only the second signal does",
    ];
    for words in words {
        assert!(help.contains(words), "{words:?} is missing in\n{help}");
    }
}

#[test]
fn odd_names_of_functions_are_unknown_functions() {
    for name in
        ["constructor", "__proto__", "toString", "hasOwnProperty", "", " ", "run_tasks ", "Run_Tasks", "\u{202e}x"]
    {
        let ran = native(&["call", name, "--json"], "");
        let document = ran.json();
        assert_eq!((ran.code, &document["error"]["code"]), (2, &json!("E_FUNCTION_UNKNOWN")), "{name:?}: {}", ran.err);
        assert!(!ran.err.contains('\u{202e}'), "{name:?}");
    }
    let long = native(&["call", &"x".repeat(100_000)], "");
    assert!(long.code == 2 && long.err.len() < 2_000, "{}", long.err.len());
}
