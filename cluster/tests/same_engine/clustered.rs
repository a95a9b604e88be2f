//! A call over one gateway among engines: its requests and their answers go to and come from the simulated gateway.

use std::collections::{BTreeMap, VecDeque};

use futures::future::LocalBoxFuture;
use gateway_sim::backend::Backend;
use gateway_sim::call::{Called, hold_to_request};
use gateway_sim::engine::{Engine, Native};
use gateway_sim::error::SimError;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::{DocumentReply, FunctionInfo};
use parallel_agents_cluster::call::{Action, CallId, ClusterCall, Input, Stepped};
use parallel_agents_cluster::messages::{
    Answer, Control, EndReport, GatewayCall, GatewayFacts, GatewayReply, RunInput, RunOutput,
};
use parallel_agents_cluster::placement::GatewaySpec;
use parallel_agents_engine::host::{Command, EventKind, HistoryQuery, HostFacts, Reply, SessionEnd};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::stepped::{kept, next};

pub struct Clustered;

impl Engine for Clustered {
    fn functions(&self) -> LocalBoxFuture<'_, Result<Vec<FunctionInfo>, SimError>> {
        Native.functions()
    }

    fn call<'a>(
        &'a self,
        function: &'a str,
        arguments: &'a str,
        mut gateway: Simulation,
    ) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Box::pin(async move {
            hold_to_request(&mut gateway, function, arguments);
            let result = carry_out(function, arguments, &mut gateway);
            Called::close(result, None, gateway).noting_leaks()
        })
    }

    fn resume<'a>(&'a self, journal: &'a str, gateway: Simulation) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Native.resume(journal, gateway)
    }
}

fn carry_out(function: &str, arguments: &str, gateway: &mut Simulation) -> Result<DocumentReply, SimError> {
    let opened = next(gateway, None)?;
    let EventKind::Opened(facts) = opened.what else { panic!("{opened:?}") };
    let input = RunInput {
        function: function.to_owned(),
        request: arguments.to_owned(),
        seed: facts.seed,
        at_ms: opened.at_ms,
        gateways: vec![GatewaySpec {
            name: "g".to_owned(),
            slots: facts.max_concurrent.unwrap_or(1_000),
            weight: 1,
            models: None,
            lease_seconds: None,
        }],
        limits: facts.limits.clone().unwrap_or_default(),
        patience_seconds: 600,
        allowed: Default::default(),
    };
    let (mut call, mut stepped) = ClusterCall::begin(input);
    let mut line = Line::new(facts);
    loop {
        let (actions, wake_ms) = (std::mem::take(&mut stepped.actions), stepped.wake_ms);
        stepped.progress.drain(..).for_each(|progress| gateway.perform(Command::Progress(progress)));
        stepped.items.drain(..).for_each(|item| gateway.perform(Command::Item(item)));
        actions.into_iter().for_each(|action| line.carry_out(action, opened.at_ms, gateway));
        match stepped.over.take() {
            Some(RunOutput::Answer(text)) => return Ok(DocumentReply::Answer(plain(&text))),
            Some(RunOutput::Refused(text)) => return Ok(DocumentReply::Refused(text)),
            Some(RunOutput::NoGateway(why)) => panic!("{why:?}"),
            None => {}
        }
        stepped = match line.inputs.pop_front() {
            Some(input) => call.step(input),
            None => line.happened(next(gateway, wake_ms)?, &mut call),
        };
    }
}

/// A report names sessions with their gateway, and the simulated gateway knows them without.
fn plain(text: &str) -> String {
    text.replace("\"g/agent:", "\"agent:")
}

/// What lies between the call and the simulated gateway.
struct Line {
    facts: HostFacts,
    inputs: VecDeque<Input>,
    /// The sessions by the keys that the door would know them by.
    sessions: BTreeMap<String, SessionKey>,
    /// The keys of spawn requests that are not answered.
    spawned: BTreeMap<RequestId, String>,
    followed: BTreeMap<SessionKey, CallId>,
    /// Ends that nobody awaits yet.
    ended: BTreeMap<SessionKey, EndReport>,
}

