//! A call, and gateways that exist only here: what each is asked it answers at once, in an order that a seed draws.

use std::collections::BTreeMap;
use std::sync::Arc;

use parallel_agents_engine::host::{
    Completion, FinishReason, HistoryPage, HostError, OperatorLimits, Receipt, SessionEnd, SessionOutcome, SessionRow,
    SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::{Action, ClusterCall, Input, Stepped};
use crate::limits::Allowed;
use crate::messages::{
    Answer, EndReport, GatewayCall, GatewayFacts, GatewayReply, GatewayRequest, Refusal, RunInput, RunOutput,
};
use crate::placement::GatewaySpec;

/// What a gateway does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nobody is reached.
    Away,
    /// It does what it is asked, and the answer is lost.
    Mute,
    /// It has no more room than this.
    Full(usize),
    /// It refuses this much of what it is asked.
    Refuses(Refusal),
}

#[derive(Debug, Default)]
pub struct Gateway {
    pub fault: Option<Fault>,
    /// Keys, their sessions' labels, and whether each is over.
    pub sessions: BTreeMap<String, (String, bool)>,
    /// Keys of all spawn requests.
    pub asked: Vec<String>,
    pub peak: usize,
    pub is_drained: bool,
    /// What it allows.
    pub limits: OperatorLimits,
}

impl Gateway {
    pub fn live(&self) -> usize {
        self.sessions.values().filter(|(_, is_over)| !is_over).count()
    }

    fn spawn(&mut self, options: &Arc<SpawnOptions>) -> Result<Answer, HostError> {
        let key = options.idempotency_key.clone();
        self.asked.push(key.clone());
        if let Some(Fault::Full(room)) = self.fault
            && self.live() >= room
        {
            return Err(HostError::AtCapacity("full".to_owned()));
        }
        self.sessions.entry(key.clone()).or_insert((options.label.clone(), false));
        self.peak = self.peak.max(self.live());
        let session_key = SessionKey::new(format!("agent:main:subagent:{key}"));
        Ok(Answer::Spawned(Receipt {
            session_key,
            run_id: String::new(),
            applied_model: None,
            tool_free: options.tool_free,
        }))
    }

    /// What it answers, and what the service that has asked it says with that.
    pub fn reply(&mut self, at_ms: u64, call: &GatewayCall) -> GatewayReply {
        let refuses = |refusal: Refusal| match refusal {
            Refusal::Everything => true,
            Refusal::Kind => matches!(call, GatewayCall::Spawn(_)),
        };
        let is_facts = matches!(call, GatewayCall::Facts);
        let reply = match self.fault {
            Some(Fault::Refuses(refusal)) if refuses(refusal) => {
                let answer = Err(HostError::Forbidden("it is refused".to_owned()));
                GatewayReply { refusal: Some(refusal), ..GatewayReply::new(at_ms, answer) }
            }
            _ => GatewayReply::new(at_ms, self.answer(call)),
        };
        GatewayReply { is_drained: is_facts.then_some(self.is_drained), ..reply }
    }

    pub fn answer(&mut self, call: &GatewayCall) -> Result<Answer, HostError> {
        if self.fault == Some(Fault::Away) {
            return Err(HostError::Unavailable("away".to_owned()));
        }
        let answer = match call {
            GatewayCall::Facts => Ok(Answer::Facts(GatewayFacts {
                max_concurrent: 1_000,
                limits: self.limits.clone(),
                is_drained: self.is_drained,
            })),
            GatewayCall::Spawn(options) => self.spawn(options),
            GatewayCall::List(filter) => {
                let search = filter.search.clone().unwrap_or_default();
                let rows = self.sessions.iter().filter(|(_, (label, _))| label.contains(&search));
                let rows = rows.map(|(key, (label, _))| SessionRow {
                    session_key: SessionKey::new(format!("agent:main:subagent:{key}")),
                    label: Some(label.clone()),
                    state: SessionState::Running,
                    model: None,
                    usage: None,
                });
                let rows: Vec<_> = rows.skip(filter.offset as usize).collect();
                let has_more = rows.len() > filter.limit as usize;
                Ok(Answer::Listed { rows: rows.into_iter().take(filter.limit as usize).collect(), has_more })
            }
            GatewayCall::Find(session) => {
                Ok(Answer::Found(session.as_str().strip_prefix("agent:main:subagent:").map(str::to_owned)))
            }
            GatewayCall::History(..) => Ok(Answer::History(HistoryPage {
                messages: Vec::new(),
                has_more: false,
                dropped_messages: 0,
                redacted: false,
            })),
            GatewayCall::Cancel(key) | GatewayCall::Tombstone(key) => {
                if let Some(session) = self.sessions.get_mut(key) {
                    session.1 = true;
                }
                Ok(Answer::Cancelled)
            }
            GatewayCall::Delete(_) => Ok(Answer::Deleted),
        };
        if self.fault == Some(Fault::Mute) { Err(HostError::InDoubt("no answer".to_owned())) } else { answer }
    }
}

