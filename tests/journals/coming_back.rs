//! What a call that goes on makes of what its host lists, and of what it then tells of each session.

use super::back::{Back, Spawns, tasks};
use super::*;
use parallel_agents_engine::host::{OperatorLimits, SessionOutcome, SessionRow, SessionState};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;

#[test]
fn what_the_host_has_told_of_all_sessions_counts_before_another_one_is_started() {
    let much = Some(Usage { input_tokens: 90_000, output_tokens: 0 });
    // The one that took far too much is the second one whose end is told: the list tells of it before, or only its end.
    for (state, in_list) in [(SessionState::Completed, much), (SessionState::Running, None)] {
        let request = json!({ "tasks": tasks(4, "code_reviewer"), "max_concurrent": 3, "retries": 0,
            "budget": { "tokens": 12_000, "session_tokens": 1_000 } });
        let mut host = Back::cut_off(&request, Spawns::GiveReceipts);
        host.lists("s1", SessionState::Failed, None);
        host.lists("s2", state, in_list);
        host.lists("s3", SessionState::Running, None);
        host.ends("s1", SessionOutcome::Cancelled, None);
        host.ends("s2", SessionOutcome::Completed, much);
        host.ends.insert(SessionKey::new("s3"), None);
        let report = host.goes_on();
        assert_eq!((host.asked.len(), &report["results"][3]["error"]["code"]), (3, &json!("E_BUDGET")), "{report:#}");
        let spent = &report["budget"]["tokens"]["spent"];
        assert!(spent.as_u64() < Some(95_000), "it is booked once: {spent}");
    }
}

#[test]
fn what_a_session_used_counts_although_it_was_stopped_before_the_cut_and_ends_after_it() {
    let mut host = Back::with(Spawns::GiveReceipts);
    host.is_stopped = true;
    let mut host = host.up_to_the_cut(&json!({ "tasks": tasks(1, "code_reviewer") }));
    host.lists("s1", SessionState::Cancelled, None);
    host.ends("s1", SessionOutcome::Cancelled, Some(Usage { input_tokens: 900, output_tokens: 70 }));
    let report = host.goes_on();
    let used = &report["results"][0]["metadata"]["attempt_log"][0]["usage"];
    assert_eq!((&used["input_tokens"], &used["output_tokens"]), (&json!(900), &json!(70)), "{report:#}");
}

#[test]
fn a_session_that_the_host_listed_and_then_forgot_is_not_spawned_again_for_the_same_attempt() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer"), "retries": 1 }), Spawns::HaveNoAnswer);
    host.lists("s1", SessionState::Running, None);
    let report = host.goes_on();
    let second = host.asked.get(1).cloned().unwrap_or_default();
    assert!(second.contains(" #2 ["), "{:?}", host.asked);
    assert_eq!(report["results"][0]["error"]["code"], "E_SPAWN_FORBIDDEN", "{report:#}");
}

#[test]
fn what_a_list_shows_counts_although_the_rest_of_it_does_not_come() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), Spawns::HaveNoAnswer);
    host.owes_a_page = true;
    host.lists("s1", SessionState::Running, None);
    host.ends("s1", SessionOutcome::Completed, None);
    let report = host.goes_on();
    assert_eq!((report["status"].as_str(), host.asked.len()), (Some("completed"), 1), "{report:#}");
}

#[test]
fn a_clock_that_is_set_on_ends_no_question() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer"), "retries": 0 }), Spawns::GiveReceipts);
    host.set_on_ms = 3_600_000;
    let report = host.goes_on();
    let first = &report["results"][0]["metadata"]["attempt_log"][0]["error"];
    assert_eq!(first["code"], "E_INTERRUPTED", "the host does not know it any more: {report:#}");
}

#[test]
fn a_session_in_doubt_is_found_although_nothing_is_asked_just_now() {
    // Lists of a busy gateway leave some rows out.
    for hides in [0, 1] {
        // It pauses before it asks again.
        let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), Spawns::AreInDoubt);
        host.hides = hides;
        let asked = host.asked.len();
        host.lists("s1", SessionState::Running, None);
        host.ends("s1", SessionOutcome::Completed, None);
        let report = host.goes_on();
        assert_eq!((report["status"].as_str(), host.attached), (Some("completed"), 1), "{report:#}");
        assert_eq!(host.asked.len(), asked, "it is not spawned once more");
    }
}

