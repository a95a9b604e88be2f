//! What it does wrong.

use std::hint::black_box;

use super::bindings::parallel_agents::skill::events::{EventKind, Progress, next_event, report_progress};
use super::bindings::parallel_agents::skill::sessions::{
    AnswerForm, HistoryQuery, ListFilter, SpawnOptions, sessions_history, sessions_list, sessions_spawn,
};
use super::bindings::parallel_agents::skill::types::{Cleanup, DocumentReply, TaskStatus};

/// Grown at once by the deed that wants all memory there is.
const CHUNK: usize = 1 << 20;

/// Larger than what a call may leave in one frame by accident, so that the stack in memory is gone before the engine's own.
const FRAME: usize = 4 << 10;

/// Spawns `children` sessions, waits until all of them have their receipts, and does the deed.
pub async fn commit(deed: &str, children: u64) -> DocumentReply {
    for child in 1..=children {
        sessions_spawn(child, &options(child));
    }
    let mut receipts = 0;
    while receipts < children {
        if let EventKind::Answered(_) = next_event(None).await.what {
            receipts += 1;
        }
    }
    match deed {
        "spin" => spin(),
        "allocate" => allocate(),
        "recurse" => drop(black_box(recurse(u64::MAX))),
        "recurse-flat" => drop(black_box(recurse_flat(u64::MAX))),
        "panic" => panic!("as it was told"),
        "ask" => ask_without_end(),
        "tell" => tell_without_end(),
        "shout" => shout(children),
        // With its sessions still running.
        "answer" => {}
        _ => return DocumentReply::Refused("{}".to_owned()),
    }
    DocumentReply::Answer("{}".to_owned())
}

fn spin() {
    let mut turns = 0_u64;
    while black_box(turns) < u64::MAX {
        turns = black_box(turns + 1) % 1_000;
    }
}

fn allocate() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![black_box(1_u8); CHUNK]);
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([1_u8; FRAME]);
    if depth == 0 { 0 } else { recurse(black_box(depth - 1)) + u64::from(frame[0]) }
}

/// Without a word in memory, so that the engine's own stack is what it uses up.
fn recurse_flat(depth: u64) -> u64 {
    if black_box(depth) == 0 { 0 } else { recurse_flat(depth - 1) ^ depth.rotate_left(3) }
}

/// Requests and never waits for an answer.
fn ask_without_end() {
    for request in 1_000.. {
        sessions_list(request, &ListFilter { search: None, spawned_by: None, offset: 0, limit: 1 });
    }
}

/// News of a task that there is not, for ever.
fn tell_without_end() {
    for seq in 0.. {
        report_progress(&Progress {
            seq,
            at_ms: 0,
            task: "none".to_owned(),
            agent_type: "none".to_owned(),
            status: TaskStatus::Running,
            ended: 0,
            running: 1,
            total: 1,
        });
    }
}

/// Requests that no host can carry out: sessions of somebody else, numbers out of range.
fn shout(children: u64) {
    for request in 1..=100 {
        let session_key = format!("agent:other:subagent:{request}");
        let query = HistoryQuery { session_key, offset: u32::MAX, limit: u32::MAX, include_tools: true };
        sessions_history(children + request, &query);
    }
}

fn options(child: u64) -> SpawnOptions {
    SpawnOptions {
        task: "Say nothing.".to_owned(),
        label: format!("hostile {child}"),
        task_name: format!("hostile-{child}"),
        agent_id: None,
        model: None,
        thinking: None,
        run_timeout_seconds: 3_600,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: AnswerForm::Text,
        max_output_tokens: None,
        idempotency_key: format!("hostile {child}"),
    }
}
