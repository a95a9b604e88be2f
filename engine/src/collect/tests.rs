use super::*;
use crate::host::{FinishReason, HistoryPage, HostFacts, Message, MessageRole, SessionPage, SessionRow, SessionState};

/// A host with one running session that ends at a time of its own, a finished one, a failed one, and no fourth.
fn play(wait_seconds: u32, format: OutputFormat, ends_at: u64) -> (Vec<Collected>, u64, usize) {
    let keys = ["runs", "done", "broke", "gone"].map(SessionKey::new).to_vec();
    let mut collect = Collect::new(keys, wait_seconds, format);
    let facts = HostFacts {
        name: String::new(),
        seed: 1,
        max_concurrent: None,
        reports_starts: false,
        keeps_journal: false,
        limits: None,
    };
    let mut events = VecDeque::from([EventKind::Opened(facts)]);
    let (mut now, mut seq, mut lists) = (1_000, 0, 0);
    loop {
        let what = events.pop_front().unwrap_or_else(|| {
            now = collect.wake_at().expect("something to wait for");
            EventKind::TimerFired
        });
        seq += 1;
        for command in collect.step(Event { seq: seq - 1, at_ms: now, what }) {
            lists += usize::from(matches!(command, Command::List(..)));
            let (request, outcome) = reply_to(command, now >= ends_at);
            events.push_back(EventKind::Answered { request, outcome });
        }
        if let Some(collected) = collect.finished() {
            return (collected.expect("results"), now, lists);
        }
    }
}

fn reply_to(command: Command, has_ended: bool) -> (RequestId, Result<Reply, HostError>) {
    match command {
        Command::List(request, filter) => {
            let runs = if has_ended { SessionState::Completed } else { SessionState::Running };
            let all = [("runs", runs), ("done", SessionState::Completed), ("broke", SessionState::Failed)];
            // One row a page.
            let rows = all.iter().skip(filter.offset as usize).take(1).map(|(key, state)| SessionRow {
                session_key: SessionKey::new(*key),
                label: None,
                state: *state,
                model: Some("m".to_owned()),
                usage: None,
            });
            let page = SessionPage { sessions: rows.collect(), has_more: filter.offset < 2 };
            (request, Ok(Reply::Listed(page)))
        }
        Command::History(request, query) if query.session_key.as_str() == "gone" => {
            (request, Err(HostError::NotFound("No session found".to_owned())))
        }
        Command::History(request, query) => {
            let text = format!("{{\"from\": \"{}\"}}", query.session_key);
            let message = Message {
                role: MessageRole::Assistant,
                text,
                truncated: false,
                finish: FinishReason::Stop,
                model: None,
                usage: None,
            };
            let messages = vec![message];
            let page = HistoryPage { messages, has_more: false, dropped_messages: 0, redacted: false };
            (request, Ok(Reply::History(page)))
        }
        other => panic!("not expected: {other:?}"),
    }
}

#[test]
fn a_host_that_answers_nothing_keeps_nobody_waiting() {
    let mut collect = Collect::new(vec![SessionKey::new("a"), SessionKey::new("b")], 5, OutputFormat::Text);
    let facts = HostFacts {
        name: String::new(),
        seed: 1,
        max_concurrent: None,
        reports_starts: false,
        keeps_journal: false,
        limits: None,
    };
    let (mut asked, mut now, mut seq) =
        (collect.step(Event { seq: 0, at_ms: 0, what: EventKind::Opened(facts) }), 0, 0);
    let collected = loop {
        if let Some(collected) = collect.finished() {
            break collected.expect("results");
        }
        (now, seq) = (collect.wake_at().expect("something to wait for"), seq + 1);
        asked.extend(collect.step(Event { seq, at_ms: now, what: EventKind::TimerFired }));
    };
    let codes: Vec<&str> = collected.iter().filter_map(|one| Some(one.error.as_ref()?.code.as_str())).collect();
    assert_eq!((codes, asked.len(), now), (vec!["E_HISTORY_UNAVAILABLE"; 2], 3, 2 * ANSWER_TIMEOUT_MS));
}

#[test]
fn every_session_has_one_record_in_order() {
    let (collected, now, _) = play(0, OutputFormat::Json, u64::MAX);
    let seen: Vec<(&str, CollectedStatus, Option<&str>)> = collected
        .iter()
        .map(|one| (one.session_key.as_str(), one.status, one.error.as_ref().map(|error| error.code.as_str())))
        .collect();
    assert_eq!(
        seen,
        [
            ("runs", CollectedStatus::Running, Some("E_STILL_RUNNING")),
            ("done", CollectedStatus::Completed, None),
            ("broke", CollectedStatus::Failed, None),
            ("gone", CollectedStatus::Unknown, Some("E_HISTORY_GONE")),
        ]
    );
    assert_eq!((collected[1].output.clone(), now), (Some(serde_json::json!({"from": "done"})), 1_000));
}

#[test]
fn what_runs_is_waited_for_with_growing_pauses() {
    let (collected, now, lists) = play(600, OutputFormat::Text, 100_000);
    assert_eq!(
        (collected[0].status, collected[0].output.clone()),
        (CollectedStatus::Completed, Some("{\"from\": \"runs\"}".into()))
    );
    assert!((100_000..=130_000).contains(&now), "{now}");
    assert!(lists <= 3 * 9, "{lists} list calls");
    let (collected, now, _) = play(20, OutputFormat::Text, 100_000);
    assert_eq!((collected[0].status, now), (CollectedStatus::Running, 21_000), "not a second longer than asked for");
}
