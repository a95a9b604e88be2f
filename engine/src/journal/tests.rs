//! A call that goes on, with hosts and results that are odd.

use std::collections::BTreeSet;

use futures::executor::block_on;

use super::recovery::Recovery;
use super::replay::Open;
use super::*;
use crate::host::{Command, Event, EventKind, Host, HostError, HostFacts};
use crate::ids::{RequestId, SessionKey};
use crate::problem::CallError;

fn facts() -> HostFacts {
    let name = "refusing".to_owned();
    HostFacts { name, seed: 1, max_concurrent: None, reports_starts: false, keeps_journal: true, limits: None }
}

/// Answers every request with one error.
struct Refusing {
    error: HostError,
    asked: Vec<Command>,
    unanswered: Vec<RequestId>,
    appended: String,
    events: u64,
    now_ms: u64,
}

impl Refusing {
    fn with(error: HostError) -> Self {
        let (asked, unanswered, appended) = (Vec::new(), Vec::new(), String::new());
        Self { error, asked, unanswered, appended, events: 0, now_ms: 0 }
    }
}

impl Host for Refusing {
    fn perform(&mut self, command: Command) {
        self.unanswered.extend(command.request());
        self.asked.push(command);
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        let what = match (self.events, self.unanswered.pop()) {
            (0, _) => EventKind::Opened(facts()),
            (_, Some(request)) => EventKind::Answered { request, outcome: Err(self.error.clone()) },
            (_, None) => EventKind::TimerFired,
        };
        if what == EventKind::TimerFired {
            self.now_ms = until_ms.expect("it waits for a time");
        }
        self.events += 1;
        Ok(Event { seq: self.events - 1, at_ms: self.now_ms, what })
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.appended.push_str(lines);
        Ok(())
    }
}

#[test]
fn a_list_is_asked_for_three_times_if_the_host_is_busy_and_once_if_it_says_no() {
    let busy = HostError::Busy("locked".to_owned());
    let no = HostError::Forbidden("no".to_owned());
    for (error, lists, waited_ms) in [(busy, 3, 2_000), (no, 1, 0)] {
        let mut host = Refusing::with(error.clone());
        let open = Open { seed: Some(1), has_spawned: true, ..Open::default() };
        assert!(block_on(Recovery::begin(&mut host, open)).is_ok(), "{error:?}");
        assert!(host.asked.iter().all(|command| matches!(command, Command::List(..))), "{:?}", host.asked);
        assert_eq!((host.asked.len(), host.now_ms), (lists, waited_ms), "{error:?}");
    }
}

#[test]
fn a_session_is_over_if_it_was_alive_and_the_host_does_not_know_it() {
    let unknown = || HostError::NotFound("no such session".to_owned());
    let no = HostError::Forbidden("no".to_owned());
    for (error, is_live, is_over) in [(unknown(), true, true), (unknown(), false, false), (no, true, false)] {
        let sessions: BTreeSet<SessionKey> = [SessionKey::new("a")].into();
        let live = if is_live { sessions.clone() } else { BTreeSet::new() };
        let mut host = Refusing::with(error.clone());
        let open = Open { seed: Some(1), facts: Some(facts()), sessions, live, ..Open::default() };
        let Ok(mut recovery) = block_on(Recovery::begin(&mut host, open)) else { panic!("{error:?}") };
        let event = block_on(recovery.next_event(Some(60_000))).expect("an event");
        assert_eq!(matches!(event.what, EventKind::SessionEnded(_)), is_over, "{error:?}, alive: {is_live}");
    }
}

#[test]
fn a_resumed_call_that_is_refused_says_why_and_its_journal_gets_no_end() {
    let mut writer = Writer::start();
    let mut text = writer.header(&Header::new("run_tasks", "{}".to_owned()));
    text.push_str(writer.step(&Event { seq: 0, at_ms: 0, what: EventKind::Opened(facts()) }, &[]));
    let mut host = Refusing::with(HostError::Forbidden("no".to_owned()));
    let mut resumed = Journaled::resumed(&mut host, read(&text).expect("a journal"));
    let refused = resumed.close::<()>(Err(CallError::HostProtocol("odd".to_owned())));
    assert_eq!(refused, Err(CallError::HostProtocol("odd".to_owned())));
    // It came back although there is more in its journal.
    assert_ne!(resumed.close(Ok(())), Ok(()));
    drop(resumed);
    assert_eq!(host.appended, "");
}
