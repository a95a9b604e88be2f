//! What a call that goes on makes of what its host lists, and of what it then tells of each session.

use std::collections::BTreeMap;

use super::*;
use gateway_sim::odd_host::{OddHost, Replies, completed, receipt};
use parallel_agents_engine::host::{
    Command, EventKind, HostFacts, OperatorLimits, Reply, SessionEnd, SessionOutcome, SessionPage, SessionRow,
    SessionState,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Usage;

/// Requests of a call that catches up count from here.
const OWN_REQUESTS: u64 = 1 << 48;

/// What becomes of spawn calls before the cut.
#[derive(Clone, Copy, PartialEq)]
enum Spawns {
    GiveReceipts,
    AreInDoubt,
    HaveNoAnswer,
}

/// A host whose call is cut off once nothing more is told, and which comes back with a list of its own.
struct Back {
    facts: HostFacts,
    spawns: Spawns,
    is_back: bool,
    journal: String,
    /// Labels of all spawn calls. After the cut they are refused.
    asked: Vec<String>,
    attached: u32,
    /// When a call that catches up has asked for the list.
    lists_ms: Vec<u64>,
    rows: Vec<SessionRow>,
    /// The answer to everything that is asked while the call catches up.
    refuses: Option<HostError>,
    /// Lists that will leave everything out, as those of a busy gateway may.
    hides: u32,
    /// How much its clock is set on before the first list is told, once it is back.
    set_on_ms: u64,
    /// Every list is told to have more than it has, and nothing comes of asking for that.
    owes_a_page: bool,
    /// Told of a session once the call attaches to it; None: it goes on. One that is not in here is not known any more.
    ends: BTreeMap<SessionKey, Option<SessionEnd>>,
    /// Sessions that end before the cut.
    early: Vec<SessionKey>,
    /// The run is stopped before the cut, once it has a session.
    is_stopped: bool,
}

impl Back {
    /// The call up to the cut. What is then in the host's list is up to the test.
    fn cut_off(request: &Value, spawns: Spawns) -> Self {
        Self::with(spawns).up_to_the_cut(request)
    }

    fn with(spawns: Spawns) -> Self {
        Self {
            facts: HostFacts { keeps_journal: true, ..facts() },
            spawns,
            is_back: false,
            journal: String::new(),
            asked: Vec::new(),
            attached: 0,
            lists_ms: Vec::new(),
            rows: Vec::new(),
            refuses: None,
            hides: 0,
            set_on_ms: 0,
            owes_a_page: false,
            ends: BTreeMap::new(),
            early: Vec::new(),
            is_stopped: false,
        }
    }

    fn up_to_the_cut(mut self, request: &Value) -> Self {
        let mut host = OddHost::new(self.facts.clone(), |replies, command| self.react(replies, command)).cut_off();
        let cut = block_on(documents::call_named("run_tasks", request.to_string(), &mut host));
        assert_eq!(code(&cut), "E_HOST_PROTOCOL");
        // Without the line that the call came back.
        let lines: Vec<&str> = host.journal.split_inclusive('\n').collect();
        let journal = lines[..lines.len() - 1].concat();
        Self { journal, is_back: true, ..self }
    }

    fn lists(&mut self, key: &str, state: SessionState, usage: Option<Usage>) {
        let label = self.asked.get(self.rows.len()).cloned();
        self.rows.push(SessionRow { session_key: SessionKey::new(key), label, state, model: None, usage });
    }

    fn ends(&mut self, key: &str, outcome: SessionOutcome, usage: Option<Usage>) {
        let session = SessionKey::new(key);
        let end = match outcome {
            SessionOutcome::Completed => completed(&session, "fine"),
            other => SessionEnd::new(session.clone(), other),
        };
        self.ends.insert(session, Some(SessionEnd { usage, ..end }));
    }

    fn goes_on(&mut self) -> Value {
        let journal = self.journal.clone();
        let mut host = OddHost::new(self.facts.clone(), |replies, command| self.react(replies, command));
        let reply = block_on(resume(journal.clone(), &mut host));
        self.journal = journal + &host.journal;
        answer(&reply)
    }

    fn react(&mut self, replies: &mut Replies, command: Command) {
        let is_catching_up = command.request().is_some_and(|request| request.0 >= OWN_REQUESTS);
        if let (Command::List(..), true) = (&command, is_catching_up) {
            self.lists_ms.push(replies.now_ms);
        }
        let (request, outcome) = match (command.request(), self.refuses.clone().filter(|_| is_catching_up)) {
            (Some(request), Some(error)) => (request, Err(error)),
            _ => match self.outcome(replies, command) {
                Some(answered) => answered,
                None => return,
            },
        };
        let end = match &outcome {
            Ok(Reply::Attached(receipt)) => self.ends.get(&receipt.session_key).cloned().flatten(),
            Ok(Reply::Spawned(receipt)) if self.early.contains(&receipt.session_key) => {
                Some(completed(&receipt.session_key, "fine"))
            }
            _ => None,
        };
        let stops = self.is_stopped && !self.is_back && matches!(outcome, Ok(Reply::Spawned(_)));
        replies.answer(request, outcome);
        if stops {
            replies.tell(EventKind::StopRequested { task: None, reason: "enough".to_owned() });
        }
        end.into_iter().for_each(|end| replies.tell(EventKind::SessionEnded(end)));
    }

    /// What comes of a request. None: nothing is told.
    fn outcome(&mut self, replies: &mut Replies, command: Command) -> Option<(RequestId, Result<Reply, HostError>)> {
        Some(match command {
            Command::Spawn(request, options) => {
                self.asked.push(options.label.clone());
                let key = SessionKey::new(format!("s{}", self.asked.len()));
                let outcome = match self.spawns {
                    _ if self.is_back => Err(HostError::Forbidden("not any more".to_owned())),
                    Spawns::GiveReceipts => Ok(Reply::Spawned(receipt(&key))),
                    Spawns::AreInDoubt => Err(HostError::InDoubt("no answer came".to_owned())),
                    Spawns::HaveNoAnswer => return None,
                };
                (request, outcome)
            }
            Command::List(_, filter) if filter.offset > 0 => return None,
            Command::List(request, _) => {
                replies.now_ms += std::mem::take(&mut self.set_on_ms);
                let sessions = if self.hides > 0 { Vec::new() } else { self.rows.clone() };
                self.hides = self.hides.saturating_sub(1);
                (request, Ok(Reply::Listed(SessionPage { sessions, has_more: self.owes_a_page })))
            }
            Command::Attach(request, key) => {
                self.attached += 1;
                let known = self.ends.contains_key(&key).then(|| Reply::Attached(receipt(&key)));
                (request, known.ok_or_else(|| not_found(&key)))
            }
            Command::Cancel(request, _) if !self.is_back => (request, Ok(Reply::Cancelled)),
            _ => return None,
        })
    }
}

fn not_found(key: &SessionKey) -> HostError {
    HostError::NotFound(format!("No session found: {key}"))
}

fn tasks(count: usize, agent_type: &str) -> Vec<Value> {
    let task = json!({ "agent_type": agent_type, "task_description": "Look.", "output_format": "text",
        "input_data": { "code": "x" } });
    vec![task; count]
}

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
