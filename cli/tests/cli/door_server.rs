//! A gateway with a door, as far as a program sees it: what it is asked, it does, and keeps for as long as the test lasts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub const TOKEN: &str = "kingfisher-0123456789";
pub const SESSION: &str = "agent:main:door";

/// A session of the gateway.
#[derive(Clone, Debug)]
struct Session {
    session_key: String,
    label: String,
    outcome: Option<&'static str>,
}

#[derive(Debug, Default)]
struct State {
    sessions: BTreeMap<String, Session>,
    /// The keys of all spawn requests, in their order.
    asked: Vec<String>,
    cancelled: Vec<String>,
    /// Which spawn request is carried out and not answered, counted from 1.
    cut: usize,
    /// Sessions do not end.
    held: bool,
    facts: Value,
}

/// The gateway; it serves until the tests end.
pub struct FakeGateway {
    pub base: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl FakeGateway {
    /// A gateway whose door tells `more` among its facts.
    pub fn start(more: &Value) -> Self {
        let mut facts = json!({
            "protocol": 1, "versions": { "plugin": "0.1.0", "node": "24.0.0" }, "session": SESSION, "most_live": 50,
            "max_concurrent": 8, "most_wait_seconds": 240, "reports_starts": true, "allowed_models": null,
            "allowed_agents": null, "load": { "live": 0, "runs": 0, "busy_permille": 1 },
            "limits": { "tokens": null, "micro_usd": null, "spawns": null, "seconds": null, "session_tokens": null,
                "tasks": null, "prices": {} },
        });
        for (name, value) in more.as_object().expect("an object") {
            facts[name] = value.clone();
        }
        let state = Arc::new((Mutex::new(State { facts, ..State::default() }), Condvar::new()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let served = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), served) = (stream, served.clone()) else { return };
                thread::spawn(move || serve(stream, &served));
            }
        });
        Self { base, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().expect("nobody panicked")
    }

    /// Carries out the nth spawn request, and closes the connection instead of an answer.
    pub fn cut_spawn(&self, nth: usize) {
        self.state().cut = nth;
    }

    /// Keeps sessions from ending, or lets them.
    pub fn hold(&self, held: bool) {
        self.state().held = held;
        self.state.1.notify_all();
    }

    /// Waits until so many sessions are there.
    pub fn wait_for(&self, sessions: usize) {
        let state = self.state();
        let limit = Duration::from_secs(60);
        let enough = self.state.1.wait_timeout_while(state, limit, |state| state.sessions.len() < sessions);
        assert!(!enough.expect("nobody panicked").1.timed_out(), "there are not {sessions} sessions");
    }

    pub fn sessions(&self) -> usize {
        self.state().sessions.len()
    }

    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    pub fn cancelled(&self) -> usize {
        self.state().cancelled.len()
    }
}

fn serve(mut stream: TcpStream, state: &(Mutex<State>, Condvar)) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let request: Value = serde_json::from_slice(&body).expect("JSON");
    let error = |kind: &str, message: &str| json!({ "ok": false, "error": { "type": kind, "message": message } });
    let (status, answer) = if !head.contains(&format!("Bearer {TOKEN}")) {
        (401, error("unauthorized", &format!("Unauthorized: {}", head.replace('\r', ""))))
    } else if request["sessionKey"] != SESSION || request["tool"] != "parallel_agents_door" {
        (404, error("not_found", "Tool not available: parallel_agents_door"))
    } else {
        match answer(&request["args"], state) {
            Some(Ok(result)) => {
                let details = json!({ "ok": true, "state": "done", "run_id": null, "result": result });
                (200, json!({ "ok": true, "result": { "content": [], "details": details } }))
            }
            Some(Err((code, kind))) => {
                let errors = [json!({ "code": code, "kind": kind, "message": "no", "path": "", "retryable": false })];
                let details = json!({ "ok": false, "state": "refused", "run_id": null, "errors": errors });
                (200, json!({ "ok": true, "result": { "content": [], "details": details } }))
            }
            None => return,
        }
    };
    let answer = answer.to_string();
    let length = answer.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
    );
}

