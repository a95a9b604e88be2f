//! Sessions of a call that was cut off, and how far the host has attached the call that goes on to each of them.
//!
//! | a session is | and then                                          | it becomes                            |
//! |--------------|---------------------------------------------------|---------------------------------------|
//! | idle         | something is asked of it                          | asked for                             |
//! | queued       | there is room, or something is asked of it        | asked for                             |
//! | asked for    | an answer that stays                              | settled: it is not kept here any more |
//! | asked for    | an answer that passes, and it had not ended       | pausing                               |
//! | asked for    | an answer that passes, and it had ended           | idle                                  |
//! | pausing      | the pause is over                                 | queued                                |
//! | pausing      | something is asked of it                          | asked for                             |
//!
//! Those that may run come first, since what becomes of them is told only to a call that is attached. Nothing more is told of
//! one that had ended, so such a session is asked for only when something is asked of it, or, where sessions are deleted in
//! the end, behind the others.
//!
//! A host answers nothing about a session that it has not attached to. What is asked of one meanwhile is held back here, until
//! an answer that stays; an answer that passes is the answer to that as well, as the engine knows how often to ask again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::replay::Open;
use crate::host::{Command, HostError, Reply};
use crate::ids::{RequestId, SessionKey};
use crate::policy::outcome;

/// Between two tries, in milliseconds, as long as catching up waits for them.
pub(super) const PAUSE_MS: u64 = 1_000;

/// Tries that catching up waits for. After these the pauses double, and the call goes on meanwhile.
pub(super) const MAX_TRIES: u32 = 3;

/// The longest pause is 64 s. The tries have no other end than that of the call, which its request limits: as long as nobody
/// has said that a session is not there, it may run.
const MAX_DOUBLINGS: u32 = 6;

/// Sessions that are asked for at once: for each of them a gateway looks through all that it has.
const AT_ONCE: usize = 16;

/// What is known of a session from the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Its end was not told.
    Live,
    /// It was stopped, and its end may still say what it used.
    Stopped,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Queued,
    Asked,
    /// Until this time on the host's clock.
    Pausing(u64),
}

#[derive(Debug)]
struct Wanted {
    before: Before,
    stage: Stage,
    tries: u32,
    /// Catching up waits for it.
    is_urgent: bool,
    /// What is asked of it once it is settled.
    held: Vec<Command>,
}

/// The sessions of the journal that are not settled.
#[derive(Debug, Default)]
pub(super) struct Attaching {
    wanted: BTreeMap<SessionKey, Wanted>,
    /// In this order. One that was asked for out of turn stays in it and is left out then.
    queue: VecDeque<SessionKey>,
    asked: BTreeMap<RequestId, SessionKey>,
    pauses: BTreeSet<(u64, SessionKey)>,
    /// How many of them catching up waits for.
    urgent: usize,
    /// The host's clock.
    now_ms: u64,
}

/// What comes of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It concerns no session that is kept here.
    Not(Command),
    /// It is held back, and this session is to be asked for now.
    AsksFor(SessionKey),
    /// It is held back until the answer that is owed.
    Waits,
}

/// What an answer says of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing just now.
    NotNow(HostError),
    /// It ran before, and the host does not have it any more.
    Gone,
    /// It is attached to, or there is no way to.
    Settled,
}

/// A session of which the host has said something, and what was held back for that.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) session: SessionKey,
    pub(super) verdict: Verdict,
    pub(super) held: Vec<Command>,
}

impl Attaching {
    /// All sessions that the call had, those that may run first.
    pub(super) fn of(open: &Open) -> Self {
        let mut it = Self::default();
        for group in [Before::Live, Before::Stopped, Before::Ended] {
            for session in open.sessions.iter().filter(|session| before(open, session) == group) {
                it.enter(session.clone(), group, open.deletes);
            }
        }
        it
    }

    fn enter(&mut self, session: SessionKey, before: Before, deletes: bool) {
        let is_urgent = before != Before::Ended;
        let stage = if is_urgent || deletes { Stage::Queued } else { Stage::Idle };
        if stage == Stage::Queued {
            self.queue.push_back(session.clone());
        }
        self.urgent += usize::from(is_urgent);
        self.wanted.insert(session, Wanted { before, stage, tries: 0, is_urgent, held: Vec::new() });
    }

    /// Whether there is a session that catching up waits for.
    pub(super) fn is_urgent(&self) -> bool {
        self.urgent > 0
    }

    /// When a pause is over, on the host's clock.
    pub(super) fn wake_at(&self) -> Option<u64> {
        self.pauses.first().map(|(at_ms, _)| *at_ms).filter(|_| self.has_room())
    }

