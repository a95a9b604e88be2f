//! `review` and `run --backend openai` on a server that nobody named.

use std::net::{TcpListener, TcpStream};
use std::process::Command;

use serde_json::json;

use super::openai::{Server, one_model};
use super::{Ran, command, file, ran};
use crate::requests_of::many;

const CODE: &str = "def average(reviews, cache={}):\n    return eval(reviews[0]) / len(reviews)\n";

/// A port of this machine on which nobody listens any more.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// The program in an environment that names no server, and in which no usual port is one.
fn program(arguments: &[&str]) -> Command {
    without_servers(command(&[arguments, &["--engine", "native"]].concat()))
}

fn without_servers(mut command: Command) -> Command {
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL"] {
        command.env_remove(name);
    }
    command.env("OLLAMA_HOST", format!("127.0.0.1:{}", closed_port())).env("LLAMA_ARG_PORT", closed_port().to_string());
    command
}

fn review(name: &str, change: impl FnOnce(&mut Command), more: &[&str]) -> Ran {
    let code = file(name, CODE);
    let mut command = program(&[&["review", &code, "--no-journal", "--progress", "off"], more].concat());
    change(&mut command);
    ran(&mut command, b"")
}

#[test]
fn a_server_of_this_machine_is_found_and_not_asked_about() {
    let server = Server::start(&one_model("found-one.toml", ""));
    let host = server.base.trim_end_matches("/v1").to_owned();
    let ran = review(
        "found1.py",
        |command| {
            command.env("OLLAMA_HOST", host);
        },
        &[],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("Verdicts:") && !ran.out.contains("scripted:"), "{}", ran.out);
    assert!(ran.err.contains(&format!("server: {} (Ollama), model standard", server.base)), "{}", ran.err);
    assert!(ran.err.contains("forecast: 5 sessions and about ") && ran.err.contains("; no money"), "{}", ran.err);
}

#[test]
fn the_server_of_the_environment_is_the_only_one() {
    let server = Server::start(&one_model("found-named.toml", ""));
    let (base, host) = (server.base.clone(), server.base.trim_end_matches("/v1").to_owned());
    let named = review(
        "found2.py",
        |command| {
            command.env("OPENAI_BASE_URL", base);
        },
        &[],
    );
    assert!(named.code == 0 && named.err.contains("(OPENAI_BASE_URL), model"), "{}", named.err);
    let gone = format!("http://127.0.0.1:{}/v1", closed_port());
    let lost = review(
        "found3.py",
        |command| {
            command.env("OPENAI_BASE_URL", &gone).env("OLLAMA_HOST", host);
        },
        &["--json"],
    );
    assert_eq!((lost.code, &lost.json()["error"]["code"]), (3, &json!("E_NO_MODEL_SERVER")), "{}", lost.err);
    assert!(lost.err.contains(&gone) && !lost.err.contains("Ollama"), "{}", lost.err);
}

#[test]
fn without_a_server_it_says_where_it_looked_and_what_to_do() {
    let none = review("found4.py", |_| (), &[]);
    assert_eq!((none.code, none.out.as_str()), (3, ""), "{}", none.err);
    for words in
        ["no model server was found", "Ollama at http://127.0.0.1:", "llama.cpp at ", "hint: ", "--backend script"]
    {
        assert!(none.err.contains(words), "{words:?} is missing in\n{}", none.err);
    }
    assert!(!none.err.contains("client error") && !none.err.contains("cannot be asked"), "{}", none.err);
    let scripted = review("found5.py", |_| (), &["--backend", "script"]);
    assert!(scripted.code == 0 && scripted.out.contains("scripted:"), "{}", scripted.err);
}

#[test]
fn nothing_is_spent_where_nobody_can_be_asked() {
    // An address that is not this machine's, as far as the program can tell, and that reaches the server all the same.
    let server = Server::start(&one_model("found-remote.toml", ""));
    let port = server.base.trim_start_matches("http://127.0.0.1:").to_owned();
    let base = format!("http://0.0.0.0:{port}");
    let change = |command: &mut Command| {
        command.env("OPENAI_BASE_URL", &base).env("NO_PROXY", "*");
    };
    let refused = review("found6.py", change, &["--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (2, &json!("E_NOT_CONFIRMED")), "{}", refused.err);
    assert!(refused.json()["error"]["hint"].as_str().is_some_and(|hint| hint.contains("--yes")), "{}", refused.out);
    assert!(refused.err.contains("what that costs is up to"), "{}", refused.err);
    let agreed = review("found7.py", change, &["--yes"]);
    assert_eq!(agreed.code, 0, "{}", agreed.err);
    let named = review("found8.py", change, &["--base-url", &base]);
    assert!(named.code == 0 && !named.err.contains("forecast:"), "who names a server is not asked: {}", named.err);
}

#[test]
fn a_key_goes_to_no_server_that_only_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let heard = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        let length = stream.read(&mut request).expect("a request");
        let body = r#"{"data": [{"id": "a"}, {"id": "b"}]}"#;
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).expect("an answer");
        String::from_utf8_lossy(&request[..length]).to_lowercase()
    });
    let mut doctor = command(&["doctor", "--json"]);
    doctor.env_remove("OPENAI_BASE_URL").env("OPENAI_API_KEY", "sk-canary-123456").env("OLLAMA_HOST", &host);
    // The key's own server is out of reach.
    doctor.env("HTTPS_PROXY", format!("http://127.0.0.1:{}", closed_port()));
    let ran = ran(&mut doctor, b"");
    // If the program never came, this ends the wait; after it, nobody listens any more.
    drop(TcpStream::connect(&host));
    let request = heard.join().expect("it was asked");
    assert!(request.starts_with("get /v1/models") && !request.contains("canary"), "{request}");
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{}{}", ran.out, ran.err);
    let document = ran.json();
    let check = |name: &str| {
        let checks = document["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {document}")).clone()
    };
    assert_eq!((ran.code, &check("OPENAI_API_KEY")["state"]), (1, &json!("broken")), "{document}");
    assert!(check("Ollama")["found"].as_str().is_some_and(|found| found.ends_with("2 models: a, b")), "{document}");
}

