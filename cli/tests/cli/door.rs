//! `--backend openclaw`, against a gateway that speaks the protocol of the door.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use super::door_server::{FakeGateway, TOKEN};
use super::{Ran, command, file, path, ran};
use crate::requests_of::many;

/// A token, an address and more options; the exit code, the error's code, and a part of its words.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], i32, &'a str, &'a str);

fn native(token: &str, arguments: &[&str]) -> Command {
    let mut command = command(&[arguments, &["--engine", "native", "--progress", "off"]].concat());
    command.env("XDG_STATE_HOME", path("state-door")).env("OPENCLAW_GATEWAY_TOKEN", token);
    command
}

fn run(token: &str, base: &str, request: &str, more: &[&str]) -> Ran {
    let mut command = native(token, &[&["run", "-", "--json", "--gateway", base], more].concat());
    ran(&mut command, request.as_bytes())
}

/// Tasks of which any answer will do.
fn tasks(count: usize) -> String {
    let task = |nth: usize| {
        json!({ "task_id": format!("t{nth}"), "agent_type": "content_writer_funny", "output_format": "text",
            "task_description": "Say it.", "input_data": { "topic": "tides" } })
    };
    json!({ "tasks": (1..=count).map(task).collect::<Vec<_>>() }).to_string()
}

fn completed(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    ran.json()["census"]["completed"].clone()
}

/// Each key was spawned once, however often it was asked for.
fn distinct(gateway: &FakeGateway) -> usize {
    let mut keys = gateway.asked();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), gateway.sessions());
    keys.len()
}

#[test]
fn a_run_has_its_sessions_in_a_gateway() {
    let gateway = FakeGateway::start(&json!({ "max_concurrent": 3 }));
    let told = run(TOKEN, &gateway.base, &tasks(7), &[]);
    assert_eq!((completed(&told), distinct(&gateway), gateway.asked().len()), (json!(7), 7, 7));
    let report = told.json();
    assert!(report["peak_in_flight"].as_u64().is_some_and(|peak| (1..=3).contains(&peak)), "{report}");
    let first = &report["results"][0];
    let said = first["output"]["text"].as_str().or(first["output"].as_str()).unwrap_or_default();
    assert!(said.starts_with("Answer of agent:main:subagent:"), "{first}");
    assert_eq!(first["metadata"]["model_applied"], "sim/standard");
    assert!(told.err.contains("parallel-agents resume") && told.err.contains(&format!("--gateway {}", gateway.base)));
    assert!(!told.err.contains(TOKEN) && !told.out.contains(TOKEN));
    // The component itself, and with fewer at once than the gateway has.
    let more = [
        "run",
        "-",
        "--json",
        "--backend",
        "openclaw",
        "--gateway",
        &gateway.base,
        "--host-cap",
        "1",
        "--progress",
        "off",
    ];
    let mut component = command(&more);
    component.env("XDG_STATE_HOME", path("state-door")).env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    let told = ran(&mut component, tasks(2).as_bytes());
    assert_eq!((completed(&told), &told.json()["peak_in_flight"]), (json!(2), &json!(1)));
}