    /// The session to ask for next. None: nothing is due, or enough is asked for.
    pub(super) fn next_due(&mut self, now_ms: u64) -> Option<SessionKey> {
        self.end_pauses(now_ms);
        while self.has_room() {
            let session = self.queue.pop_front()?;
            if self.wanted.get(&session).is_some_and(|wanted| wanted.stage == Stage::Queued) {
                return Some(session);
            }
        }
        None
    }

    fn has_room(&self) -> bool {
        self.asked.len() < AT_ONCE
    }

    fn end_pauses(&mut self, now_ms: u64) {
        // A clock that was set back does not show the end of a pause that began before that.
        let is_back = now_ms < std::mem::replace(&mut self.now_ms, now_ms);
        while self.pauses.first().is_some_and(|(at_ms, _)| is_back || *at_ms <= now_ms) {
            let Some((_, session)) = self.pauses.pop_first() else { return };
            if let Some(wanted) = self.wanted.get_mut(&session) {
                wanted.stage = Stage::Queued;
                self.queue.push_back(session);
            }
        }
    }

    /// Notes that a session is asked for.
    pub(super) fn asked(&mut self, request: RequestId, session: SessionKey) {
        if let Some(wanted) = self.wanted.get_mut(&session) {
            wanted.stage = Stage::Asked;
            wanted.tries = wanted.tries.saturating_add(1);
            self.asked.insert(request, session);
        }
    }

    /// Holds a command back if its session is not settled.
    pub(super) fn hold(&mut self, command: Command) -> Held {
        let Some(session) = session_of(&command).cloned() else { return Held::Not(command) };
        let Some(wanted) = self.wanted.get_mut(&session) else { return Held::Not(command) };
        wanted.held.push(command);
        match wanted.stage {
            Stage::Asked => return Held::Waits,
            Stage::Pausing(at_ms) => {
                self.pauses.remove(&(at_ms, session.clone()));
            }
            Stage::Idle | Stage::Queued => {}
        }
        Held::AsksFor(session)
    }

    /// Takes in an answer. None: no session was asked for with this request.
    pub(super) fn answered(
        &mut self,
        request: RequestId,
        answer: Result<Reply, HostError>,
        now_ms: u64,
    ) -> Option<Answer> {
        let session = self.asked.remove(&request)?;
        let mut wanted = self.wanted.remove(&session)?;
        let held = std::mem::take(&mut wanted.held);
        let passing = answer.as_ref().err().filter(|error| outcome::passes(error)).cloned();
        if wanted.is_urgent && (passing.is_none() || wanted.tries >= MAX_TRIES) {
            wanted.is_urgent = false;
            self.urgent = self.urgent.saturating_sub(1);
        }
        let verdict = match (passing, answer) {
            (Some(error), _) => {
                self.put_off(session.clone(), wanted, &error, now_ms);
                Verdict::NotNow(error)
            }
            (None, Err(HostError::NotFound(_) | HostError::NotOwner(_))) if wanted.before == Before::Live => {
                Verdict::Gone
            }
            (None, _) => Verdict::Settled,
        };
        Some(Answer { session, verdict, held })
    }

    fn put_off(&mut self, session: SessionKey, mut wanted: Wanted, error: &HostError, now_ms: u64) {
        wanted.stage = match wanted.before {
            Before::Ended => Stage::Idle,
            Before::Live | Before::Stopped => {
                let pause = outcome::retry_after_ms(error).unwrap_or(0).max(pause_after(wanted.tries));
                let at_ms = now_ms.saturating_add(pause);
                self.pauses.insert((at_ms, session.clone()));
                Stage::Pausing(at_ms)
            }
        };
        self.wanted.insert(session, wanted);
    }
}

fn before(open: &Open, session: &SessionKey) -> Before {
    if open.live.contains(session) {
        Before::Live
    } else if open.ended.contains(session) {
        Before::Ended
    } else {
        Before::Stopped
    }
}

/// The pause after so many tries, in milliseconds.
fn pause_after(tries: u32) -> u64 {
    PAUSE_MS << tries.saturating_sub(MAX_TRIES - 1).min(MAX_DOUBLINGS)
}

/// The session of which a command asks something that a host does only for one that it has attached to.
fn session_of(command: &Command) -> Option<&SessionKey> {
    match command {
        Command::History(_, query) => Some(&query.session_key),
        Command::Cancel(_, session) | Command::Delete(_, session) => Some(session),
        Command::Spawn(..) | Command::List(..) | Command::Attach(..) | Command::Progress(_) | Command::Item(_) => None,
    }
}

#[cfg(test)]
mod tests;
