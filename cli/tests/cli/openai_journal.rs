//! Journals of runs on a model server: kept by themselves, and gone on with.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::openai::Server;
use super::{Ran, command, file, path, ran};
use crate::requests_of::many;

/// The program with a place of its own for journals, empty at first.
fn native(state: &str, arguments: &[&str]) -> Command {
    let quiet: &[&str] = if arguments[0] == "replay" { &[] } else { &["--progress", "off"] };
    let mut command = command(&[arguments, &["--engine", "native"], quiet].concat());
    command.env("XDG_STATE_HOME", path(state)).env_remove("OPENAI_API_KEY");
    command
}

fn empty(state: &str) {
    let _ = fs::remove_dir_all(path(state));
}

/// The journals in a place, whose last part nobody chose.
fn journals(state: &str) -> Vec<String> {
    let place = format!("{}/parallel-agents", path(state));
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").path().to_str().expect("a path").to_owned()).collect()
}

fn one_model(name: &str) -> String {
    file(name, "version = 1\ndefault_model = \"sim/standard\"\n[models.\"sim/standard\"]\n")
}

fn run(state: &str, base: &str, more: &[&str]) -> Ran {
    ran(&mut native(state, &[&["run", "-", "--json", "--base-url", base], more].concat()), many(3, "").as_bytes())
}

#[test]
fn a_run_on_a_server_keeps_a_journal_without_being_asked() {
    let server = Server::start(&one_model("state.toml"));
    empty("state-kept");
    let told = run("state-kept", &server.base, &[]);
    assert_eq!((told.code, &told.json()["census"]["completed"]), (0, &json!(3)), "{}", told.err);
    let kept = journals("state-kept");
    let [journal] = kept.as_slice() else { panic!("{kept:?}") };
    // Where it is, and how to go on from it.
    let command = format!("parallel-agents resume \\\n    {journal} \\\n    --base-url {}\n", server.base);
    let words = format!("journal: {journal}\n  if the run is cut off: {command}");
    assert!(told.err.contains(&words), "{}", told.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let rights = |path: &str| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((rights(journal), rights(&format!("{}/parallel-agents", path("state-kept")))), (0o600, 0o700));
    }
    // Its call came back, so that the same reply comes of it, and nobody is asked for anything.
    drop(server);
    let again = ran(&mut native("state-kept", &["replay", journal, "--json"]), b"");
    assert_eq!((again.code, &again.json()["reply"]), (0, &told.json()), "{}", again.err);
}

#[test]
fn no_journal_is_left_where_none_is_wanted() {
    let server = Server::start(&one_model("state.toml"));
    empty("state-none");
    assert_eq!(run("state-none", &server.base, &["--no-journal"]).code, 0);
    let own = path("own.journal");
    let _ = fs::remove_file(&own);
    let told = run("state-none", &server.base, &["--journal", &own]);
    assert!(told.code == 0 && told.err.contains(&own), "{}", told.err);
    assert!(fs::read_to_string(&own).expect("a journal").lines().count() > 3);
    // A function that runs nothing, a request that is refused, and a simulated run.
    let base = ["--base-url", server.base.as_str()];
    assert_eq!(ran(&mut native("state-none", &[&["call", "versions"], &base[..]].concat()), b"").code, 0);
    assert_eq!(ran(&mut native("state-none", &[&["run", "-"], &base[..]].concat()), b"{}").code, 2);
    assert_eq!(ran(&mut native("state-none", &["run", "-"]), many(1, "").as_bytes()).code, 0);
    assert_eq!(journals("state-none"), [""; 0]);
    let both = run("state-none", &server.base, &["--no-journal", "--journal", &own]);
    assert_eq!(both.code, 2, "{}", both.err);
}

#[test]
fn a_place_that_cannot_be_written_is_a_warning() {
    let server = Server::start(&one_model("state.toml"));
    let state = file("state-is-a-file", "x");
    let mut program = native("unused", &["run", "-", "--json", "--base-url", &server.base]);
    let told = ran(program.env("XDG_STATE_HOME", &state), many(1, "").as_bytes());
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.err.contains("warning: no journal is kept") && told.err.contains("--journal FILE"), "{}", told.err);
}

