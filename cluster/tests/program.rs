//! The program as it is called: what it prints, and its exit codes.

use std::fs;
use std::process::Command;

/// Exit code and words of a call.
fn called(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_parallel-agents-cluster")).args(arguments).output();
    let output = output.expect("the program starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let (code, words) = called(&["--config", "no-such-file.toml", "status"]);
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("no-such-file.toml"), "{words}");
}

#[test]
fn all_that_is_wrong_with_a_configuration_is_told_at_once() {
    let file = format!("{}/two-of-one-name.toml", env!("CARGO_TARGET_TMPDIR"));
    let gateway =
        "[[gateways]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\ntoken_env = \"NO_SUCH_TOKEN\"\nslots = 0\n";
    fs::write(&file, gateway.repeat(2)).expect("a file");
    let (code, words) = called(&["--config", &file, "check"]);
    assert_eq!(code, Some(2), "{words}");
    for problem in ["two have the name \"a\"", "slots", "NO_SUCH_TOKEN"] {
        assert!(words.contains(problem), "{problem} is not in: {words}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_another_code_than_a_mistake() {
    let file = format!("{}/nobody.toml", env!("CARGO_TARGET_TMPDIR"));
    // Nobody listens on port 1 of this machine.
    let text = "[restate]\ningress = \"http://127.0.0.1:1\"\nadmin = \"http://127.0.0.1:1\"\n\n\
                [[gateways]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\ntoken_env = \"NO_SUCH_TOKEN\"\nslots = 1\n";
    fs::write(&file, text).expect("a file");
    let (code, words) = called(&["--config", &file, "status"]);
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("127.0.0.1:1"), "{words}");
}
