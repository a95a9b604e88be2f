//! Journals that are in order, and journals that are not.

use futures::executor::block_on;
use serde_json::{Value, json};

use parallel_agents::documents::journals::{replay, resume};
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{
    Command, Completion, Event, EventKind, FinishReason, Host, HostError, HostFacts, OperatorLimits, Receipt, Reply,
    SessionEnd, SessionOutcome, SessionPage, SessionRow, SessionState,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::journal::{ENGINE_REVISION, Header, JOURNAL_VERSION, Writer};
use parallel_agents_engine::problem::CallError;

mod coming_back;

/// The lines before the first step.
const HEADER_LINES: usize = 2;

/// A host whose sessions answer at once, and which keeps a journal.
struct Answering {
    journal: String,
    told: Vec<EventKind>,
    seq: u64,
    spawns: u32,
    /// Appends that succeed.
    room: usize,
}

impl Answering {
    fn new() -> Self {
        let facts = HostFacts {
            name: "test".into(),
            seed: 7,
            max_concurrent: None,
            reports_starts: false,
            keeps_journal: true,
            limits: None,
        };
        Self { journal: String::new(), told: vec![EventKind::Opened(facts)], seq: 0, spawns: 0, room: usize::MAX }
    }
}

impl Host for Answering {
    fn perform(&mut self, command: Command) {
        let Command::Spawn(request, _) = command else { return };
        self.spawns += 1;
        let session_key = SessionKey::new(format!("s{}", self.spawns));
        let receipt =
            Receipt { session_key: session_key.clone(), run_id: String::new(), applied_model: None, tool_free: true };
        self.told.push(EventKind::Answered { request, outcome: Ok(Reply::Spawned(receipt)) });
        self.told.push(EventKind::SessionEnded(SessionEnd {
            session: session_key,
            outcome: SessionOutcome::Completed,
            completion: Some(Completion { text: "fine".to_owned(), truncated: false, finish: FinishReason::Stop }),
            usage: None,
            model: None,
        }));
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        let what = if self.told.is_empty() { EventKind::TimerFired } else { self.told.remove(0) };
        let at_ms = if what == EventKind::TimerFired { until_ms.unwrap_or(0) } else { 0 };
        self.seq += 1;
        Ok(Event { seq: self.seq - 1, at_ms, what })
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.room = self.room.checked_sub(1).ok_or_else(|| "no space is left".to_owned())?;
        self.journal.push_str(lines);
        Ok(())
    }
}

/// Nobody may be asked for anything.
struct Nobody;

impl Host for Nobody {
    fn perform(&mut self, command: Command) {
        panic!("asked for {command:?}");
    }

    async fn next_event(&mut self, _until_ms: Option<u64>) -> Result<Event, CallError> {
        panic!("waited for something");
    }
}

fn request() -> String {
    let task = |id: &str| {
        json!({ "task_id": id, "agent_type": "code_reviewer", "task_description": "Look.", "output_format": "text",
            "input_data": { "code": "x" } })
    };
    json!({ "tasks": [task("a"), task("b")], "max_concurrent": 1 }).to_string()
}

fn run(host: &mut Answering) -> DocumentReply {
    block_on(documents::call_named("run_tasks", &request(), host))
}

fn journal() -> String {
    let mut host = Answering::new();
    run(&mut host);
    host.journal
}

fn answer(reply: &DocumentReply) -> Value {
    let DocumentReply::Answer(text) = reply else { panic!("{reply:?}") };
    serde_json::from_str(text).expect("an answer is JSON")
}

fn code(reply: &DocumentReply) -> String {
    let DocumentReply::Refused(text) = reply else { panic!("{reply:?}") };
    let refusal: Value = serde_json::from_str(text).expect("a refusal is JSON");
    refusal["error"]["code"].as_str().expect("a code").to_owned()
}

/// Both refuse with the same code, and nobody is asked.
#[track_caller]
fn refused(journal: &str) -> String {
    let resumed = block_on(resume(journal, &mut Nobody));
    assert_eq!(resumed, block_on(replay(journal, &mut Nobody)));
    code(&resumed)
}

#[test]
fn a_whole_journal_gives_the_same_reply_and_asks_nobody() {
    let mut host = Answering::new();
    let reply = run(&mut host);
    assert_eq!(block_on(resume(&host.journal, &mut Nobody)), reply);
    let replayed = answer(&block_on(replay(&host.journal, &mut Nobody)));
    assert_eq!((&replayed["complete"], &replayed["torn"]), (&json!(true), &json!(false)));
    assert_eq!(replayed["reply"], answer(&reply));
    assert_eq!(replayed["steps"], host.journal.lines().count() - HEADER_LINES - 1);
}

#[test]
fn a_request_over_several_lines_is_one_line_of_the_journal() {
    let pretty = serde_json::from_str(&request()).and_then(|value: Value| serde_json::to_string_pretty(&value));
    let pretty = pretty.expect("JSON").replace('\n', "\r\n");
    let mut host = Answering::new();
    let reply = block_on(documents::call_named("run_tasks", &pretty, &mut host));
    assert_eq!(block_on(resume(&host.journal, &mut Nobody)), reply);
    assert_eq!(host.journal.lines().count(), journal().lines().count());
}

#[test]
fn a_host_that_keeps_no_journal_is_given_none() {
    let mut host = Answering::new();
    if let Some(EventKind::Opened(facts)) = host.told.first_mut() {
        facts.keeps_journal = false;
    }
    run(&mut host);
    assert_eq!(host.journal, "");
}

#[test]
fn whatever_byte_is_changed_nothing_is_asked_for() {
    let whole = journal();
    for (at, byte) in whole.bytes().enumerate() {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] = if byte == b'7' { b'8' } else { b'7' };
        let changed = String::from_utf8(bytes).expect("text");
        if at + 1 == whole.len() {
            continue; // A line without its end is a torn one.
        }
        let code = refused(&changed);
        let expected = ["E_JOURNAL_CORRUPT", "E_JOURNAL_FOREIGN", "E_JOURNAL_VERSION"];
        assert!(expected.contains(&code.as_str()), "byte {at}: {code}");
    }
}