/// A server that answers each completion with its number, and how many it was asked for.
fn counting() -> (String, Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>) {
    let (asked, keys) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let (count, heads) = (asked.clone(), keys.clone());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = vec![0; 1 << 16];
            let length = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let nth = count.fetch_add(1, Ordering::SeqCst) + 1;
            heads.lock().expect("nobody panicked").push(head);
            let body = json!({ "model": "m", "choices": [{ "message": { "content": format!("Answer {nth}.") },
                "finish_reason": "stop" }], "usage": { "prompt_tokens": 9, "completion_tokens": 3 } });
            let body = body.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (base, asked, keys)
}

/// Three tasks in a row, for text.
fn in_a_row() -> String {
    let task = |nth: usize| {
        json!({ "task_id": format!("t{nth}"), "agent_type": "content_writer_funny", "output_format": "text",
            "task_description": "Say it.", "input_data": { "topic": "tides" },
            "dependencies": if nth == 1 { vec![] } else { vec![format!("t{}", nth - 1)] } })
    };
    json!({ "tasks": [task(1), task(2), task(3)] }).to_string()
}

#[test]
fn a_run_goes_on_from_every_line_of_its_journal_and_asks_for_nothing_that_had_ended() {
    let (base, asked, _) = counting();
    let journal = path("lines.journal");
    let _ = fs::remove_file(&journal);
    let server = ["--base-url", base.as_str(), "--model", "m"];
    let start = [&["run", "-", "--json", "--journal", &journal], &server[..]].concat();
    let whole = ran(&mut native("state-lines", &start), in_a_row().as_bytes());
    assert_eq!((whole.code, asked.load(Ordering::SeqCst)), (0, 3), "{}", whole.err);
    let text = fs::read_to_string(&journal).expect("a journal");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for kept in 3..=lines.len() {
        let before = lines[..kept].concat();
        let ended = before.matches("\"Answer ").count();
        let cut = file("lines-cut.journal", &before);
        asked.store(10 * kept, Ordering::SeqCst);
        let told = ran(&mut native("state-lines", &[&["resume", &cut, "--json"], &server[..]].concat()), b"");
        assert_eq!(told.code, 0, "{kept}: {}", told.err);
        let report = told.json();
        assert_eq!(report["census"]["completed"], 3, "{kept}: {report}");
        assert_eq!(
            asked.load(Ordering::SeqCst) - 10 * kept,
            3 - ended,
            "{kept}: what had ended is not asked for again"
        );
        for (nth, result) in report["results"].as_array().expect("results").iter().enumerate().take(ended) {
            assert_eq!(
                result["output"]["text"].as_str().or(result["output"].as_str()),
                Some(&*format!("Answer {}.", nth + 1))
            );
        }
        assert_eq!(report["leaked"], json!([]), "{kept}");
        // The journal is whole again, and says the same.
        let replayed = ran(&mut native("state-lines", &["replay", &cut, "--json"]), b"").json();
        assert_eq!((&replayed["complete"], &replayed["reply"]), (&json!(true), &report), "{kept}");
    }
}

#[test]
fn a_run_goes_on_where_it_began() {
    let (base, ..) = counting();
    let journal = path("kind.journal");
    let _ = fs::remove_file(&journal);
    let server = ["--base-url", base.as_str(), "--model", "m"];
    let start = [&["run", "-", "--journal", &journal], &server[..]].concat();
    assert_eq!(ran(&mut native("state-kind", &start), in_a_row().as_bytes()).code, 0);
    let text = fs::read_to_string(&journal).expect("a journal");
    let half = file("kind-half.journal", text.split_inclusive('\n').take(4).collect::<String>());
    let simulated = ran(&mut native("state-kind", &["resume", &half, "--json"]), b"");
    let error: Value = simulated.json()["error"].clone();
    assert_eq!((simulated.code, &error["code"]), (2, &json!("E_BASE_URL")), "{}", simulated.err);
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("--base-url")), "{error}");
    let own = path("kind-simulated.journal");
    let _ = fs::remove_file(&own);
    assert_eq!(ran(&mut native("state-kind", &["run", "-", "--journal", &own]), many(1, "").as_bytes()).code, 0);
    let told = ran(&mut native("state-kind", &[&["resume", &own], &server[..]].concat()), b"");
    assert!(told.code == 2 && told.err.contains("a simulated run"), "{}", told.err);
}
