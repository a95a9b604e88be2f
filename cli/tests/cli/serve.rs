//! `serve-model`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use super::{command, sim};

#[test]
fn the_server_says_where_it_listens_and_answers_there() {
    let mut server = command(&["serve-model", "--speed", "1000"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let mut out = BufReader::new(server.stdout.take().expect("standard output is piped"));
    out.read_line(&mut line).expect("it prints a line");
    let said: Value = serde_json::from_str(&line).expect("the line is JSON");
    let address = said["address"].as_str().expect("an address").to_owned();
    assert_eq!(said["base_url"], format!("http://{address}/v1"));

    let body = r#"{"model": "sim/standard", "messages": [{"role": "user", "content": "Hello"}]}"#;
    let mut stream = TcpStream::connect(&address).expect("it listens");
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("it takes a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it answers");
    server.kill().expect("it can be ended");
    server.wait().expect("it ended");
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(response.contains("\"assistant\""), "{response}");
}

#[test]
fn only_loopback_addresses_are_served() {
    let ran = sim(&["serve-model", "--listen", "0.0.0.0:0"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("loopback"), "{}", ran.err);
}

#[test]
fn habits_of_other_servers_are_named_and_played() {
    let listed = sim(&["serve-model", "--list-quirks"]);
    assert_eq!((listed.code, listed.err.as_str()), (0, ""));
    assert!(listed.out.lines().any(|line| line.starts_with("model_loads ")), "{}", listed.out);
    let unknown = sim(&["serve-model", "--quirk", "model_load"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("did you mean model_loads"), "{}", unknown.err);
    let script = super::file("quirk.toml", "version = 1\n[wire]\nquirk = \"model_load\"\n");
    let unknown = sim(&["serve-model", "--script", &script]);
    assert!(unknown.code == 2 && unknown.err.contains("/wire/quirk"), "{}", unknown.err);
}
