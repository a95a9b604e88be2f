//! One call over several gateways, as a pure state machine: what is told goes in, what is to be asked comes out. The engine below
//! knows one host; which gateway a session is on, and what to do while one is away, is decided here.

mod answers;
mod commands;
mod listing;
mod opening;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::{Event, EventKind, ItemResult, OperatorLimits, Progress, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use crate::messages::{
    Control, EndReport, FollowRequest, GatewayCall, GatewayReply, GatewayRequest, RunInput, RunOutput,
};
use crate::placement::{GatewayIndex, Placement};
use crate::stepper::{Stepper, Turn};
use listing::Listing;
use opening::Opening;

/// Names what was asked, until it is told; counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The answer to [`Action::Call`].
    Reply(CallId, GatewayReply),
    /// The answer to [`Action::Follow`].
    End(CallId, EndReport),
    /// The time that was waited for has come; in milliseconds since 1970.
    Time(u64),
    /// Somebody controls the run from outside.
    Control(Control),
}

/// What is to be done for a call; each is answered once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask a gateway.
    Call(CallId, GatewayRequest),
    /// Wait for the end of a session.
    Follow(CallId, FollowRequest),
}

/// What a step came to.
#[derive(Debug, Default)]
pub struct Stepped {
    /// What is to be done, in order.
    pub actions: Vec<Action>,
    /// Items that have become final.
    pub items: Vec<ItemResult>,
    /// How the status of tasks has changed, in order.
    pub progress: Vec<Progress>,
    /// Until when to wait for the next input, in milliseconds since 1970. None: without limit.
    pub wake_ms: Option<u64>,
    /// The call is over.
    pub over: Option<RunOutput>,
}

/// A call that is under way.
pub struct ClusterCall {
    stepper: Stepper,
    input: RunInput,
    placement: Placement,
    /// What the gateways allow, together with what the run was started with; those that were read before the engine began.
    limits: OperatorLimits,
    /// Before the engine has begun.
    opening: Option<Opening>,
    now_ms: u64,
    next_seq: u64,
    next_call: u64,
    /// Events in the order in which they are told.
    untold: VecDeque<EventKind>,
    /// Until when the engine waits.
    until_ms: Option<u64>,
    asked: BTreeMap<CallId, About>,
    /// Where the session of a key was asked for, for as long as it may be there without a receipt.
    in_doubt: BTreeMap<String, Doubt>,
    sessions: BTreeMap<SessionKey, Session>,
    listing: Listing,
    stepped: Stepped,
}

/// What was asked, and for whom.
#[derive(Debug)]
enum About {
    Facts(GatewayIndex),
    Spawn(RequestId, GatewayIndex, Arc<SpawnOptions>),
    List(RequestId),
    Find(RequestId, GatewayIndex, SessionKey),
    Session(RequestId, SessionKey),
    /// A key that the engine has given up.
    Tombstone(GatewayIndex),
    End(SessionKey),
}

/// A key whose session was asked for, while no receipt has come.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    gateway: GatewayIndex,
    /// Answers that left it in doubt.
    answers: u32,
}

/// A session of a gateway.
#[derive(Debug)]
struct Session {
    gateway: GatewayIndex,
    /// Its name at the door.
    key: String,
    has_slot: bool,
}

impl ClusterCall {
    /// A call that nothing was done for yet, and what it begins with.
    pub fn begin(input: RunInput) -> (Self, Stepped) {
        let mut call = Self {
            stepper: Stepper::new(input.function.clone(), input.request.clone()),
            placement: Placement::new(&input.gateways),
            limits: input.limits.clone(),
            opening: Some(Opening::default()),
            now_ms: input.at_ms,
            next_seq: 0,
            next_call: 0,
            untold: VecDeque::new(),
            until_ms: None,
            asked: BTreeMap::new(),
            in_doubt: BTreeMap::new(),
            sessions: BTreeMap::new(),
            listing: Listing::default(),
            stepped: Stepped::default(),
            input,
        };
        // A call that needs no host is over before any gateway is asked.
        match call.stepper.step(None).1 {
            Turn::Over(reply) => call.over(reply),
            Turn::Waits(until_ms) => {
                call.until_ms = until_ms;
                call.ask_for_facts();
            }
        }
        let stepped = call.take_stepped();
        (call, stepped)
    }

