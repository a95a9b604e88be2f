//! `--serve`: a run in a browser, as far as it can be told without one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};

use super::{command, file, sim};
use crate::requests_of::many;

/// A run whose page is served.
struct Served {
    child: Child,
    err: BufReader<ChildStderr>,
    address: String,
    path: String,
}

impl Served {
    /// `name`: that of the test, whose files no other one may write.
    fn start(name: &str, latency_ms: u32) -> Self {
        let script = format!("version = 1\n[[answers]]\nlatency = {{ constant_ms = {latency_ms} }}\n");
        let (script, request) = (file(&format!("{name}.toml"), script), file(&format!("{name}.json"), many(3, "")));
        let arguments =
            ["run", &request, "--json", "--engine", "native", "--clock", "real", "--script", &script, "--serve"];
        let mut child = command(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut err = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let mut line = String::new();
        while !line.starts_with("page: http://") {
            line.clear();
            assert_ne!(err.read_line(&mut line).expect("a line"), 0, "it ended before it said where its page is");
        }
        let url = line.trim().strip_prefix("page: http://").expect("an address");
        let (address, path) = url.split_once('/').expect("a path");
        Self { child, err, address: address.to_owned(), path: format!("/{path}") }
    }

    /// The answer to a request for something below the page.
    fn get(&self, what: &str) -> (u16, String) {
        self.ask(&format!("{}{what}", self.path), &self.address)
    }

    fn ask(&self, path: &str, host: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, answer)
    }

    fn data(&self, revision: &str) -> Value {
        let (_, answer) = self.get(&format!("data?&rev={revision}"));
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }

    /// The next document that the page has not seen, once there is one that is as wanted.
    fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut revision = String::new();
        loop {
            let next = self.data(&revision);
            if wanted(&next["document"]) {
                return next;
            }
            revision = next["revision"].as_str().unwrap_or(&revision).to_owned();
        }
    }

    /// Its exit code, its report, and the rest of standard error, after an interrupt.
    fn interrupt(mut self) -> (Option<i32>, Value, String) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
        let (mut out, mut told) = (String::new(), String::new());
        self.child.stdout.take().expect("standard output is piped").read_to_string(&mut out).expect("text");
        self.err.read_to_string(&mut told).expect("text");
        let code = self.child.wait().expect("it ends").code();
        (code, serde_json::from_str(&out).unwrap_or_default(), told)
    }
}

#[test]
fn a_page_shows_a_run_while_it_lasts_and_stays_until_an_interrupt() {
    let served = Served::start("served_data", 50);
    let (status, page) = served.get("");
    assert_eq!(status, 200);
    assert!(
        page.contains("default-src 'none'") && page.contains("frame-ancestors 'none'") && !page.contains("unsafe-")
    );
    let ended = served.wait_for(|document| document["report"].is_object());
    let document = &ended["document"];
    assert_eq!(document["report"]["status"], "completed");
    assert_eq!(document["sessions"].as_array().map(Vec::len), Some(3));
    let session = &document["sessions"][0];
    assert!(session["answer_chars"].as_u64() > Some(0) && session.get("answer").is_none(), "{session}");
    let again = served.data(ended["revision"].as_str().expect("a revision"));
    assert!(again.get("document").is_none() && again["now_ms"].is_u64(), "nothing is new");
    let (code, report, told) = served.interrupt();
    assert_eq!((code, &report["status"]), (Some(0), &json!("completed")), "{told}");
}

#[test]
fn an_interrupt_stops_the_run_and_takes_the_page_with_it() {
    let served = Served::start("served_stop", 100_000);
    let next = served.wait_for(|document| document["live"]["running"].as_u64() > Some(0));
    let document = &next["document"];
    assert_eq!(document["live"]["state"], "running");
    let session = &next["sessions"][0][1];
    assert!(session["prompt_chars"].as_u64() > Some(0) && session.get("prompt").is_none(), "{session}");
    let label = session["label"].as_str().expect("a label").replace(' ', "%20").replace('[', "%5B").replace(']', "%5D");
    let (status, prompt) = served.get(&format!("text?&session={label}&part=prompt"));
    assert_eq!(status, 200, "{label}");
    assert!(prompt.contains("text/plain"));
    assert_eq!(served.get("text?&session=no&part=prompt").0, 404);
    let (_, found) = served.get("find?&word=CODE_REVIEWER&word=no-such-word&word=task");
    let each = format!("[{},[0,2]]", session["label"]);
    assert!(found.contains(&each), "each word by itself, {each}: {found}");
    assert!(served.get("find?&word=no-such-word").1.ends_with(r#"{"sessions":[]}"#));
    // A page that was told nothing is told everything, and one that was told everything only of the time.
    let all = served.data("");
    assert_eq!((&all["goes_on"], &all["more"]), (&json!(false), &json!(false)));
    assert_eq!(all["tasks"].as_array().map(Vec::len), Some(3));
    let nothing = served.data(all["revision"].as_str().expect("a revision"));
    assert!(nothing.get("tasks").is_none() && nothing["now_ms"].is_u64(), "{nothing}");
    let (code, report, told) = served.interrupt();
    assert_eq!((code, &report["status"]), (Some(1), &json!("cancelled")), "{told}");
}

#[test]
fn only_who_has_the_address_sees_the_page() {
    let served = Served::start("served_keys", 100_000);
    assert_eq!(served.ask("/", &served.address).0, 404);
    assert_eq!(served.ask("/0123456789abcdef0123456789abcdef/data?", &served.address).0, 404);
    assert_eq!(served.ask(&served.path, "example.org").0, 421, "a page elsewhere whose name points here");
    assert!(served.address.starts_with("127.0.0.1:"));
    let port = served.address.rsplit_once(':').expect("a port").1.to_owned();
    let request = file("taken.json", many(1, ""));
    let taken = sim(&["run", &request, &format!("--serve={port}")]);
    assert_eq!((taken.code, taken.out.as_str()), (3, ""), "{}", taken.err);
    assert!(taken.err.contains("--serve without a port"), "{}", taken.err);
    served.interrupt();
}
