//! Journals that are in order, and journals that are not.

use futures::executor::block_on;
use serde_json::{Value, json};

use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::odd_host::{NoHost, facts, refusing};
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::journals::{replay, resume};
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{Event, EventKind, HostError, JournalError};
use parallel_agents_engine::journal::{self, ENGINE_REVISION, Header, JOURNAL_VERSION, Journaled, Writer};
use parallel_agents_engine::problem::CallError;

mod attaching;
mod back;
mod coming_back;

/// The lines before the first step.
const HEADER_LINES: usize = 2;

/// A gateway that keeps a journal, of which so many lines can be written.
fn gateway(lines: usize) -> Simulation {
    let options = SimulationOptions { keep_trace: false, ..SimulationOptions::default() };
    let mut gateway = Simulation::new(Script::bundled(), 7, options);
    let mut room = lines;
    gateway.host_mut().keep_journal(Box::new(move |_| {
        room = room.checked_sub(1).ok_or_else(|| JournalError::Full("no space is left".to_owned()))?;
        Ok(())
    }));
    gateway
}

/// A call on a gateway, and the gateway with its journal.
fn call(request: &str, gateway: Simulation) -> (DocumentReply, Simulation) {
    let called = block_on(native::call("run_tasks", request, gateway, &Clock::virtual_time()));
    assert_eq!(called.backend.checker().violations(), []);
    (called.result.expect("it comes back"), called.backend)
}

fn request() -> String {
    let task = |id: &str| {
        json!({ "task_id": id, "agent_type": "code_reviewer", "task_description": "Look.", "output_format": "text",
            "input_data": { "code": "x" } })
    };
    json!({ "tasks": [task("a"), task("b")], "max_concurrent": 1 }).to_string()
}

fn journal() -> String {
    call(&request(), gateway(usize::MAX)).1.host().journal().to_owned()
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
    let resumed = block_on(resume(journal.to_owned(), &mut NoHost));
    assert_eq!(resumed, block_on(replay(journal, &mut NoHost)));
    code(&resumed)
}

#[test]
fn a_whole_journal_gives_the_same_reply_and_asks_nobody() {
    let (reply, gateway) = call(&request(), gateway(usize::MAX));
    let journal = gateway.host().journal();
    assert_eq!(block_on(resume(journal.to_owned(), &mut NoHost)), reply);
    let replayed = answer(&block_on(replay(journal, &mut NoHost)));
    assert_eq!((&replayed["complete"], &replayed["torn"]), (&json!(true), &json!(false)));
    assert_eq!(replayed["reply"], answer(&reply));
    assert_eq!(replayed["steps"], journal.lines().count() - HEADER_LINES - 1);
}

#[test]
fn a_request_over_several_lines_is_one_line_of_the_journal() {
    let pretty = serde_json::from_str(&request()).and_then(|value: Value| serde_json::to_string_pretty(&value));
    let pretty = pretty.expect("JSON").replace('\n', "\r\n");
    let (reply, gateway) = call(&pretty, gateway(usize::MAX));
    assert_eq!(block_on(resume(gateway.host().journal().to_owned(), &mut NoHost)), reply);
    assert_eq!(gateway.host().journal().lines().count(), journal().lines().count());
}

#[test]
fn a_host_that_keeps_no_journal_is_given_none() {
    let mut host = refusing(facts(), HostError::Forbidden("no".to_owned()));
    block_on(documents::call_named("run_tasks", request(), &mut host));
    assert_eq!((host.journal.as_str(), host.calls > 0), ("", true));
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
    let too_large = " ".repeat(129 * 1024 * 1024);
    assert_eq!(refused(&too_large), "E_JOURNAL_TOO_LARGE");
    let hint = journal::read(&too_large).err().and_then(|problem| problem.hint).expect("what to do about it");
    assert!(hint.starts_with("start the call again"), "{hint}");
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
        let replayed = answer(&block_on(replay(torn, &mut NoHost)));
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
    let reply = block_on(replay(&other, &mut NoHost));
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
        let (reply, gateway) = call(&request(), gateway(room));
        let report = answer(&reply);
        let results = report["results"].as_array().expect("results").iter();
        let started = results.clone().filter(|result| !result["session_key"].is_null()).count();
        let spawns = gateway.checker().spawn_calls();
        assert_eq!(started as u32, spawns, "room for {room}: {report:#}");
        assert!(spawns <= 1, "room for {room}");
        assert_eq!(report["status"], "cancelled", "room for {room}");
        let why = "the journal cannot be written: E_JOURNAL_FULL: no space is left";
        assert!(report.to_string().contains(why), "room for {room}: {report:#}");
    }
}

#[test]
fn a_resumed_call_that_is_refused_says_why_and_its_journal_gets_no_end() {
    let mut writer = Writer::start();
    let mut text = writer.header(&Header::new("run_tasks", "{}".to_owned()));
    text.push_str(writer.step(&Event { seq: 0, at_ms: 0, what: EventKind::Opened(facts()) }, &[]));
    let mut host = refusing(facts(), HostError::Forbidden("no".to_owned()));
    let mut resumed = Journaled::resumed(&mut host, journal::read(&text).expect("a journal"));
    let refused = resumed.close::<()>(Err(CallError::HostProtocol("odd".to_owned())));
    assert_eq!(refused, Err(CallError::HostProtocol("odd".to_owned())));
    // It came back although there is more in its journal.
    assert_ne!(resumed.close(Ok(())), Ok(()));
    drop(resumed);
    assert_eq!(host.journal, "");
}
