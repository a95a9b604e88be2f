//! Sessions that a call which goes on cannot attach to at once, and those that it need not attach to.

use super::back::{Back, Spawns, tasks};
use super::*;
use parallel_agents_engine::host::{SessionOutcome, SessionState};
use parallel_agents_engine::ids::SessionKey;

/// How the first session of a task ended that got no answer.
fn first_error(report: &Value, task: usize) -> &str {
    report["results"][task]["metadata"]["attempt_log"][0]["error"]["code"].as_str().unwrap_or_default()
}

/// What was written down on the way goes the same way once more.
#[track_caller]
fn is_replayed(host: &Back, report: &Value) {
    let replayed = answer(&block_on(replay(&host.journal, &mut NoHost)));
    assert_eq!((&replayed["complete"], &replayed["reply"]), (&json!(true), report), "{}", host.journal);
}

#[test]
fn a_session_is_over_however_late_the_host_says_that_it_does_not_know_it() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(2, "code_reviewer"), "retries": 0 }), Spawns::GiveReceipts);
    host.late_ms = Some(31_000);
    let before = host.journal.len();
    let report = host.goes_on();
    assert!(host.owed.is_none(), "all is answered");
    assert_eq!([0, 1].map(|task| first_error(&report, task)), ["E_INTERRUPTED"; 2], "{report:#}");
    assert_eq!(host.asked.len(), 4, "each of them is asked for once more: {:?}", host.asked);
    is_replayed(&host, &report);

    // Cut off once more, wherever that is, the host forgets everything.
    for (at, _) in host.journal.match_indices('\n').filter(|(at, _)| *at >= before) {
        let journal = host.journal[..=at].to_owned();
        let mut again = Back { journal, is_back: true, ..Back::with(Spawns::GiveReceipts) };
        let report = again.goes_on();
        let errors = [0, 1].map(|task| first_error(&report, task));
        assert_eq!(errors, ["E_INTERRUPTED"; 2], "cut off at byte {at}: {report:#}");
        is_replayed(&again, &report);
    }
}

#[test]
fn a_busy_host_is_asked_until_it_attaches_to_a_session() {
    for busy in [1, 3, 6] {
        let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), Spawns::GiveReceipts);
        host.busy = busy;
        host.ends("s1", SessionOutcome::Completed, None);
        let report = host.goes_on();
        let status = report["status"].as_str();
        assert_eq!((status, host.attached, host.asked.len()), (Some("completed"), busy + 1, 1), "{report:#}");
        is_replayed(&host, &report);
    }
}

#[test]
fn a_session_that_is_listed_and_cannot_be_attached_to_just_now_gets_no_second_one() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), Spawns::HaveNoAnswer);
    host.busy = 2;
    host.lists("s1", SessionState::Running, None);
    host.ends("s1", SessionOutcome::Completed, None);
    let report = host.goes_on();
    let status = report["status"].as_str();
    assert_eq!((status, host.attached, host.asked.len()), (Some("completed"), 3, 1), "{report:#}");
    is_replayed(&host, &report);
}

#[test]
fn what_is_asked_of_a_session_waits_until_the_host_has_attached_to_it() {
    for (busy, log) in [(0, vec!["attach s1", "history s1"]), (1, vec!["attach s1", "attach s1", "history s1"])] {
        // It had ended, and its answer was being read.
        let mut host = Back::with(Spawns::GiveReceipts);
        host.early = vec![SessionKey::new("s1")];
        host.ends_without_text = true;
        let mut host = host.up_to_the_cut(&json!({ "tasks": tasks(1, "code_reviewer") }));
        host.busy = busy;
        host.ends("s1", SessionOutcome::Completed, None);
        let report = host.goes_on();
        assert_eq!(host.log, log, "busy: {busy}");
        assert_eq!(report["results"][0]["output"], "fine", "{report:#}");
        is_replayed(&host, &report);
    }
}

#[test]
fn a_session_that_had_ended_is_attached_to_after_the_others_and_only_if_it_is_to_be_deleted() {
    // What is to be deleted waits for the answer to that, and the other one does not.
    let expected = [("keep", vec!["attach s2"]), ("delete", vec!["attach s2", "attach s1", "delete s2", "delete s1"])];
    for (cleanup, log) in expected {
        let mut host = Back::with(Spawns::GiveReceipts);
        host.early = vec![SessionKey::new("s1")];
        let mut host = host.up_to_the_cut(&json!({ "tasks": tasks(2, "code_reviewer"), "cleanup": cleanup }));
        for key in ["s1", "s2"] {
            host.ends(key, SessionOutcome::Completed, None);
        }
        let report = host.goes_on();
        assert_eq!(host.log, log, "{cleanup}");
        assert_eq!(report["status"], "completed", "{cleanup}: {report:#}");
        is_replayed(&host, &report);
    }
}