#[test]
fn a_journal_that_lost_a_line_in_the_middle_is_refused() {
    let whole = journal();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for left_out in 1..lines.len() - 1 {
        let rest: String = lines.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, line)| *line).collect();
        assert_eq!(refused(&rest), "E_JOURNAL_CORRUPT", "without line {left_out}");
    }
    assert_eq!(refused(&format!("{whole}{}", lines[1])), "E_JOURNAL_CORRUPT", "a line after the end");
    assert_eq!(refused(&format!("{whole}x")), "E_JOURNAL_CORRUPT", "half a line after the end");
}

#[test]
fn what_is_no_journal_is_refused() {
    assert_eq!(refused(""), "E_JOURNAL_EMPTY");
    assert_eq!(refused("0123456789abcdef {\"journal\":1"), "E_JOURNAL_EMPTY");
    for foreign in ["\n", "{}\n", "0123456789abcdef {}\n", "hello\n", "0123456789ABCDEF {\"journal\":1,\"engine\":1}\n"]
    {
        assert_eq!(refused(foreign), "E_JOURNAL_FOREIGN", "{foreign:?}");
    }
    assert_eq!(refused(&" ".repeat(129 * 1024 * 1024)), "E_JOURNAL_TOO_LARGE");
}

#[test]
fn a_journal_of_another_version_is_refused_before_anything_else() {
    for (what, old) in [("journal", JOURNAL_VERSION), ("engine", ENGINE_REVISION)] {
        let line = |number: u32| format!("\"{what}\":{number},");
        let other = journal().replacen(&line(old), &line(old + 1), 1);
        assert_eq!(refused(&other), "E_JOURNAL_VERSION", "{what}");
    }
}

#[test]
fn a_torn_journal_can_be_gone_through_as_far_as_it_goes() {
    let whole = journal();
    let header: usize = whole.split_inclusive('\n').take(HEADER_LINES).map(str::len).sum();
    assert_eq!(refused(&whole[..header - 1]), "E_JOURNAL_EMPTY");
    for length in (header..whole.len()).step_by(97) {
        let torn = &whole[..length];
        let replayed = answer(&block_on(replay(torn, &mut Nobody)));
        let lines = torn.matches('\n').count();
        assert_eq!(replayed["steps"], lines - HEADER_LINES);
        assert_eq!(replayed["torn"], json!(!torn.ends_with('\n')), "{length}");
        assert_eq!(replayed["complete"], json!(false));
    }
}

#[test]
fn another_request_is_found_at_its_first_command() {
    let whole = journal();
    let mut writer = Writer::start();
    let mut other = writer.header(&Header::new("run_tasks", request().replacen("Look.", "Look twice.", 1)));
    for line in whole.lines().skip(HEADER_LINES) {
        other += writer.copy(line);
    }
    let reply = block_on(replay(&other, &mut Nobody));
    assert_eq!(code(&reply), "E_NONDETERMINISM");
    let DocumentReply::Refused(text) = reply else { panic!("{reply:?}") };
    let refusal: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(refusal["error"]["path"], "/steps/0/commands/0");
    let message = refusal["error"]["message"].as_str().expect("a message");
    insta::assert_snapshot!(message, @"step 0 does not lead where it led when the journal was written: `spawn 1 code_reviewer a [5b9a0256]` has other options now");
}

#[test]
fn without_a_journal_nothing_more_is_started() {
    // Header, opening, and the steps of the first task: the write that would start the second one fails.
    for room in 0..4 {
        let mut host = Answering { room, ..Answering::new() };
        let report = answer(&run(&mut host));
        let started = report["results"].as_array().expect("results").iter();
        let started = started.filter(|result| !result["session_key"].is_null()).count();
        assert_eq!(started as u32, host.spawns, "room for {room}: {report:#}");
        assert!(host.spawns <= 1, "room for {room}");
        assert_eq!(report["status"], "cancelled", "room for {room}");
    }
}
