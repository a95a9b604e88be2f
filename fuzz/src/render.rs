//! Words of others as people are shown them: nothing in them acts on a terminal, and nothing is lost without a sign.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::text;
use serde_json::{Value, json};

use crate::{calls, replies};

/// The least that a digest or a page may be asked for.
const FEW_CHARS: u64 = 1_000;

/// Checks one text for the invariants.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    harmless(&text);
    cut(&text);
    refused(&text);
    reported(&text);
}

fn assert_inert(shown: &str) {
    if let Some(sign) = shown.chars().find(|sign| text::acts(*sign)) {
        panic!("{sign:?} acts: {shown:?}");
    }
}

fn harmless(text: &str) {
    let escaped = text::escaped(text);
    assert_inert(&escaped);
    assert_eq!(text::escaped(&escaped), escaped, "escapes stay as they are");
    let quoted = text::quoted(text);
    assert_inert(&quoted);
    assert!(quoted.chars().count() <= 10 * text::MAX_ECHO_BYTES, "{} characters", quoted.chars().count());
    let message = text::message(text);
    assert_inert(&message);
    assert!(message.chars().count() <= text::MAX_MESSAGE_CHARS, "{} characters", message.chars().count());
}

fn cut(text: &str) {
    for bytes in [0, 1, 2, 3, text.len() / 2, text.len(), usize::MAX] {
        let (head, tail) = (text::head(text, bytes), text::tail(text, bytes));
        assert!(text.starts_with(head) && text.ends_with(tail) && head.len() <= bytes && tail.len() <= bytes);
        let most = bytes.min(text.len());
        assert!(head.len() + 4 > most && tail.len() + 4 > most, "no more is left out than a part of a character");
    }
}

fn answer(function: &str, arguments: &Value) -> DocumentReply {
    calls::call(function, &arguments.to_string(), &mut calls::refusing())
}

/// What a refusal says for people about what it was given.
fn refused(text: &str) {
    for (function, arguments) in [
        ("describe_agent", json!({ "agent_type": text })),
        ("list_agents", json!({ "category": text })),
        ("describe_function", json!({ "function": text })),
        ("render_prompt", json!({"task": {"agent_type": "code_reviewer", "task_description": "x", "task_id": text}})),
        ("run_tasks", json!({"tasks": [], "cleanup": text})),
        ("definition_file", json!({ "definition": text })),
        ("versions", json!({ text: 1 })),
    ] {
        let DocumentReply::Refused(refusal) = answer(function, &arguments) else { continue };
        for problem in replies::refused(&refusal) {
            for shown in ["message", "got", "hint"] {
                assert_inert(problem[shown].as_str().unwrap_or_default());
            }
        }
    }
}

/// A report that holds the text wherever a host or an agent may have put it.
fn reported(text: &str) {
    let row = json!({"task_id": "task-1", "agent_type": text, "status": text, "output": text,
        "error": {"code": text, "message": text},
        "metadata": {"attempts": 2, "decisions": [{"at_ms": 1, "what": text}], "attempt_log": [
            {"number": 1, "status": text, "model_applied": text, "ended_ms": 5, "error": {"code": text, "message": text}}]}});
    let report = json!({"status": "failed", "census": {}, "leaked": [text], "results": [row]});
    let DocumentReply::Answer(story) = answer("explain_task", &json!({"report": report, "task_id": "task-1"})) else {
        panic!("the report has the task")
    };
    let story: Value = serde_json::from_str(&story).expect("JSON");
    story["story"].as_str().expect("a story").split('\n').for_each(assert_inert);

    let DocumentReply::Answer(digest) = answer("result_digest", &json!({"report": report, "max_chars": FEW_CHARS}))
    else {
        panic!("the report has results")
    };
    assert!(digest.chars().count() as u64 <= FEW_CHARS, "{} characters", digest.chars().count());
    assert_eq!(read_in_pages(&report), text, "the pages are the whole");
}

fn read_in_pages(report: &Value) -> String {
    let (mut read, mut next) = (String::new(), Some(0));
    while let Some(offset) = next {
        let wanted = json!({"report": report, "task_id": "task-1", "offset": offset, "max_chars": FEW_CHARS});
        let DocumentReply::Answer(page) = answer("result_page", &wanted) else { panic!("the report has the task") };
        let page: Value = serde_json::from_str(&page).expect("JSON");
        read.push_str(page["text"].as_str().expect("a text"));
        next = page["next_offset"].as_u64();
        assert!(next.is_none_or(|next| next > offset), "reading gets on");
    }
    read
}
