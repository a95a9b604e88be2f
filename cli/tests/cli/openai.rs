//! `--backend openai`, `--record` and `what-if`, against the model server of the same program.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use super::{Ran, command, file, path, ran};
use crate::requests_of::many;

/// A model server that runs until it is dropped.
pub struct Server {
    child: Child,
    pub base: String,
}

impl Server {
    /// Serves a script, ten thousand times faster than it says.
    pub fn start(script: &str) -> Self {
        Self::start_at("10000", script)
    }

    /// Serves a script so many times faster than it says.
    pub fn start_at(speed: &str, script: &str) -> Self {
        let mut serve = command(&["serve-model", "--speed", speed, "--script", script]);
        let mut child = serve.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("standard output is piped");
        BufReader::new(out).read_line(&mut line).expect("it prints a line");
        let said: Value = serde_json::from_str(&line).expect("the line is JSON");
        Self { child, base: said["base_url"].as_str().expect("an address").to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A script with one model, so that nobody has to name one.
pub fn one_model(name: &str, more: &str) -> String {
    file(name, format!("version = 1\ndefault_model = \"sim/standard\"\n[models.\"sim/standard\"]\n{more}"))
}

fn native(arguments: &[&str]) -> Command {
    let mut command = command(&[arguments, &["--engine", "native"]].concat());
    command.env_remove("OPENAI_API_KEY");
    command
}

#[test]
fn a_real_server_answers_and_its_run_can_be_gone_through_again() {
    let server = Server::start(&one_model("openai-one.toml", ""));
    let (request, tape) = (file("openai-run.json", many(6, "\"max_concurrent\": 3")), path("openai-run.jsonl"));
    let base = ["run", &request, "--backend", "openai", "--base-url", &server.base];
    let plain = ran(&mut native(&[&base[..], &["--record", &tape]].concat()), b"");
    assert_eq!(plain.code, 0, "{}", plain.err);
    assert!(plain.out.contains("Completed. 6 tasks") && !plain.out.contains("scripted:"), "{}", plain.out);
    assert!(!plain.out.contains("simulated time"), "{}", plain.out);
    let ends = plain.err.lines().filter(|line| line.contains(": completed (")).count();
    assert_eq!(ends, 6, "a line for each task that ends:\n{}", plain.err);

    let component = ran(&mut command(&[&base[..], &["--json", "--progress", "off", "--no-journal"]].concat()), b"");
    assert_eq!((component.code, component.err.as_str()), (0, ""));
    assert_eq!(component.json()["census"]["completed"], 6);

    let again = ran(&mut native(&["what-if", &tape]), b"");
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.contains("Every task ended as recorded, with the same output."), "{}", again.out);
    let wide = ran(&mut native(&["what-if", &tape, "--set", "max_concurrent=6,ladder=big", "--json"]), b"").json();
    assert_eq!((&wide["recorded"]["peak_in_flight"], &wide["what_if"]["peak_in_flight"]), (&json!(3), &json!(6)));
    assert!(wide["assumed"][0].as_str().is_some_and(|words| words.starts_with("6 sessions of big ")), "{wide}");
    for spelling in [["what-if", &tape, "--what-if"], ["replay", &tape, "--what-if"]] {
        let asked = [&spelling[..], &["max_concurrent=6,ladder=big", "--json"]].concat();
        assert_eq!(ran(&mut native(&asked), b"").json(), wide, "{spelling:?}");
    }
    let odd = ran(&mut native(&["what-if", &tape, "--set", "max_concurrent=many"]), b"");
    assert!(odd.code == 2 && odd.err.contains("max_concurrent"), "{}", odd.err);
    let cut = file("openai-cut.jsonl", "{}\n");
    let refused = ran(&mut native(&["what-if", &cut, "--json"]), b"");
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (2, &json!("E_RECORDING")));
}

#[test]
fn twenty_sessions_at_once_get_through_refusals() {
    // At the server's speed this is a wait of 300 ms, three times as long as the pauses that the request asks for.
    let (wait_ms, more) = (300, "max_concurrent = 16\n[wire]\nrate_limited = 60\nretry_after_seconds = 3000\n");
    let server = Server::start(&one_model("openai-limits.toml", more));
    let request = many(40, "\"max_concurrent\": 20, \"backoff\": {\"base_ms\": 100, \"max_ms\": 100}");
    let mut run = native(&["run", "-", "--json", "--backend", "openai", "--base-url", &server.base, "--seed", "7"]);
    let ran = ran(&mut run, request.as_bytes());
    let report = ran.json();
    assert_eq!((ran.code, &report["census"]["completed"]), (0, &json!(40)), "{}", ran.err);
    let mut refused = 0;
    for task in report["results"].as_array().expect("results") {
        for pair in task["metadata"]["attempt_log"].as_array().expect("attempts").windows(2) {
            let ms = |nth: usize, name: &str| pair[nth][name].as_u64().expect("a time");
            assert_eq!(pair[0]["error"]["code"], "E_RATE_LIMITED");
            assert!(ms(1, "started_ms") >= ms(0, "ended_ms") + wait_ms, "it did not wait: {pair:?}");
            refused += 1;
        }
    }
    assert!(refused > 0, "nothing was refused");
}

#[test]
fn tiers_are_models_of_the_server() {
    let script = file(
        "openai-tiers.toml",
        "version = 1\n[models.\"sim/small\"]\ntier = \"economy\"\n[models.\"sim/large\"]\ntier = \"premium\"\n",
    );
    let server = Server::start(&script);
    let run = |more: &[&str]| {
        let base = ["run", "-", "--json", "--base-url", &server.base];
        let request = many(3, "").replace("api_designer", "security_reviewer");
        ran(&mut native(&[&base[..], more].concat()), request.as_bytes())
    };
    let models = |ran: &Ran| -> Vec<String> {
        let report = ran.json();
        let results = report["results"].as_array().expect("results").clone();
        results.iter().map(|task| task["metadata"]["model_applied"].as_str().unwrap_or("none").to_owned()).collect()
    };
    let nobody_says_which = run(&[]);
    assert_eq!(nobody_says_which.code, 2);
    assert!(
        nobody_says_which.out.contains("E_MODEL_NAME") && nobody_says_which.out.contains("large, small"),
        "{}",
        nobody_says_which.out
    );
    assert_eq!(models(&run(&["--model", "small"])), ["small"; 3]);
    let tiered = run(&["--model", "small", "--tier", "economy=small", "--tier", "premium=large"]);
    assert_eq!(tiered.code, 0, "{}", tiered.err);
    assert_eq!(models(&tiered), ["small", "large", "small"], "the second one is not for the cheapest tier");
    let all = run(&["--tier", "economy=small", "--tier", "standard=large", "--tier", "premium=large"]);
    assert_eq!((all.code, models(&all)), (0, models(&tiered)), "nobody has to name one more: {}", all.err);
    let odd = run(&["--model", "small", "--tier", "huge=large"]);
    assert!(odd.code == 2 && odd.err.contains("economy, standard and premium"), "{}", odd.err);
}

#[test]
fn a_key_is_in_no_artefact() {
    // As long as the keys of projects are, so that some limits of texts fall into it.
    let key = &format!("sk-{}", "kingfisher-".repeat(15));
    // Repeats every request's head and body, in an error and in an answer by turns.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for (nth, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let mut head = vec![0; 1 << 16];
            let length = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let key: String = head.lines().filter(|line| line.to_lowercase().starts_with("authorization")).collect();
            let body = match nth % 2 {
                0 => json!({ "error": { "message": format!("I do not like {key}") } }),
                _ => json!({ "model": key, "choices": [{ "message": { "content": key }, "finish_reason": "stop" }] }),
            };
            let status = if nth % 2 == 0 { "401 Unauthorized" } else { "200 OK" };
            let body = body.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let [trace, tape, journal] = ["key.trace", "key.jsonl", "key.journal"].map(path);
    let mut artefacts = vec![trace.clone(), tape.clone(), journal.clone()];
    let mut said = Vec::new();
    for report in ["key.report.json", "key.report.html"].map(path) {
        let arguments = ["run", "-", "--backend", "openai", "--base-url", &base, "--model", "m", "--trace", &trace];
        let _ = fs::remove_file(&journal);
        let kept = ["--report", &report, "--record", &tape, "--journal", &journal];
        let mut run = native(&[&arguments[..], &kept].concat());
        run.env("OPENAI_API_KEY", key);
        let request = many(4, "\"max_concurrent\": 1, \"retries\": 0, \"corrections\": 0, \"breaker\": false");
        let ran = ran(&mut run, request.as_bytes());
        assert_eq!(ran.code, 1, "{}", ran.err);
        said.extend([("standard output".to_owned(), ran.out), ("standard error".to_owned(), ran.err)]);
        artefacts.push(report);
    }
    for path in artefacts {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        said.push((path, text));
    }
    for (place, text) in &said {
        assert!(!text.is_empty() && !text.contains("kingfisher"), "{place}: {text}");
    }
    // The server did get the key: its echo is there, without it.
    let is_echoed = |(place, text): &(String, String)| place.contains("standard") || text.contains("[key]");
    assert!(said.iter().all(is_echoed), "{said:?}");
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let cases: [&[&str]; 3] = [
        &["--backend", "openai", "--base-url", "http://h/v1", "--script", "x.toml"],
        &["--backend", "openai", "--base-url", "http://h/v1", "--clock", "virtual"],
        &["--model", "m"],
    ];
    for more in cases {
        let ran = ran(&mut native(&[&["run", "-"], more].concat()), b"{}");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{more:?}: {}", ran.err);
    }
    let addresses: [&[&str]; 2] = [&["http://me:hush@h/v1"], &["http://h/v1", "--backend", "script"]];
    for more in addresses {
        let ran = ran(&mut native(&[&["run", "-", "--json", "--base-url"], more].concat()), b"{}");
        assert!(ran.code == 2 && ran.out.contains("E_BASE_URL") && !ran.out.contains("hush"), "{more:?}: {}", ran.out);
    }
}

#[test]
fn a_server_that_does_not_say_its_models_is_blamed_for_what_it_did() {
    let answers = ["401 Unauthorized", "404 Not Found", "200 OK"];
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for (stream, status) in listener.incoming().zip(answers) {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 1 << 12]);
            let body = r#"{"data":[]}"#;
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    let asked = |base: &str, key: &str| {
        let mut run = native(&["run", "-", "--json", "--base-url", base]);
        let ran = ran(run.env("OPENAI_API_KEY", key), many(1, "").as_bytes());
        (ran.code, ran.json()["error"]["code"].as_str().unwrap_or_default().to_owned(), ran.out)
    };
    let wanted = [(2, "E_API_KEY"), (2, "E_BASE_URL"), (2, "E_MODEL_NAME")];
    for (status, (exit, code)) in answers.into_iter().zip(wanted) {
        let (came, told, out) = asked(&base, "");
        assert_eq!((came, told.as_str()), (exit, code), "{status}: {out}");
    }
    let (code, told, out) = asked(&base, "sk-kanärienvogel");
    assert!((code, told.as_str()) == (2, "E_API_KEY") && !out.contains("vogel"), "{out}");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gone = format!("http://{}/v1", listener.local_addr().expect("an address"));
    drop(listener);
    let (code, told, out) = asked(&gone, "");
    assert_eq!((code, told.as_str()), (3, "E_HOST"), "{out}");
}

#[test]
fn a_simulated_run_can_say_its_lines_too() {
    let mut run = native(&["run", "-", "--json", "--progress", "lines", "--seed", "3"]);
    let ran = ran(&mut run, many(3, "\"max_concurrent\": 2").as_bytes());
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.err);
}
