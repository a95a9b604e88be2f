//! Calls over gateways that exist only here: what each is asked it answers at once, in an order that a seed draws.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parallel_agents_engine::host::{
    Completion, FinishReason, HistoryPage, HostError, OperatorLimits, Receipt, SessionEnd, SessionOutcome, SessionRow,
    SessionState, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{Action, ClusterCall, Input, Stepped};
use crate::orders::{Ask, Ended, GatewayFacts, Got, Order, RunInput, RunOutput, Told, Wish};
use crate::placement::GatewaySpec;

/// What a gateway does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Nobody is reached.
    Away,
    /// It does what it is asked, and the answer is lost.
    Mute,
    /// It has no more room than this.
    Full(usize),
}

#[derive(Debug, Default)]
struct Gateway {
    fault: Option<Fault>,
    /// Keys, their sessions' labels, and whether each is over.
    sessions: BTreeMap<String, (String, bool)>,
    /// Keys of all spawn requests.
    asked: Vec<String>,
    peak: usize,
    is_drained: bool,
}

impl Gateway {
    fn live(&self) -> usize {
        self.sessions.values().filter(|(_, is_over)| !is_over).count()
    }

    fn spawn(&mut self, options: &Arc<SpawnOptions>) -> Result<Got, HostError> {
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
        Ok(Got::Spawned(Receipt {
            session_key,
            run_id: String::new(),
            applied_model: None,
            tool_free: options.tool_free,
        }))
    }

    fn answer(&mut self, ask: &Ask) -> Result<Got, HostError> {
        if self.fault == Some(Fault::Away) {
            return Err(HostError::Unavailable("away".to_owned()));
        }
        let got = match ask {
            Ask::Facts => Ok(Got::Facts(GatewayFacts {
                max_concurrent: 1_000,
                limits: OperatorLimits::default(),
                is_drained: self.is_drained,
            })),
            Ask::Spawn(options) => self.spawn(options),
            Ask::List(filter) => {
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
                Ok(Got::Listed { rows: rows.into_iter().take(filter.limit as usize).collect(), has_more })
            }
            Ask::Find(session) => {
                Ok(Got::Found(session.as_str().strip_prefix("agent:main:subagent:").map(str::to_owned)))
            }
            Ask::History(..) => Ok(Got::History(HistoryPage {
                messages: Vec::new(),
                has_more: false,
                dropped_messages: 0,
                redacted: false,
            })),
            Ask::Cancel(key) | Ask::Bury(key) => {
                if let Some(session) = self.sessions.get_mut(key) {
                    session.1 = true;
                }
                Ok(Got::Cancelled)
            }
            Ask::Delete(_) => Ok(Got::Deleted),
        };
        if self.fault == Some(Fault::Mute) { Err(HostError::InDoubt("no answer".to_owned())) } else { got }
    }
}

/// Some gateways, a call, and what was asked and not answered.
struct Play {
    call: ClusterCall,
    gateways: BTreeMap<String, Gateway>,
    open: Vec<Action>,
    wake_ms: Option<u64>,
    over: Option<RunOutput>,
    now_ms: u64,
    chance: ChaCha8Rng,
    /// Sessions do not end.
    is_held: bool,
    /// All inputs so far.
    inputs: Vec<Input>,
}

fn spec(name: &str, slots: u32) -> GatewaySpec {
    GatewaySpec { name: name.to_owned(), slots, weight: 1, models: None, lease_seconds: None }
}

fn tasks(count: usize) -> Value {
    let task = |nth: usize| {
        json!({ "task_id": format!("t{nth}"), "agent_type": "content_writer_funny", "output_format": "text",
            "task_description": "Say it.", "input_data": { "topic": "tides" } })
    };
    json!({ "tasks": (1..=count).map(task).collect::<Vec<_>>(), "max_concurrent": 100 })
}

fn input(request: &Value, gateways: Vec<GatewaySpec>) -> RunInput {
    RunInput {
        function: "run_tasks".to_owned(),
        request: request.to_string(),
        seed: 7,
        at_ms: 1_000_000,
        gateways,
        limits: OperatorLimits::default(),
        patience_seconds: 60,
    }
}