#[test]
fn a_session_in_doubt_is_found_behind_twenty_full_pages() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), Spawns::HaveNoAnswer);
    let row = |key: String| SessionRow {
        session_key: SessionKey::new(key.as_str()),
        label: Some(key),
        state: SessionState::Running,
        model: None,
        usage: None,
    };
    // The last row of the twenty-first.
    host.rows = (1..10_500).map(|number| row(format!("other {number}"))).collect();
    host.rows.push(SessionRow { label: host.asked.first().cloned(), ..row("s1".to_owned()) });
    host.ends("s1", SessionOutcome::Completed, None);
    let report = host.goes_on();
    assert_eq!((report["status"].as_str(), host.asked.len()), (Some("completed"), 1), "{report:#}");
    assert_eq!((host.lists_ms.len(), host.attached), (21, 1));
}

#[test]
fn a_list_is_asked_for_three_times_if_the_host_is_busy_and_once_if_it_says_no() {
    let busy = HostError::Busy("locked".to_owned());
    let no = HostError::Forbidden("no".to_owned());
    for (error, asked_ms) in [(busy, vec![0, 1_000, 2_000]), (no, vec![0])] {
        let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), Spawns::HaveNoAnswer);
        host.refuses = Some(error);
        host.goes_on();
        assert_eq!(host.lists_ms, asked_ms, "{:?}", host.refuses);
    }
}

#[test]
fn a_session_is_over_if_it_was_alive_and_the_host_does_not_know_it() {
    let unknown = || HostError::NotFound("no such session".to_owned());
    let no = HostError::Forbidden("no".to_owned());
    for (error, is_live, is_over) in [(unknown(), true, true), (unknown(), false, false), (no, true, false)] {
        let mut host = Back::with(Spawns::GiveReceipts);
        host.early = if is_live { Vec::new() } else { vec![SessionKey::new("s1")] };
        // The second task keeps the call going until the cut.
        let request = json!({ "tasks": tasks(2, "code_reviewer"), "retries": 0 });
        let mut host = host.up_to_the_cut(&request);
        host.refuses = Some(error.clone());
        for key in ["s1", "s2"] {
            host.lists(key, SessionState::Running, None);
        }
        let report = host.goes_on();
        let first = &report["results"][0]["metadata"]["attempt_log"][0];
        assert_eq!(first["error"]["code"] == "E_INTERRUPTED", is_over, "{error:?}, alive: {is_live}: {report:#}");
        assert_eq!(report["results"][0]["status"] == "completed", !is_live, "{error:?}: {report:#}");
    }
}

#[test]
fn what_the_operator_allows_now_holds_for_a_call_that_goes_on() {
    let request = json!({ "tasks": tasks(3, "code_reviewer"), "max_concurrent": 1, "retries": 1, "corrections": 0 });
    let mut unlimited = Back::cut_off(&request, Spawns::GiveReceipts);
    let mut limited = Back::cut_off(&request, Spawns::GiveReceipts);
    for host in [&mut unlimited, &mut limited] {
        host.lists("s1", SessionState::Running, None);
        host.ends("s1", SessionOutcome::Completed, None);
    }
    // Another seed, as of another process, which the call has no use for.
    limited.facts.seed = 99;
    limited.facts.limits = Some(OperatorLimits { spawns: Some(1), ..OperatorLimits::default() });
    assert_eq!(unlimited.goes_on()["results"][1]["error"]["code"], "E_SPAWN_FORBIDDEN");
    let report = limited.goes_on();
    assert_eq!(limited.asked.len(), 1, "{:?}", limited.asked);
    assert_eq!(report["budget"]["spawns"]["cap"], 1);
    for task in [1, 2] {
        assert_eq!(report["results"][task]["error"]["code"], "E_BUDGET", "{report:#}");
    }
    // What was written down on the way goes the same way once more.
    let replayed = answer(&block_on(replay(&limited.journal, &mut NoHost)));
    assert_eq!((&replayed["complete"], &replayed["reply"]), (&json!(true), &report), "{}", limited.journal);
}