#[test]
fn what_is_wrong_with_a_gateway_is_said_before_anything_is_run() {
    let gateway = FakeGateway::start(&json!({}));
    let old = FakeGateway::start(&json!({ "protocol": 2, "versions": { "plugin": "9.9.9" } }));
    let base = gateway.base.as_str();
    let cases: [Case<'_>; 6] = [
        ("another-token-0123", base, &[], 2, "E_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_TOKEN"),
        ("", base, &[], 2, "E_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_TOKEN"),
        (TOKEN, base, &["--door", "agent:main:other"], 2, "E_NO_DOOR", "Tool not available"),
        (TOKEN, &old.base, &[], 2, "E_DOOR_VERSION", "9.9.9"),
        (TOKEN, "http://user:hush@127.0.0.1:1", &[], 2, "E_GATEWAY_ADDRESS", "more than a place"),
        (TOKEN, "http://127.0.0.1:1", &[], 3, "E_HOST", "cannot be reached"),
    ];
    for (token, base, more, code, name, words) in cases {
        let told = run(token, base, &tasks(1), more);
        let error = &told.json()["error"];
        assert_eq!((told.code, &error["code"]), (code, &json!(name)), "{} {}", told.out, told.err);
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(token.is_empty() || !told.out.contains(token) && !told.err.contains(token), "{}", told.out);
        assert!(!told.out.contains("hush") && !told.err.contains("hush"), "{}", told.out);
    }
    assert_eq!((gateway.sessions(), old.sessions()), (0, 0));
    for wrong in [&["--base-url", "http://127.0.0.1:1/v1"][..], &["--backend", "script"], &["--backend", "openai"]] {
        assert_eq!(run(TOKEN, base, &tasks(1), wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(ran(&mut native(TOKEN, &["run", "-", "--backend", "openclaw"]), tasks(1).as_bytes()).code, 2);
}

#[test]
fn a_connection_that_is_cut_in_a_spawn_is_one_session() {
    let gateway = FakeGateway::start(&json!({}));
    gateway.cut_spawn(2);
    let told = run(TOKEN, &gateway.base, &tasks(3), &[]);
    assert_eq!((completed(&told), distinct(&gateway)), (json!(3), 3));
    let asked = gateway.asked();
    assert!(asked.len() == 4 && asked.iter().filter(|key| **key == asked[1]).count() == 2, "{asked:?}");
}

#[test]
fn a_run_that_is_killed_goes_on_with_the_sessions_that_it_had() {
    let gateway = FakeGateway::start(&json!({}));
    gateway.hold(true);
    let journal = path("door.journal");
    let _ = fs::remove_file(&journal);
    let request = file("door-request.json", tasks(4));
    let arguments = ["run", &request, "--json", "--gateway", &gateway.base, "--journal", &journal];
    let mut program = native(TOKEN, &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    gateway.wait_for(4);
    program.kill().expect("it runs");
    program.wait().expect("it has ended");
    let simulated = ran(&mut native(TOKEN, &["resume", &journal, "--json"]), b"");
    let error = &simulated.json()["error"];
    assert!(simulated.code == 2 && error.to_string().contains("--gateway"), "{}", simulated.out);
    gateway.hold(false);
    let told = ran(&mut native(TOKEN, &["resume", &journal, "--json", "--gateway", &gateway.base]), b"");
    assert_eq!((completed(&told), distinct(&gateway), gateway.cancelled()), (json!(4), 4, 0));
    let replayed = ran(&mut command(&["replay", &journal, "--json", "--engine", "native"]), b"").json();
    assert_eq!((&replayed["complete"], &replayed["reply"]), (&json!(true), &told.json()));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_stops_its_sessions() {
    let gateway = FakeGateway::start(&json!({}));
    gateway.hold(true);
    let request = file("door-stopped.json", tasks(3));
    let mut program = native(TOKEN, &["run", &request, "--json", "--gateway", &gateway.base]);
    let program = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    gateway.wait_for(3);
    let id = program.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill is there").success());
    let output = thread::spawn(move || program.wait_with_output()).join().expect("it ended").expect("it is read");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(
        (output.status.code(), &report["census"]["cancelled"], gateway.cancelled()),
        (Some(1), &json!(3), 3),
        "{report}"
    );
}

#[test]
fn the_operator_of_the_gateway_limits_runs_from_outside_too() {
    let limits = json!({ "tokens": null, "micro_usd": null, "spawns": 2, "seconds": null, "session_tokens": null, "tasks": 3,
        "prices": {} });
    let gateway = FakeGateway::start(&json!({ "limits": limits }));
    let many = run(TOKEN, &gateway.base, &many(4, ""), &[]);
    assert!(many.code == 2 && many.out.contains("E_TASK_COUNT") && gateway.sessions() == 0, "{}", many.out);
    let few = run(TOKEN, &gateway.base, &tasks(3), &[]);
    assert_eq!((few.code, &few.json()["census"]["completed"], gateway.sessions()), (1, &json!(2), 2), "{}", few.out);
}