    /// Takes in what has happened.
    pub fn step(&mut self, input: Input) -> Stepped {
        match input {
            Input::Reply(id, reply) => {
                self.passes(reply.at_ms);
                self.answered(id, reply);
            }
            Input::End(id, ended) => {
                self.passes(ended.at_ms);
                self.ended(id, ended.end);
            }
            Input::Time(at_ms) => self.passes(at_ms),
            Input::Control(Control::Stop(reason)) => self.stop(reason),
            Input::Control(Control::Drain(gateway, is_drained)) => {
                if let Some(index) = self.placement.named(&gateway) {
                    self.placement.drain(index, is_drained);
                }
            }
        }
        if self.opening.is_some() {
            self.open();
        }
        self.go_on();
        self.take_stepped()
    }

    /// Sessions on each gateway.
    pub fn live(&self) -> Vec<(String, u32)> {
        self.placement.live().map(|(name, live)| (name.to_owned(), live)).collect()
    }

    /// The gateways that get no more sessions of this run, and why.
    pub fn closed(&self) -> Vec<(String, String)> {
        self.placement.closed().map(|(name, reason)| (name.to_owned(), reason.to_owned())).collect()
    }

    /// The time of the last input, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn passes(&mut self, at_ms: u64) {
        self.now_ms = self.now_ms.max(at_ms);
    }

    /// Tells the engine what it was not told yet, and carries out what it wants.
    fn go_on(&mut self) {
        while self.opening.is_none() && self.stepped.over.is_none() {
            let what = match self.untold.pop_front() {
                Some(what) => what,
                None if self.until_ms.is_some_and(|until| until <= self.now_ms) => EventKind::TimerFired,
                None => break,
            };
            let event = Event { seq: self.next_seq, at_ms: self.now_ms, what };
            self.next_seq += 1;
            let (commands, turn) = self.stepper.step(Some(event));
            for command in commands {
                self.perform(command);
            }
            match turn {
                Turn::Over(reply) => self.over(reply),
                Turn::Waits(until_ms) => self.until_ms = until_ms,
            }
        }
    }

    fn over(&mut self, reply: DocumentReply) {
        // What may be alive without anybody knowing it is not left behind.
        for (key, doubt) in std::mem::take(&mut self.in_doubt) {
            self.tombstone(doubt.gateway, key);
        }
        // Nor is what the engine could not stop, as its gateway did not answer.
        let alive = self.sessions.values().filter(|session| session.has_slot);
        let alive: Vec<_> = alive.map(|session| (session.gateway, session.key.clone())).collect();
        for (gateway, key) in alive {
            self.tombstone(gateway, key);
        }
        self.stepped.over = Some(match reply {
            DocumentReply::Answer(text) => RunOutput::Answer(text),
            DocumentReply::Refused(text) => RunOutput::Refused(text),
        });
    }

    fn take_stepped(&mut self) -> Stepped {
        let opening = self.opening.as_ref().and_then(Opening::wake_ms);
        let engine = self.until_ms.filter(|_| self.opening.is_none());
        self.stepped.wake_ms = [opening, engine].into_iter().flatten().min();
        std::mem::take(&mut self.stepped)
    }

    fn ask(&mut self, about: About, gateway: GatewayIndex, call: GatewayCall) {
        let id = self.next_id();
        self.asked.insert(id, about);
        let gateway = self.placement.name(gateway).to_owned();
        self.stepped.actions.push(Action::Call(id, GatewayRequest { gateway, call }));
    }

    fn next_id(&mut self) -> CallId {
        let id = CallId(self.next_call);
        self.next_call += 1;
        id
    }

    /// The name of a session among those of all gateways.
    fn named(&self, gateway: GatewayIndex, session: &SessionKey) -> SessionKey {
        SessionKey::new(format!("{}/{session}", self.placement.name(gateway)))
    }

    /// The gateway of a session, and what that calls it.
    fn place_of(&self, session: &SessionKey) -> Option<(GatewayIndex, SessionKey)> {
        let (gateway, own) = session.as_str().split_once('/')?;
        Some((self.placement.named(gateway)?, SessionKey::new(own)))
    }
}
