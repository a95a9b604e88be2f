//! What the sessions did while nobody listened: a host that catches up with a call that was cut off.
//!
//! After a restart the new host knows nothing of the call. So its sessions are listed by the call's code, which is part
//! of every label, and those that the journal knows are attached to (`attaching`). A spawn whose receipt was lost finds its
//! session in that list, as does one that is not in the journal at all, because lines of it are lost. What is not in the list
//! was not spawned, and is left to the engine to decide anew: since then the budget may be used up, or a stop have come.
//!
//! Catching up has its time (`catching_up`). Attaching that is not done by then goes on beside the call: an answer that comes
//! late means what it would have meant before.

mod catching_up;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::catching_up::ANSWERS_TIMEOUT_MS;
use super::attaching::{Answer, Attaching, Held, Verdict};
use super::replay::Open;
use crate::host::{
    Command, Event, EventKind, Host, HostError, HostFacts, JournalError, Receipt, Reply, SessionEnd, SessionOutcome,
    SessionRow,
};
use crate::ids::{RequestId, SessionKey};
use crate::policy::clock_jump::CLOCK_JUMP_MS;
use crate::policy::outcome;
use crate::problem::CallError;

/// The recovery's own requests count from here, so that they never meet those of the engine, which count from 1.
const OWN_REQUESTS: u64 = 1 << 48;

/// A session that was asked for and is not in the journal.
struct Stray {
    /// The request of the spawn call whose session it is.
    spawn: RequestId,
    label: String,
    session: SessionKey,
}

/// A host that goes on where another one was cut off.
pub(super) struct Recovery<H> {
    host: H,
    /// To be told before the host is asked again.
    ready: VecDeque<EventKind>,
    next_request: u64,
    /// Sessions of this call that the journal does not know, by label.
    strays: BTreeMap<String, SessionKey>,
    /// Requests that attach to a stray, which the call has asked for by its label.
    found: BTreeMap<RequestId, Stray>,
    /// Sessions that the journal knows.
    attaching: Attaching,
    /// What the list told of the usage of sessions that the journal knows.
    used: BTreeMap<SessionKey, SessionRow>,
    /// Sessions whose end was told before the cut.
    ended: BTreeSet<SessionKey>,
    /// The number of the next event, and the host's time.
    next_seq: u64,
    now_ms: u64,
    /// What is left of the time for catching up.
    time_left_ms: u64,
    /// The new host keeps a journal too.
    pub(super) keeps_journal: bool,
}

impl<H: Host> Recovery<H> {
    /// Catches up with what was open.
    pub(super) async fn begin(host: H, open: Open) -> Result<Self, CallError> {
        let mut it = Self {
            host,
            ready: VecDeque::new(),
            next_request: OWN_REQUESTS,
            strays: BTreeMap::new(),
            found: BTreeMap::new(),
            attaching: Attaching::default(),
            used: BTreeMap::new(),
            ended: open.ended.clone(),
            next_seq: open.last.0 + 1,
            now_ms: open.last.1,
            time_left_ms: ANSWERS_TIMEOUT_MS,
            keeps_journal: false,
        };
        let first = it.host.next_event(None).await?;
        it.now_ms = first.at_ms;
        let EventKind::Opened(facts) = first.what else {
            return Err(CallError::HostProtocol("the first event has to be `opened`".to_owned()));
        };
        it.keeps_journal = facts.keeps_journal;
        let Some(seed) = open.seed else {
            // The call had not begun, so this is its first event.
            it.next_seq = 0;
            it.ready.push_back(EventKind::Opened(facts));
            return Ok(it);
        };
        let allowed = |facts: &HostFacts| (facts.max_concurrent, facts.limits.clone());
        let is_changed = open.facts.as_ref().map(allowed) != Some(allowed(&facts));
        it.catch_up(seed, open).await?;
        if is_changed {
            // Before all else: what starts from now on has to keep to what is allowed now.
            it.ready.push_front(EventKind::Opened(HostFacts { seed, ..facts }));
        }
        Ok(it)
    }

    /// Attaches to the sessions that are due.
    fn attach_to_due(&mut self) {
        while let Some(session) = self.attaching.next_due(self.now_ms) {
            self.attach_to(session);
        }
    }

