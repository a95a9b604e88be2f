//! `init`, `doctor`, `help`, `completions`, `man`: what somebody meets first.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::{command, ran, sim};

#[test]
fn what_init_writes_runs_as_it_is() {
    let place = tempfile::tempdir().expect("a directory");
    let mut init = command(&["init"]);
    let made = ran(init.current_dir(place.path()), b"");
    assert_eq!(made.code, 0, "{}", made.err);
    let first = made.out.lines().next().expect("a command");
    let words: Vec<&str> = first.split_whitespace().skip(1).collect();
    assert_eq!(words.first(), Some(&"run"), "{first}");
    let mut run = command(&[&words[..], &["--json"]].concat());
    let ran_as_is = ran(run.current_dir(place.path()), b"");
    assert_eq!((ran_as_is.code, ran_as_is.err.as_str()), (0, ""));
    let report = ran_as_is.json();
    assert_eq!((&report["census"]["tasks"], &report["census"]["completed"]), (&json!(2), &json!(2)));
    assert_eq!(report["results"][0]["agent_type"], "tide_reader", "its own agent type is used");

    let request = place.path().join("request.jsonc");
    fs::write(&request, "{} // mine").expect("a file");
    let again = ran(command(&["init"]).current_dir(place.path()), b"");
    assert!(again.code == 2 && again.err.contains("is there already"), "{}", again.err);
    assert_eq!(fs::read_to_string(&request).expect("the file"), "{} // mine");
    let no_directory = ran(command(&["init", "request.jsonc"]).current_dir(place.path()), b"");
    assert!(no_directory.code == 2 && no_directory.err.contains("is no directory"), "{}", no_directory.err);
    let elsewhere = ran(command(&["init", "other"]).current_dir(place.path()), b"");
    assert!(elsewhere.code == 0 && place.path().join("other/agents/tide_reader.md").is_file(), "{}", elsewhere.err);
}

/// The doctor where nothing but the program is.
fn doctor(change: impl FnOnce(&mut Command)) -> (i32, Value) {
    let place = tempfile::tempdir().expect("a directory");
    let mut doctor = command(&["doctor", "--json"]);
    doctor
        .env("HOME", place.path())
        .env("PATH", place.path())
        .env("OLLAMA_HOST", "127.0.0.1:9")
        .env("LLAMA_ARG_PORT", "9");
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH"] {
        doctor.env_remove(name);
    }
    change(&mut doctor);
    let ran = ran(&mut doctor, b"");
    assert_eq!(ran.err, "");
    (ran.code, ran.json())
}

fn state(document: &Value, name: &str) -> String {
    let checks = document["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {document}"));
    assert_eq!(check["hint"].is_null(), check["state"] == "ok", "what is not well has a hint: {check}");
    check["state"].as_str().expect("a word").to_owned()
}

#[test]
fn the_doctor_says_what_works_and_what_does_not() {
    let (code, document) = doctor(|_| ());
    assert_eq!((code, &document["works"]), (0, &json!(true)), "{document}");
    for name in ["program", "component", "code cache"] {
        assert_eq!(state(&document, name), "ok", "{name}");
    }
    for name in ["Ollama", "llama.cpp", "OpenClaw", "OpenClaw config", "OpenClaw plugin", "Node"] {
        assert_eq!(state(&document, name), "missing", "{name}");
    }
    let (code, document) = doctor(|doctor| {
        doctor.args(["--component", "/dev/null"]);
    });
    assert_eq!((code, &document["works"], state(&document, "component").as_str()), (1, &json!(false), "broken"));
    let (code, document) = doctor(|doctor| {
        doctor.env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    });
    assert_eq!((code, state(&document, "OPENAI_BASE_URL").as_str()), (1, "broken"));
}

#[test]
fn topics_have_the_long_texts() {
    for (topic, words) in [
        ("exit-codes", "129, 130, 143"),
        ("journals", "E_JOURNAL_LOCKED"),
        ("models", "OPENAI_BASE_URL"),
        ("agent-files", "never cut"),
        ("run", "--host-cap"),
    ] {
        let help = sim(&["help", topic]);
        assert!(help.code == 0 && help.out.contains(words), "{topic}: {}{}", help.out, help.err);
    }
    let nested = sim(&["help", "agents", "check"]);
    assert!(nested.code == 0 && nested.out.contains("Copilot"), "{}", nested.out);
    let wrong = sim(&["help", "jurnals"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.contains("did you mean journals?"), "{}", wrong.err);
}

#[test]
fn completions_and_manual_pages_are_printed() {
    for (shell, words) in
        [("bash", "complete -F"), ("zsh", "#compdef parallel-agents"), ("fish", "complete -c parallel-agents")]
    {
        let script = sim(&["completions", shell]);
        assert!(script.code == 0 && script.out.contains(words), "{shell}: {}", script.err);
    }
    let page = sim(&["man"]);
    assert!(page.code == 0 && page.out.contains(".TH parallel-agents 1"), "{}", page.out);
    let of_run = sim(&["man", "run"]);
    assert!(of_run.code == 0 && of_run.out.contains("\\-\\-host\\-cap"), "{}", of_run.out);
}