impl Play {
    fn new(input: RunInput, seed: u64) -> Self {
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

    fn tell(&mut self, input: Input) {
        self.inputs.push(input.clone());
        let stepped = self.call.step(input);
        self.take(stepped);
    }

    fn gateway(&mut self, name: &str) -> &mut Gateway {
        self.gateways.get_mut(name).expect("a gateway")
    }

    /// One thing happens. False: nothing can.
    fn happens(&mut self) -> bool {
        let (is_held, gateways) = (self.is_held, &self.gateways);
        let may = |action: &Action| match action {
            Action::Ask(..) => true,
            Action::Follow(_, following) => {
                let gateway = &gateways[&following.gateway];
                let is_over = gateway.sessions.get(&following.key).is_none_or(|(_, is_over)| *is_over);
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
            Action::Ask(id, Order { gateway, ask }) => {
                Input::Told(id, Told { at_ms, got: self.gateway(&gateway).answer(&ask) })
            }
            Action::Follow(id, following) => {
                let session =
                    self.gateway(&following.gateway).sessions.get_mut(&following.key).expect("it was spawned");
                let was_cancelled = std::mem::replace(&mut session.1, true);
                let outcome = if was_cancelled { SessionOutcome::Cancelled } else { SessionOutcome::Completed };
                let said = Completion { text: "It is high.".to_owned(), truncated: false, finish: FinishReason::Stop };
                let completion = (!was_cancelled).then_some(said);
                let end = SessionEnd { session: following.session, outcome, completion, usage: None, model: None };
                Input::Ended(id, Ended { at_ms, end })
            }
        };
        self.tell(input);
        true
    }

    /// Until this holds.
    fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..100_000 {
            if holds(self) {
                return;
            }
            assert!(self.happens(), "nothing can happen: {:?}", self.open);
        }
        panic!("it does not come to an end");
    }

    fn report(mut self) -> (Value, BTreeMap<String, Gateway>) {
        self.until(|play| play.over.is_some());
        let Some(RunOutput::Answer(text)) = &self.over else { panic!("{:?}", self.over) };
        (serde_json::from_str(text).expect("a report"), self.gateways)
    }
}

/// No key has sessions on two gateways, and all of them together are so many.
fn keys(gateways: &BTreeMap<String, Gateway>) -> usize {
    let all: Vec<&String> = gateways.values().flat_map(|gateway| gateway.sessions.keys()).collect();
    let distinct: BTreeSet<&String> = all.iter().copied().collect();
    assert_eq!(all.len(), distinct.len());
    all.len()
}

#[test]
fn a_run_has_its_sessions_on_all_gateways_within_their_slots() {
    for seed in 0..20 {
        let play = Play::new(input(&tasks(30), vec![spec("a", 4), spec("b", 2)]), seed);
        let (report, gateways) = play.report();
        assert_eq!(report["census"]["completed"], 30, "seed {seed}: {report}");
        assert_eq!(keys(&gateways), 30);
        let (a, b) = (&gateways["a"], &gateways["b"]);
        assert!(a.peak <= 4 && b.peak <= 2 && b.sessions.len() >= 5, "seed {seed}: {} {}", a.peak, b.peak);
        let session = report["results"][0]["session_key"].as_str().unwrap_or_default();
        assert!(
            session.starts_with("a/agent:main:") || session.starts_with("b/agent:main:"),
            "{}",
            report["results"][0]
        );
    }
}

#[test]
fn what_a_gateway_cannot_take_goes_to_another_one() {
    for fault in [Fault::Away, Fault::Full(1)] {
        let mut play = Play::new(input(&tasks(20), vec![spec("a", 8), spec("b", 8)]), 3);
        play.until(|play| play.call.opening.is_none());
        play.gateway("a").fault = Some(fault);
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(20), 20), "{fault:?}: {report}");
        assert!(gateways["b"].sessions.len() >= 10, "{fault:?}");
    }
}

#[test]
fn a_session_in_doubt_is_asked_for_where_it_may_be() {
    let mut play = Play::new(input(&tasks(6), vec![spec("a", 3), spec("b", 3)]), 5);
    play.until(|play| play.call.opening.is_none());
    play.gateway("a").fault = Some(Fault::Mute);
    play.until(|play| play.gateways["a"].asked.len() >= 4);
    play.gateway("a").fault = None;
    let (report, gateways) = play.report();
    assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(6), 6), "{report}");
    assert!(gateways["a"].asked.len() > gateways["a"].sessions.len(), "each was asked for more than once");
}

#[test]
fn a_drained_gateway_gets_no_more_and_is_used_again_after_that() {
    let mut play = Play::new(input(&tasks(12), vec![spec("a", 2), spec("b", 2)]), 9);
    play.until(|play| play.gateways["a"].sessions.len() >= 2);
    let before = play.gateways["a"].sessions.len();
    play.tell(Input::Wish(Wish::Drain("a".to_owned(), true)));
    play.until(|play| play.gateways["b"].sessions.len() >= 6);
    // What was under way when it was drained may still arrive.
    assert!(play.gateways["a"].sessions.len() <= before + 2, "{}", play.gateways["a"].sessions.len());
    play.tell(Input::Wish(Wish::Drain("a".to_owned(), false)));
    let (report, gateways) = play.report();
    assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(12), 12));
    assert!(gateways["a"].sessions.len() > before, "it is used again");
}