    fn attach_to(&mut self, session: SessionKey) {
        let own = self.own_request();
        self.attaching.asked(own, session.clone());
        self.host.perform(Command::Attach(own, session));
    }

    /// Puts what happened in line, unless it is the recovery's own affair.
    fn take(&mut self, what: EventKind) {
        match what {
            EventKind::Answered { request, outcome } if request.0 >= OWN_REQUESTS => self.answered(request, outcome),
            EventKind::SessionEnded(end) if self.ended.contains(&end.session) => {}
            other => self.ready.push_back(other),
        }
    }

    /// Takes in the answer to a request of its own. To a list that has come too late nobody listens any more.
    fn answered(&mut self, request: RequestId, outcome: Result<Reply, HostError>) {
        if let Some(stray) = self.found.remove(&request) {
            return self.attached_to_stray(stray, outcome);
        }
        let Some(Answer { session, verdict, held }) = self.attaching.answered(request, outcome, self.now_ms) else {
            return;
        };
        match verdict {
            Verdict::NotNow(error) => {
                let answer = |request| EventKind::Answered { request, outcome: Err(error.clone()) };
                self.ready.extend(held.iter().filter_map(Command::request).map(answer));
                return;
            }
            Verdict::Gone => self.ready.push_back(gone(session)),
            Verdict::Settled => {}
        }
        held.into_iter().for_each(|command| self.host.perform(command));
    }

    fn attached_to_stray(&mut self, stray: Stray, outcome: Result<Reply, HostError>) {
        let Stray { spawn: request, label, session } = stray;
        let outcome = match outcome {
            Ok(Reply::Attached(receipt)) => Ok(Reply::Spawned(receipt)),
            // The host listed it a moment ago, so that it did come into being, and may have had effects before it was lost.
            Err(HostError::NotFound(_)) => {
                self.ready.push_front(gone(session.clone()));
                let run_id = String::new();
                Ok(Reply::Spawned(Receipt { session_key: session, run_id, applied_model: None, tool_free: false }))
            }
            other => {
                // It is there. What is asked for again with this label is this session and not another one.
                self.strays.insert(label, session);
                let words = match &other {
                    Ok(_) => "the host gave another answer than `attached`",
                    Err(error) => outcome::words(error),
                };
                Err(HostError::InDoubt(words.to_owned()))
            }
        };
        // Before the end of the session, which may be in line already.
        self.ready.push_front(EventKind::Answered { request, outcome });
    }

    fn own_request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    fn number(&mut self, what: EventKind) -> Event {
        let seq = self.next_seq;
        self.next_seq += 1;
        Event { seq, at_ms: self.now_ms, what }
    }
}

/// The end of a session that the host no longer has.
fn gone(session: SessionKey) -> EventKind {
    EventKind::SessionEnded(SessionEnd::new(session, SessionOutcome::Interrupted))
}

impl<H: Host> Host for Recovery<H> {
    fn perform(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => match self.strays.remove(&options.label) {
                Some(session) => {
                    let own = self.own_request();
                    let stray = Stray { spawn: request, label: options.label.clone(), session: session.clone() };
                    self.found.insert(own, stray);
                    self.host.perform(Command::Attach(own, session));
                }
                None => self.host.perform(Command::Spawn(request, options)),
            },
            other => match self.attaching.hold(other) {
                Held::Not(command) => self.host.perform(command),
                Held::AsksFor(session) => self.attach_to(session),
                Held::Waits => {}
            },
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        loop {
            self.attach_to_due();
            if let Some(what) = self.ready.pop_front() {
                return Ok(self.number(what));
            }
            let own_ms = self.attaching.wake_at();
            let Event { at_ms, what, .. } = self.host.next_event(until_ms.into_iter().chain(own_ms).min()).await?;
            let passed = at_ms.checked_sub(std::mem::replace(&mut self.now_ms, at_ms));
            let is_own = own_ms.is_some() && until_ms.is_none_or(|until_ms| at_ms < until_ms);
            match what {
                EventKind::TimerFired if is_own => {}
                other => self.take(other),
            }
            // Nothing of that is told, but the call waits for a time on this clock, which may have been set.
            if self.ready.is_empty() && passed.is_none_or(|passed| passed > CLOCK_JUMP_MS) {
                self.ready.push_back(EventKind::TimerFired);
            }
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.host.append(lines)
    }
}
