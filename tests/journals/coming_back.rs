//! What a call that goes on makes of what its host lists, and of what it then tells of each session.

use std::collections::BTreeMap;

use super::*;
use parallel_agents_engine::task::Usage;

/// A host whose call is cut off once nothing more is told, and which comes back with a list of its own.
#[derive(Default)]
struct Back {
    journal: String,
    told: Vec<EventKind>,
    seq: u64,
    /// Labels of all spawn calls.
    asked: Vec<String>,
    /// Whether spawn calls are answered before the cut. After it they are refused.
    gives_receipts: bool,
    is_back: bool,
    now_ms: u64,
    rows: Vec<SessionRow>,
    /// How much its clock is set on before the first list is told, once it is back.
    set_on_ms: u64,
    /// Every list is told to have more than it has, and nothing comes of asking for that.
    owes_a_page: bool,
    /// Told of a session once the call attaches to it; None: it goes on. One that is not in here is not known any more.
    ends: BTreeMap<SessionKey, Option<SessionEnd>>,
}

impl Back {
    /// The call up to the cut. What is then in the host's list is up to the test.
    fn cut_off(request: &Value, gives_receipts: bool) -> Self {
        let mut host = Self { gives_receipts, told: Answering::new().told, ..Self::default() };
        let cut = block_on(documents::call_named("run_tasks", &request.to_string(), &mut host));
        assert_eq!(code(&cut), "E_HOST_PROTOCOL");
        // Without the line that the call came back.
        let lines: Vec<&str> = host.journal.split_inclusive('\n').collect();
        let journal = lines[..lines.len() - 1].concat();
        Self { journal, is_back: true, told: Answering::new().told, seq: 0, ..host }
    }

    fn lists(&mut self, key: &str, state: SessionState, usage: Option<Usage>) {
        let label = self.asked.get(self.rows.len()).cloned();
        self.rows.push(SessionRow { session_key: SessionKey::new(key), label, state, model: None, usage });
    }

    fn ends(&mut self, key: &str, outcome: SessionOutcome, usage: Option<Usage>) {
        let session = SessionKey::new(key);
        let completion = (outcome == SessionOutcome::Completed).then(|| Completion {
            text: "fine".to_owned(),
            truncated: false,
            finish: FinishReason::Stop,
        });
        self.ends.insert(session.clone(), Some(SessionEnd { session, outcome, completion, usage, model: None }));
    }

    fn goes_on(&mut self) -> Value {
        let journal = self.journal.clone();
        answer(&block_on(resume(&journal, self)))
    }
}

impl Host for Back {
    fn perform(&mut self, command: Command) {
        let receipt = |session_key: &SessionKey| Receipt {
            session_key: session_key.clone(),
            run_id: String::new(),
            applied_model: None,
            tool_free: true,
        };
        let mut end = None;
        let (request, outcome) = match command {
            Command::Spawn(request, options) => {
                self.asked.push(options.label.clone());
                let key = SessionKey::new(format!("s{}", self.asked.len()));
                match (self.is_back, self.gives_receipts) {
                    (true, _) => (request, Err(HostError::Forbidden("not any more".to_owned()))),
                    (false, true) => (request, Ok(Reply::Spawned(receipt(&key)))),
                    (false, false) => return,
                }
            }
            Command::List(_, filter) if filter.offset > 0 => return,
            Command::List(request, _) => {
                self.now_ms += std::mem::take(&mut self.set_on_ms);
                let page = SessionPage { sessions: self.rows.clone(), has_more: self.owes_a_page };
                (request, Ok(Reply::Listed(page)))
            }
            Command::Attach(request, key) => {
                let known = self.ends.get(&key);
                end = known.cloned().flatten();
                (request, known.map(|_| Reply::Attached(receipt(&key))).ok_or_else(|| not_found(&key)))
            }
            _ => return,
        };
        self.told.push(EventKind::Answered { request, outcome });
        self.told.extend(end.map(EventKind::SessionEnded));
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        next(&mut self.told, &mut self.seq, &mut self.now_ms, self.is_back, until_ms)
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.journal.push_str(lines);
        Ok(())
    }
}

/// The next thing that there is to tell. After the last one the call is cut off, or it waits once it is back.
fn next(
    told: &mut Vec<EventKind>,
    seq: &mut u64,
    now_ms: &mut u64,
    is_back: bool,
    until_ms: Option<u64>,
) -> Result<Event, CallError> {
    let what = match told.is_empty() {
        false => told.remove(0),
        true if is_back => EventKind::TimerFired,
        true => return Err(CallError::HostProtocol("cut off".to_owned())),
    };
    if what == EventKind::TimerFired {
        *now_ms = until_ms.unwrap_or(0);
    }
    *seq += 1;
    Ok(Event { seq: *seq - 1, at_ms: *now_ms, what })
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
        let mut host = Back::cut_off(&request, true);
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
fn a_session_that_the_host_listed_and_then_forgot_is_not_spawned_again_for_the_same_attempt() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer"), "retries": 1 }), false);
    host.lists("s1", SessionState::Running, None);
    let report = host.goes_on();
    let second = host.asked.get(1).cloned().unwrap_or_default();
    assert!(second.contains(" #2 ["), "{:?}", host.asked);
    assert_eq!(report["results"][0]["error"]["code"], "E_SPAWN_FORBIDDEN", "{report:#}");
}