#[test]
fn a_run_that_is_stopped_leaves_nothing_alive() {
    for seed in 0..20 {
        let mut play = Play::new(input(&tasks(9), vec![spec("a", 2), spec("b", 2)]), seed);
        play.is_held = true;
        play.until(|play| play.gateways.values().map(Gateway::live).sum::<usize>() >= 3);
        play.tell(Input::Wish(Wish::Stop("enough".to_owned())));
        let (report, gateways) = play.report();
        assert_eq!(report["census"]["completed"], 0, "seed {seed}: {report}");
        assert_eq!(gateways.values().map(Gateway::live).sum::<usize>(), 0, "seed {seed}");
    }
}

#[test]
fn gateways_that_are_all_away_are_waited_for_and_not_for_ever() {
    let mut play = Play::new(input(&tasks(2), vec![spec("a", 2), spec("b", 2)]), 1);
    play.gateway("a").fault = Some(Fault::Away);
    play.gateway("b").fault = Some(Fault::Away);
    play.until(|play| play.now_ms > 1_020_000);
    play.gateway("b").fault = None;
    let (report, gateways) = play.report();
    assert_eq!((&report["census"]["completed"], gateways["b"].sessions.len()), (&json!(2), 2));

    let mut play = Play::new(input(&tasks(2), vec![spec("a", 2)]), 1);
    play.gateway("a").fault = Some(Fault::Away);
    let (report, _) = play.report();
    let error = report["results"][0]["error"].to_string();
    assert!(error.contains("a: away"), "{report}");
}

#[test]
fn a_run_without_any_gateway_that_can_be_used_says_why() {
    let mut play = Play::new(input(&tasks(1), vec![spec("a", 2)]), 1);
    let Some(Action::Ask(id, _)) = play.open.pop() else { panic!("it asks for facts") };
    let got = Err(HostError::Forbidden("the token is refused".to_owned()));
    play.tell(Input::Told(id, Told { at_ms: 1_000_000, got }));
    assert_eq!(play.over, Some(RunOutput::NoGateway(vec!["a: the token is refused".to_owned()])));
}

#[test]
fn what_needs_no_gateway_asks_none() {
    let request = json!({ "tasks": [{ "agent_type": "nobody", "task_description": "x" }] });
    let play = Play::new(input(&request, vec![spec("a", 2)]), 1);
    assert!(matches!(&play.over, Some(RunOutput::Refused(text)) if text.contains("E_AGENT")), "{:?}", play.over);
    assert_eq!(play.open, []);
}

#[test]
fn the_lists_of_all_gateways_are_one() {
    use parallel_agents_engine::host::{Command, EventKind, ListFilter, Reply};
    use parallel_agents_engine::ids::RequestId;

    let mut play = Play::new(input(&tasks(7), vec![spec("a", 3), spec("empty", 1), spec("b", 4)]), 2);
    play.is_held = true;
    play.gateway("empty").fault = Some(Fault::Full(0));
    play.until(|play| play.gateways.values().map(Gateway::live).sum::<usize>() >= 7);
    let (mut offset, mut seen) = (0, BTreeSet::new());
    for request in 1_000.. {
        let filter = ListFilter { search: None, spawned_by: None, offset, limit: 2 };
        play.call.perform(Command::List(RequestId(request), filter));
        let page = loop {
            let asked = play.call.take_stepped().actions;
            let [Action::Ask(id, order)] = asked.as_slice() else { panic!("{asked:?}") };
            let got = play.gateway(&order.gateway.clone()).answer(&order.ask);
            play.call.told(*id, got);
            if let Some(EventKind::Answered { outcome: Ok(Reply::Listed(page)), .. }) = play.call.untold.pop_back() {
                break page;
            }
        };
        assert!(!page.sessions.is_empty() || !page.has_more);
        offset += u32::try_from(page.sessions.len()).expect("a few");
        seen.extend(page.sessions.into_iter().map(|row| row.session_key.as_str().to_owned()));
        if !page.has_more {
            break;
        }
    }
    assert_eq!((seen.len(), offset), (7, 7), "{seen:?}");
}

#[test]
fn the_same_inputs_give_the_same_actions() {
    for seed in 0..20 {
        let begin = || input(&tasks(15), vec![spec("a", 3), spec("b", 3)]);
        let mut play = Play::new(begin(), seed);
        play.until(|play| play.gateways["a"].sessions.len() >= 2);
        play.gateway("a").fault = Some(if seed % 2 == 0 { Fault::Away } else { Fault::Mute });
        play.until(|play| play.gateways["b"].sessions.len() >= 5);
        play.gateway("a").fault = None;
        play.until(|play| play.over.is_some());
        let told = serde_json::to_string(&play.over).expect("JSON");
        let (mut again, stepped) = ClusterCall::begin(begin());
        let mut last = stepped.over;
        for input in play.inputs {
            last = again.step(input).over;
        }
        assert_eq!(serde_json::to_string(&last).expect("JSON"), told, "seed {seed}");
    }
}