impl Line {
    fn new(facts: HostFacts) -> Self {
        Self {
            facts,
            inputs: VecDeque::new(),
            sessions: BTreeMap::new(),
            spawned: BTreeMap::new(),
            followed: BTreeMap::new(),
            ended: BTreeMap::new(),
        }
    }

    fn carry_out(&mut self, action: Action, at_ms: u64, gateway: &mut Simulation) {
        match action {
            Action::Call(id, called) => {
                let request = RequestId(id.0);
                let session = |key: &str| self.sessions.get(key).cloned().unwrap_or_else(|| SessionKey::new(key));
                gateway.perform(match kept(&called).call {
                    GatewayCall::Facts => {
                        let facts = GatewayFacts {
                            max_concurrent: self.facts.max_concurrent.unwrap_or(1_000),
                            limits: self.facts.limits.clone().unwrap_or_default(),
                            is_drained: false,
                        };
                        return self
                            .inputs
                            .push_back(Input::Reply(id, GatewayReply::new(at_ms, Ok(Answer::Facts(facts)))));
                    }
                    GatewayCall::Tombstone(_) => {
                        return self
                            .inputs
                            .push_back(Input::Reply(id, GatewayReply::new(at_ms, Ok(Answer::Cancelled))));
                    }
                    GatewayCall::Spawn(options) => {
                        self.spawned.insert(request, options.idempotency_key.clone());
                        Command::Spawn(request, options)
                    }
                    GatewayCall::List(filter) => Command::List(request, filter),
                    GatewayCall::Find(session) => Command::Attach(request, session),
                    GatewayCall::History(key, query) => {
                        Command::History(request, HistoryQuery { session_key: session(&key), ..query })
                    }
                    GatewayCall::Cancel(key) => Command::Cancel(request, session(&key)),
                    GatewayCall::Delete(key) => Command::Delete(request, session(&key)),
                });
            }
            Action::Follow(id, follow) => match self.ended.remove(&follow.session) {
                Some(ended) => self.inputs.push_back(Input::End(id, ended)),
                None => drop(self.followed.insert(follow.session, id)),
            },
        }
    }

    fn happened(&mut self, event: parallel_agents_engine::host::Event, call: &mut ClusterCall) -> Stepped {
        let at_ms = event.at_ms;
        let input = match kept(&event).what {
            EventKind::Answered { request, outcome } => {
                let answer = outcome.map(|reply| self.answer(request, reply));
                Input::Reply(CallId(request.0), GatewayReply::new(at_ms, answer))
            }
            EventKind::SessionEnded(end) => match self.followed.remove(&end.session) {
                Some(id) => Input::End(id, EndReport { at_ms, end }),
                None => return self.keep(end, at_ms, call),
            },
            EventKind::StopRequested { task: None, reason } => Input::Control(Control::Stop(reason)),
            // Nobody can stop a single task of a call over several gateways, and starts are not told.
            EventKind::StopRequested { .. }
            | EventKind::SessionStarted(_)
            | EventKind::Opened(_)
            | EventKind::TimerFired => Input::Time(at_ms),
        };
        call.step(input)
    }

    fn keep(&mut self, end: SessionEnd, at_ms: u64, call: &mut ClusterCall) -> Stepped {
        self.ended.insert(end.session.clone(), EndReport { at_ms, end });
        call.step(Input::Time(at_ms))
    }

    fn answer(&mut self, request: RequestId, reply: Reply) -> Answer {
        match reply {
            Reply::Spawned(receipt) => {
                if let Some(key) = self.spawned.remove(&request) {
                    self.sessions.insert(key, receipt.session_key.clone());
                }
                Answer::Spawned(receipt)
            }
            Reply::Attached(receipt) => Answer::Found(Some(receipt.session_key.as_str().to_owned())),
            Reply::Listed(page) => Answer::Listed { rows: page.sessions, has_more: page.has_more },
            Reply::History(page) => Answer::History(page),
            Reply::Cancelled => Answer::Cancelled,
            Reply::Deleted => Answer::Deleted,
        }
    }
}