#[test]
fn what_a_list_shows_counts_although_the_rest_of_it_does_not_come() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer") }), false);
    host.owes_a_page = true;
    host.lists("s1", SessionState::Running, None);
    host.ends("s1", SessionOutcome::Completed, None);
    let report = host.goes_on();
    assert_eq!((report["status"].as_str(), host.asked.len()), (Some("completed"), 1), "{report:#}");
}

#[test]
fn a_clock_that_is_set_on_ends_no_question() {
    let mut host = Back::cut_off(&json!({ "tasks": tasks(1, "code_reviewer"), "retries": 0 }), true);
    host.set_on_ms = 3_600_000;
    let report = host.goes_on();
    let first = &report["results"][0]["metadata"]["attempt_log"][0]["error"];
    assert_eq!(first["code"], "E_INTERRUPTED", "the host does not know it any more: {report:#}");
}

/// A host that loses every receipt. Once its caller is back it lists the session that there is, and has forgotten all keys.
#[derive(Default)]
struct Losing {
    journal: String,
    told: Vec<EventKind>,
    seq: u64,
    /// The session of the first spawn call.
    label: Option<String>,
    is_back: bool,
    now_ms: u64,
    /// Lists that will still leave it out.
    hides: u32,
    attached: u32,
}

impl Losing {
    fn opened(mut self) -> Self {
        self.told = Answering::new().told;
        self.seq = 0;
        self
    }

    fn row(&self) -> SessionRow {
        let session_key = SessionKey::new("s1");
        SessionRow { session_key, label: self.label.clone(), state: SessionState::Running, model: None, usage: None }
    }
}

impl Host for Losing {
    fn perform(&mut self, command: Command) {
        let (request, outcome) = match command {
            Command::Spawn(_, options) if self.is_back => panic!("{} is spawned a second time", options.label),
            Command::Spawn(request, options) => {
                self.label.get_or_insert(options.label.clone());
                (request, Err(HostError::InDoubt("no answer came".to_owned())))
            }
            Command::List(request, _) => {
                let sessions = if self.hides > 0 { Vec::new() } else { vec![self.row()] };
                self.hides = self.hides.saturating_sub(1);
                (request, Ok(Reply::Listed(SessionPage { sessions, has_more: false })))
            }
            Command::Attach(request, session_key) => {
                self.attached += 1;
                let run_id = String::new();
                (request, Ok(Reply::Attached(Receipt { session_key, run_id, applied_model: None, tool_free: false })))
            }
            _ => return,
        };
        self.told.push(EventKind::Answered { request, outcome });
        if self.attached == 1 {
            self.told.push(EventKind::SessionEnded(SessionEnd {
                session: SessionKey::new("s1"),
                outcome: SessionOutcome::Completed,
                completion: Some(Completion { text: "fine".to_owned(), truncated: false, finish: FinishReason::Stop }),
                usage: None,
                model: None,
            }));
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        next(&mut self.told, &mut self.seq, &mut self.now_ms, self.is_back, until_ms)
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.journal.push_str(lines);
        Ok(())
    }
}

#[test]
fn a_session_in_doubt_is_found_although_nothing_is_asked_just_now() {
    let one = json!({ "tasks": [{ "agent_type": "code_reviewer", "task_description": "Look.", "output_format": "text",
        "input_data": { "code": "x" } }] });
    // Lists of a busy gateway leave some rows out.
    for hides in [0, 1] {
        let mut host = Losing::default().opened();
        let cut = block_on(documents::call_named("run_tasks", &one.to_string(), &mut host));
        assert_eq!(code(&cut), "E_HOST_PROTOCOL", "it pauses before it asks again");
        // Without the line that the call came back.
        let lines: Vec<&str> = host.journal.split_inclusive('\n').collect();
        let journal = lines[..lines.len() - 1].concat();
        let mut host = Losing { is_back: true, hides, ..host }.opened();
        let report = answer(&block_on(resume(&journal, &mut host)));
        assert_eq!((report["status"].as_str(), host.attached), (Some("completed"), 1), "{report:#}");
    }
}

#[test]
fn what_the_operator_allows_now_holds_for_a_call_that_goes_on() {
    let request = json!({ "tasks": tasks(3, "code_reviewer"), "max_concurrent": 1, "retries": 1, "corrections": 0 });
    let mut unlimited = Back::cut_off(&request, true);
    let mut limited = Back::cut_off(&request, true);
    for host in [&mut unlimited, &mut limited] {
        host.lists("s1", SessionState::Running, None);
        host.ends("s1", SessionOutcome::Completed, None);
    }
    let Some(EventKind::Opened(facts)) = limited.told.first_mut() else { panic!("the first event is `opened`") };
    // Another seed, as of another process, which the call has no use for.
    facts.seed = 99;
    facts.limits = Some(OperatorLimits { spawns: Some(1), ..OperatorLimits::default() });
    assert_eq!(unlimited.goes_on()["results"][1]["error"]["code"], "E_SPAWN_FORBIDDEN");
    let report = limited.goes_on();
    assert_eq!(limited.asked.len(), 1, "{:?}", limited.asked);
    assert_eq!(report["budget"]["spawns"]["cap"], 1);
    for task in [1, 2] {
        assert_eq!(report["results"][task]["error"]["code"], "E_BUDGET", "{report:#}");
    }
    // What was written down on the way goes the same way once more.
    let replayed = answer(&block_on(replay(&limited.journal, &mut Nobody)));
    assert_eq!((&replayed["complete"], &replayed["reply"]), (&json!(true), &report), "{}", limited.journal);
}