/// Some gateways, a call, and what was asked and not answered.
pub struct Play {
    pub call: ClusterCall,
    pub gateways: BTreeMap<String, Gateway>,
    pub open: Vec<Action>,
    wake_ms: Option<u64>,
    pub over: Option<RunOutput>,
    pub now_ms: u64,
    chance: ChaCha8Rng,
    /// Sessions do not end.
    pub is_held: bool,
    /// All inputs so far.
    pub inputs: Vec<Input>,
}

pub fn spec(name: &str, slots: u32) -> GatewaySpec {
    GatewaySpec { name: name.to_owned(), slots, weight: 1, models: None, lease_seconds: None }
}

pub fn tasks(count: usize) -> Value {
    let task = |nth: usize| {
        json!({ "task_id": format!("t{nth}"), "agent_type": "content_writer_funny", "output_format": "text",
            "task_description": "Say it.", "input_data": { "topic": "tides" } })
    };
    json!({ "tasks": (1..=count).map(task).collect::<Vec<_>>(), "max_concurrent": 100 })
}

pub fn input(request: &Value, gateways: Vec<GatewaySpec>) -> RunInput {
    RunInput {
        function: "run_tasks".to_owned(),
        request: request.to_string(),
        seed: 7,
        at_ms: 1_000_000,
        gateways,
        limits: OperatorLimits::default(),
        allowed: Allowed::default(),
        patience_seconds: 60,
    }
}

impl Play {
    pub fn new(input: RunInput, seed: u64) -> Self {
        let gateways = input.gateways.iter().map(|spec| (spec.name.clone(), Gateway::default())).collect();
        let now_ms = input.at_ms;
        let (call, stepped) = ClusterCall::begin(input);
        let chance = ChaCha8Rng::seed_from_u64(seed);
        let mut play = Self {
            call,
            gateways,
            open: Vec::new(),
            wake_ms: None,
            over: None,
            now_ms,
            chance,
            is_held: false,
            inputs: Vec::new(),
        };
        play.take(stepped);
        play
    }

    fn take(&mut self, stepped: Stepped) {
        self.open.extend(stepped.actions);
        self.wake_ms = stepped.wake_ms;
        self.over = stepped.over.or(self.over.take());
    }

    pub fn tell(&mut self, input: Input) {
        self.inputs.push(input.clone());
        let stepped = self.call.step(input);
        self.take(stepped);
    }

    pub fn gateway(&mut self, name: &str) -> &mut Gateway {
        self.gateways.get_mut(name).expect("a gateway")
    }

    /// One thing happens. False: nothing can.
    fn happens(&mut self) -> bool {
        let (is_held, gateways) = (self.is_held, &self.gateways);
        let may = |action: &Action| match action {
            Action::Call(..) => true,
            Action::Follow(_, follow) => {
                let gateway = &gateways[&follow.gateway];
                let is_over = gateway.sessions.get(&follow.key).is_none_or(|(_, is_over)| *is_over);
                is_over || !is_held && gateway.fault != Some(Fault::Away)
            }
        };
        let ready: Vec<usize> = (0..self.open.len()).filter(|at| may(&self.open[*at])).collect();
        if ready.is_empty() {
            let Some(wake_ms) = self.wake_ms else { return false };
            self.now_ms = self.now_ms.max(wake_ms);
            self.tell(Input::Time(self.now_ms));
            return true;
        }
        let at = ready[self.chance.random_range(0..ready.len())];
        self.now_ms += self.chance.random_range(0..50);
        let at_ms = self.now_ms;
        let input = match self.open.swap_remove(at) {
            Action::Call(id, GatewayRequest { gateway, call }) => {
                Input::Reply(id, self.gateway(&gateway).reply(at_ms, &call))
            }
            Action::Follow(id, follow) => {
                let session = self.gateway(&follow.gateway).sessions.get_mut(&follow.key).expect("it was spawned");
                let was_cancelled = std::mem::replace(&mut session.1, true);
                let outcome = if was_cancelled { SessionOutcome::Cancelled } else { SessionOutcome::Completed };
                let said = Completion { text: "It is high.".to_owned(), truncated: false, finish: FinishReason::Stop };
                let completion = (!was_cancelled).then_some(said);
                let end = SessionEnd { session: follow.session, outcome, completion, usage: None, model: None };
                Input::End(id, EndReport { at_ms, end })
            }
        };
        self.tell(input);
        true
    }

    /// Until this holds.
    pub fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..100_000 {
            if holds(self) {
                return;
            }
            assert!(self.happens(), "nothing can happen: {:?}", self.open);
        }
        panic!("it does not come to an end");
    }

    pub fn report(mut self) -> (Value, BTreeMap<String, Gateway>) {
        self.until(|play| play.over.is_some());
        let Some(RunOutput::Answer(text)) = &self.over else { panic!("{:?}", self.over) };
        (serde_json::from_str(text).expect("a report"), self.gateways)
    }
}
