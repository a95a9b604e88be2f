//! What the gateway allows, refuses and shows.

use parallel_agents_engine::host::{
    Command, HostError, Message, MessageRole, Reply, SessionOutcome, SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;

use crate::bench::{Bench, options};

fn messages(reply: Result<Reply, HostError>) -> Vec<Message> {
    match reply {
        Ok(Reply::History(page)) => page.messages,
        other => panic!("no history: {other:?}"),
    }
}

fn rows(reply: Result<Reply, HostError>) -> (Vec<(String, SessionState)>, bool) {
    match reply {
        Ok(Reply::Listed(page)) => {
            let rows = page.sessions.into_iter().map(|row| (row.label.unwrap_or_default(), row.state));
            (rows.collect(), page.has_more)
        }
        other => panic!("no list: {other:?}"),
    }
}

#[test]
fn the_cap_on_live_sessions_refuses_until_one_ends() {
    let mut bench = Bench::new("max_children = 2");
    let first = bench.spawned("hang");
    bench.spawned("slow");
    let refused = bench.spawn("third");
    assert!(matches!(bench.answer(refused), Err(HostError::AtCapacity(words)) if words.contains("2/2")));
    let cancelled = bench.cancel(&first);
    assert_eq!(bench.answer(cancelled), Ok(Reply::Cancelled));
    let again = bench.spawn("third");
    assert!(bench.answer(again).is_ok());
}

#[test]
fn without_a_queue_the_lane_is_the_cap() {
    let mut bench = Bench::new("max_concurrent = 1\nqueue = false");
    bench.spawned("slow");
    let refused = bench.spawn("second");
    assert!(matches!(bench.answer(refused), Err(HostError::AtCapacity(_))));
}

#[test]
fn the_cap_on_all_sessions_is_final() {
    let mut bench = Bench::new("max_total = 1");
    let key = bench.spawned("plain");
    bench.end(&key);
    let refused = bench.spawn("second");
    assert!(matches!(bench.answer(refused), Err(HostError::Exhausted(_))));
    assert_eq!(bench.simulation.checker().live(), 0, "a refused spawn is not alive");
}

#[test]
fn the_same_idempotency_key_is_the_same_session() {
    let mut bench = Bench::new("");
    let first = bench.spawned("plain");
    let second = bench.spawned("plain");
    assert_eq!(first, second);
    assert_eq!(bench.simulation.checker().spawn_calls(), 2);
    assert_eq!(bench.simulation.checker().live(), 1);
}

#[test]
fn a_spawn_without_a_time_limit_or_a_task_is_invalid() {
    let mut bench = Bench::new("");
    for broken in [
        SpawnOptions { run_timeout_seconds: 0, ..options("a") },
        SpawnOptions { task: " \n".to_owned(), ..options("b") },
    ] {
        let request = bench.ask(|request| Command::Spawn(request, broken.into()));
        assert!(matches!(bench.answer(request), Err(HostError::Invalid(_))));
    }
}

#[test]
fn the_history_has_the_prompt_and_the_answer_whole() {
    let mut bench = Bench::new("");
    let key = bench.spawned("long");
    bench.end(&key);
    let messages = messages(bench.history(&key));
    let roles: Vec<MessageRole> = messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [MessageRole::User, MessageRole::Assistant]);
    assert_eq!(messages[1].text.len(), 10_000);
    assert!(!messages[1].truncated);
    assert!(messages[1].usage.is_some());
}

#[test]
fn the_bounded_history_is_cut_and_says_so() {
    let mut bench = Bench::new("full_history = false\nhistory_block_chars = 4000\nhistory_page_bytes = 4010");
    let key = bench.spawned("long");
    bench.end(&key);
    let Ok(Reply::History(page)) = bench.history(&key) else { panic!("no history") };
    assert_eq!(page.dropped_messages, 1, "the prompt did not fit any more");
    assert_eq!(page.messages.len(), 1);
    assert!(page.messages[0].truncated);
    assert_eq!(page.messages[0].text.chars().count(), 4_000);
    assert_eq!(page.messages[0].usage, None);
}

#[test]
fn a_deleted_session_has_no_history_and_deleting_it_again_succeeds() {
    let mut bench = Bench::new("");
    let key = bench.spawned("plain");
    bench.end(&key);
    for _ in 0..2 {
        let request = bench.delete(&key);
        assert_eq!(bench.answer(request), Ok(Reply::Deleted));
    }
    assert!(matches!(bench.history(&key), Err(HostError::NotFound(_))));
}

#[test]
fn deleting_a_live_session_stops_it() {
    let mut bench = Bench::new("");
    let key = bench.spawned("hang");
    bench.delete(&key);
    assert_eq!(bench.end(&key).outcome, SessionOutcome::Cancelled);
    assert_eq!(bench.simulation.checker().live(), 0);
}

#[test]
fn cancelling_is_repeatable_but_needs_a_session() {
    let mut bench = Bench::new("");
    let key = bench.spawned("plain");
    bench.end(&key);
    let request = bench.cancel(&key);
    assert_eq!(bench.answer(request), Ok(Reply::Cancelled));
    assert!(bench.rest().is_empty(), "an end is reported once");
    let request = bench.cancel(&SessionKey::new("agent:main:nobody"));
    assert!(matches!(bench.answer(request), Err(HostError::NotFound(_))));
}

#[test]
fn lists_are_in_the_order_of_spawning_and_have_pages() {
    let mut bench = Bench::new("");
    let first = bench.spawned("plain");
    bench.end(&first);
    bench.spawned("hang");
    bench.spawned("hang-again");
    let named = |name: &str, state| (name.to_owned(), state);
    let all = [
        named("plain", SessionState::Completed),
        named("hang", SessionState::Running),
        named("hang-again", SessionState::Running),
    ];
    assert_eq!(rows(bench.list(None, 0, 10)), (all.to_vec(), false));
    assert_eq!(rows(bench.list(None, 0, 2)), (all[..2].to_vec(), true));
    assert_eq!(rows(bench.list(None, 2, 2)), (all[2..].to_vec(), false));
    assert_eq!(rows(bench.list(Some("again"), 0, 10)), (all[2..].to_vec(), false));
    assert_eq!(rows(bench.list(Some(first.as_str()), 0, 10)), (all[..1].to_vec(), false));
    assert!(matches!(bench.list(None, 0, 0), Err(HostError::Invalid(_))));
}
