//! A host whose call is cut off, and which comes back.

use std::collections::BTreeMap;

use super::*;
use gateway_sim::odd_host::{OddHost, Replies, completed, receipt};
use parallel_agents_engine::host::{
    Command, EventKind, FinishReason, HistoryPage, HostFacts, Message, MessageRole, Reply, SessionEnd, SessionOutcome,
    SessionPage, SessionRow, SessionState,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Usage;

/// Requests of a call that catches up count from here.
const OWN_REQUESTS: u64 = 1 << 48;

/// What becomes of spawn calls before the cut.
#[derive(Clone, Copy, PartialEq)]
pub enum Spawns {
    GiveReceipts,
    AreInDoubt,
    HaveNoAnswer,
}

/// A host whose call is cut off once nothing more is told, and which comes back with a list of its own.
pub struct Back {
    pub facts: HostFacts,
    pub spawns: Spawns,
    pub is_back: bool,
    pub journal: String,
    /// Labels of all spawn calls. After the cut they are refused.
    pub asked: Vec<String>,
    pub attached: u32,
    /// When a call that catches up has asked for the list.
    pub lists_ms: Vec<u64>,
    pub rows: Vec<SessionRow>,
    /// The answer to everything that is asked while the call catches up.
    pub refuses: Option<HostError>,
    /// Lists that will leave everything out, as those of a busy gateway may.
    pub hides: u32,
    /// How much its clock is set on before the first list is told, once it is back.
    pub set_on_ms: u64,
    /// Every list is told to have more than it has, and nothing comes of asking for that.
    pub owes_a_page: bool,
    /// Told of a session once the call attaches to it; None: it goes on. One that is not in here is not known any more.
    pub ends: BTreeMap<SessionKey, Option<SessionEnd>>,
    /// Sessions that end before the cut.
    pub early: Vec<SessionKey>,
    /// These have no text then: it is in their transcripts.
    pub ends_without_text: bool,
    /// So many requests to attach are refused, as the host is busy.
    pub busy: u32,
    /// The first request to attach is answered only at this time, and only once something else is asked for.
    pub late_ms: Option<u64>,
    /// That request, while its answer is owed.
    pub owed: Option<(RequestId, SessionKey)>,
    /// What was asked of sessions after the cut, in order.
    pub log: Vec<String>,
    /// The run is stopped before the cut, once it has a session.
    pub is_stopped: bool,
}

impl Back {
    /// The call up to the cut. What is then in the host's list is up to the test.
    pub fn cut_off(request: &Value, spawns: Spawns) -> Self {
        Self::with(spawns).up_to_the_cut(request)
    }

    pub fn with(spawns: Spawns) -> Self {
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
            ends_without_text: false,
            busy: 0,
            late_ms: None,
            owed: None,
            log: Vec::new(),
            is_stopped: false,
        }
    }

    pub fn up_to_the_cut(mut self, request: &Value) -> Self {
        let mut host = OddHost::new(self.facts.clone(), |replies, command| self.react(replies, command)).cut_off();
        let cut = block_on(documents::call_named("run_tasks", request.to_string(), &mut host));
        assert_eq!(code(&cut), "E_HOST_PROTOCOL");
        // Without the line that the call came back.
        let lines: Vec<&str> = host.journal.split_inclusive('\n').collect();
        let journal = lines[..lines.len() - 1].concat();
        Self { journal, is_back: true, ..self }
    }

    pub fn lists(&mut self, key: &str, state: SessionState, usage: Option<Usage>) {
        let label = self.asked.get(self.rows.len()).cloned();
        self.rows.push(SessionRow { session_key: SessionKey::new(key), label, state, model: None, usage });
    }

    pub fn ends(&mut self, key: &str, outcome: SessionOutcome, usage: Option<Usage>) {
        let session = SessionKey::new(key);
        let end = match outcome {
            SessionOutcome::Completed => completed(&session, "fine"),
            other => SessionEnd::new(session.clone(), other),
        };
        self.ends.insert(session, Some(SessionEnd { usage, ..end }));
    }

    pub fn goes_on(&mut self) -> Value {
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
        if let Some((request, key)) = self.owed.take_if(|_| !matches!(command, Command::Attach(..))) {
            replies.now_ms = replies.now_ms.max(self.late_ms.unwrap_or(0));
            replies.answer(request, Err(not_found(&key)));
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
                let end = completed(&receipt.session_key, "fine");
                let completion = end.completion.clone().filter(|_| !self.ends_without_text);
                Some(SessionEnd { completion, ..end })
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
            Command::List(_, filter) if filter.offset > 0 && self.owes_a_page => return None,
            Command::List(request, filter) => {
                replies.now_ms += std::mem::take(&mut self.set_on_ms);
                let rows: &[SessionRow] = if self.hides > 0 { &[] } else { self.rows.as_slice() };
                self.hides = self.hides.saturating_sub(1);
                let sessions: Vec<SessionRow> =
                    rows.iter().skip(filter.offset as usize).take(filter.limit as usize).cloned().collect();
                let has_more = self.owes_a_page || filter.offset as usize + sessions.len() < rows.len();
                (request, Ok(Reply::Listed(SessionPage { sessions, has_more })))
            }
            Command::Attach(request, key) => {
                self.attached += 1;
                self.log.push(format!("attach {key}"));
                if self.late_ms.is_some() && self.attached == 1 {
                    self.owed = Some((request, key));
                    return None;
                }
                if self.attached <= self.busy {
                    return Some((request, Err(HostError::Busy("locked".to_owned()))));
                }
                let known = self.ends.contains_key(&key).then(|| Reply::Attached(receipt(&key)));
                (request, known.ok_or_else(|| not_found(&key)))
            }
            Command::History(request, query) if self.is_back => {
                self.log.push(format!("history {}", query.session_key));
                (request, Ok(Reply::History(page("fine"))))
            }
            Command::Delete(request, key) if self.is_back => {
                self.log.push(format!("delete {key}"));
                (request, Ok(Reply::Deleted))
            }
            Command::Cancel(request, _) if !self.is_back => (request, Ok(Reply::Cancelled)),
            _ => return None,
        })
    }
}

/// A transcript with one answer.
fn page(text: &str) -> HistoryPage {
    let message = Message {
        role: MessageRole::Assistant,
        text: text.to_owned(),
        truncated: false,
        finish: FinishReason::Stop,
        model: None,
        usage: None,
    };
    HistoryPage { messages: vec![message], has_more: false, dropped_messages: 0, redacted: false }
}

fn not_found(key: &SessionKey) -> HostError {
    HostError::NotFound(format!("No session found: {key}"))
}

pub fn tasks(count: usize, agent_type: &str) -> Vec<Value> {
    let task = json!({ "agent_type": agent_type, "task_description": "Look.", "output_format": "text",
        "input_data": { "code": "x" } });
    vec![task; count]
}