#[test]
fn a_request_that_is_refused_is_told_so_before_any_server_is_looked_for() {
    let mut run = program(&["run", "-", "--backend", "openai", "--json"]);
    let refused = ran(&mut run, br#"{"tasks": []}"#);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (2, &json!("E_TASK_COUNT")));
    let mut run = program(&["run", "-", "--backend", "openai", "--json"]);
    let lost = ran(&mut run, many(1, "").as_bytes());
    assert_eq!((lost.code, &lost.json()["error"]["code"]), (3, &json!("E_NO_MODEL_SERVER")));
}

/// The tasks of a request on a server of the environment.
fn run_at(base: &str, request: &str, more: &[&str]) -> Ran {
    let mut run = program(&[&["run", "-", "--backend", "openai", "--no-journal", "--json"], more].concat());
    ran(run.env("OPENAI_BASE_URL", base).env("NO_PROXY", "*"), request.as_bytes())
}

#[test]
fn a_named_server_that_lists_no_models_is_taken_with_a_named_model() {
    let lost = Server::start(&one_model("found-lost.toml", "[wire]\nquirk = \"no_such_path\"\n"));
    let taken = run_at(&lost.base, &many(1, ""), &["--model", "m"]);
    assert!(taken.err.contains("(OPENAI_BASE_URL), model m"), "{}", taken.err);
    assert_eq!((taken.code, &taken.json()["census"]["failed"]), (1, &json!(1)), "it was asked: {}", taken.out);
    let nobody_says = run_at(&lost.base, &many(1, ""), &[]);
    assert_eq!((nobody_says.code, &nobody_says.json()["error"]["code"]), (3, &json!("E_NO_MODEL_SERVER")));
    assert!(nobody_says.json()["error"]["hint"].to_string().contains("--model NAME"), "{}", nobody_says.out);
    let page = Server::start(&one_model("found-page.toml", "[wire]\nquirk = \"page_in_200\"\n"));
    let refused = run_at(&page.base, &many(1, ""), &["--model", "m"]);
    assert_eq!(refused.json()["error"]["code"], "E_NO_MODEL_SERVER", "a page is no model server: {}", refused.out);
}

#[test]
fn the_price_that_is_agreed_to_is_that_of_the_models_that_are_run() {
    let server = Server::start(&one_model("found-price.toml", ""));
    let base = server.base.replace("127.0.0.1", "0.0.0.0");
    let prices = r#""prices": {"cheap": {"input": 1, "output": 1}, "dear": {"input": 100000, "output": 100000}}"#;
    let request = |model: &str| {
        let models = json!({ "economy": model, "standard": model, "premium": model });
        many(2, &format!("\"models\": {models}, {prices}"))
    };
    let agreed = |request: &str, more: &[&str]| {
        let refused = run_at(&base, request, &[&["--model", "dear"], more].concat());
        assert_eq!(refused.json()["error"]["code"], "E_NOT_CONFIRMED", "{}", refused.out);
        let line = refused.err.lines().find(|line| line.starts_with("forecast: ")).unwrap_or_default().to_owned();
        assert!(line.contains("at most $"), "{}", refused.err);
        line
    };
    let tiers = ["economy", "standard", "premium"].map(|tier| format!("{tier}=dear"));
    let tiers: Vec<&str> = tiers.iter().flat_map(|tier| ["--tier", tier]).collect();
    assert_eq!(agreed(&request("cheap"), &tiers), agreed(&request("dear"), &[]));
    assert_ne!(agreed(&request("cheap"), &tiers), agreed(&request("cheap"), &[]));
}

#[test]
fn a_server_that_loads_its_model_is_taken_and_waited_for() {
    // It loads for a second and a half after it was asked for the first time.
    let server = Server::start_at("20", &one_model("found-loads.toml", "[wire]\nquirk = \"model_loads\"\n"));
    let port = server.base.trim_end_matches("/v1").rsplit(':').next().expect("a port").to_owned();
    let mut doctor = without_servers(command(&["doctor", "--json"]));
    doctor.env("LLAMA_ARG_PORT", &port);
    let told = ran(&mut doctor, b"");
    assert!(told.out.contains("is not ready yet") && told.out.contains("Loading model"), "{}", told.out);
    let server = Server::start_at("20", &one_model("found-loads.toml", "[wire]\nquirk = \"model_loads\"\n"));
    let port = server.base.trim_end_matches("/v1").rsplit(':').next().expect("a port").to_owned();
    let mut run = program(&["run", "-", "--backend", "openai", "--no-journal", "--json"]);
    let waited = ran(run.env("LLAMA_ARG_PORT", &port), many(1, "").as_bytes());
    assert_eq!(waited.code, 0, "{}", waited.err);
    assert!(waited.err.contains(&format!("waiting for the server at {}: ", server.base)), "{}", waited.err);
    assert!(waited.err.contains("(llama.cpp), model standard"), "{}", waited.err);
}
