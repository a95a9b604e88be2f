//! The program as it is called: what it prints, and its exit codes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

/// A configuration whose server nobody is: nobody listens on port 1 of this machine.
const NOBODY: &str = "[restate]\ningress = \"http://127.0.0.1:1\"\nadmin = \"http://127.0.0.1:1\"\n\n\
    [[gateways]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\ntoken_env = \"NO_SUCH_TOKEN\"\nslots = 1\n";

fn output(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_parallel-agents-cluster")).args(arguments).output();
    output.expect("the program starts")
}

/// Exit code and words of a call.
fn called(arguments: &[&str]) -> (Option<i32>, String) {
    let output = output(arguments);
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
    fs::write(&file, NOBODY).expect("a file");
    let (code, words) = called(&["--config", &file, "status"]);
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("127.0.0.1:1"), "{words}");
}

#[test]
fn a_wrong_request_is_refused_before_anybody_is_asked() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let (file, request) = (format!("{directory}/refusing.toml"), format!("{directory}/wrong.json"));
    fs::write(&file, NOBODY).expect("a file");
    fs::write(&request, r#"{"tasks": [{"agent_type": "nobody", "task_description": "Say something."}]}"#)
        .expect("a file");
    let refused = output(&["--config", &file, "--json", "start", &request, "--key", "a key"]);
    let (words, document) = (String::from_utf8_lossy(&refused.stderr), String::from_utf8_lossy(&refused.stdout));
    assert_eq!(refused.status.code(), Some(2), "{words}");
    for code in ["E_RUN_KEY", "E_AGENT_UNKNOWN"] {
        assert!(words.contains(code) && document.contains(code), "{code}: {words}\n{document}");
    }
    assert!(document.starts_with(r#"{"errors":[{"#), "{document}");
}

/// A server that knows one run, `known`, which has no items.
fn restate() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 4096];
            let read = stream.read(&mut asked).unwrap_or_default();
            let body = match String::from_utf8_lossy(&asked[..read]).contains("/query") {
                true => r#"{"rows":[{"target_service_key":"known","status":"running"}]}"#,
                false => "[]",
            };
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    port
}

#[test]
fn a_run_that_is_not_there_has_no_items() {
    let file = format!("{}/items.toml", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&file, NOBODY.replacen("127.0.0.1:1\"", &format!("127.0.0.1:{}\"", restate()), 2)).expect("a file");
    let (code, words) = called(&["--config", &file, "items", "unknown"]);
    assert!(code == Some(2) && words.contains("E_NO_RUN"), "{code:?}: {words}");
    assert_eq!(called(&["--config", &file, "items", "known"]), (Some(0), String::new()));
}