type Answer = Option<Result<Value, (&'static str, &'static str)>>;

/// None: the connection is cut.
fn answer(args: &Value, (state, changed): &(Mutex<State>, Condvar)) -> Answer {
    let text = |name: &str| args[name].as_str().unwrap_or_default().to_owned();
    let mut now = state.lock().expect("nobody panicked");
    let key = text("key");
    Some(Ok(match args["action"].as_str().expect("an action") {
        "facts" => now.facts.clone(),
        "spawn" => {
            now.asked.push(key.clone());
            if now.cancelled.contains(&key) {
                return Some(Err(("E_DOOR_CANCELLED", "forbidden")));
            }
            let number = now.sessions.len();
            let session =
                Session { session_key: format!("agent:main:subagent:{number}"), label: text("label"), outcome: None };
            let session = now.sessions.entry(key).or_insert(session).clone();
            changed.notify_all();
            if now.asked.len() == now.cut {
                return None;
            }
            json!({ "session_key": session.session_key, "run_id": "run", "model": "sim/standard", "tool_free": false })
        }
        "wait" => waited(args, now, changed),
        "list" => listed(&text("search"), &now),
        "cancel" => {
            now.cancelled.push(key.clone());
            let session = now.sessions.get_mut(&key);
            let session_key = session.map(|session| {
                session.outcome = session.outcome.or(Some("cancelled"));
                session.session_key.clone()
            });
            changed.notify_all();
            json!({ "key": key, "cancelled": true, "session_key": session_key })
        }
        "delete" => json!({ "key": key, "deleted": true, "session_key": null }),
        _ => return Some(Err(("E_DOOR_REQUEST", "invalid"))),
    }))
}

/// The sessions that have begun, or those that have ended once there are any.
fn waited(args: &Value, mut now: MutexGuard<'_, State>, changed: &Condvar) -> Value {
    let keys: Vec<String> = serde_json::from_value(args["keys"].clone()).expect("keys");
    let started: Vec<String> = serde_json::from_value(args["started"].clone()).expect("keys");
    let is_new = |key: &&String| now.sessions.contains_key(*key) && !started.contains(key);
    let begun: Vec<String> = keys.iter().filter(is_new).cloned().collect();
    if begun.is_empty() {
        let limit = Duration::from_secs(args["timeout_seconds"].as_u64().expect("a time"));
        now = changed
            .wait_timeout_while(now, limit, |now| now.held && !keys.iter().any(|key| is_over(now, key)))
            .expect("nobody panicked")
            .0;
    }
    let held = now.held;
    let unknown = json!(keys.iter().filter(|key| !now.sessions.contains_key(*key)).collect::<Vec<_>>());
    let mut ended = Vec::new();
    for key in keys.iter().filter(|_| begun.is_empty()) {
        let Some(session) = now.sessions.get_mut(key) else { continue };
        if !held {
            session.outcome = session.outcome.or(Some("completed"));
        }
        let Some(outcome) = session.outcome else { continue };
        ended.push(json!({ "key": key, "session_key": session.session_key, "outcome": outcome, "failure": null,
            "completion": { "text": format!("Answer of {}.", session.session_key), "truncated": false, "finish": "stop" },
            "usage": { "input_tokens": 9, "output_tokens": 3 }, "model": "sim/standard" }));
    }
    json!({ "ended": ended, "started": begun, "unknown": unknown })
}

/// The sessions whose label or key holds a text.
fn listed(search: &str, state: &State) -> Value {
    let found = state.sessions.iter().filter(|(_, one)| one.label.contains(search) || one.session_key.contains(search));
    let rows = found.map(|(key, session)| {
        json!({ "key": key, "session_key": session.session_key, "label": session.label,
            "state": session.outcome.unwrap_or("running"), "model": "sim/standard" })
    });
    json!({ "sessions": rows.collect::<Vec<_>>(), "has_more": false })
}

fn is_over(state: &State, key: &str) -> bool {
    state.sessions.get(key).is_none_or(|session| session.outcome.is_some())
}
