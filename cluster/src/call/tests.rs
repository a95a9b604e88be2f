//! Calls over gateways that exist only here.

mod gateways;
mod play;

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::host::{Command, EventKind, HostError, ListFilter, Reply};
use parallel_agents_engine::ids::RequestId;
use serde_json::json;

use super::{Action, ClusterCall, Input};
use crate::messages::{Control, GatewayReply, RunOutput};
use play::{Fault, Gateway, Play, input, spec, tasks};

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
fn a_session_in_doubt_stays_where_it_may_be_while_its_gateway_is_away() {
    for seed in 0..20 {
        let mut play = Play::new(input(&tasks(6), vec![spec("a", 3), spec("b", 3)]), seed);
        play.until(|play| play.call.opening.is_none());
        play.gateway("a").fault = Some(Fault::Mute);
        play.until(|play| play.gateways["a"].asked.len() >= 3);
        play.gateway("a").fault = Some(Fault::Away);
        play.until(|play| play.gateways["b"].sessions.len() >= 3);
        play.gateway("a").fault = None;
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(6), 6), "seed {seed}: {report}");
    }
}

#[test]
fn a_drained_gateway_gets_no_more_and_is_used_again_after_that() {
    let mut play = Play::new(input(&tasks(12), vec![spec("a", 2), spec("b", 2)]), 9);
    play.until(|play| play.gateways["a"].sessions.len() >= 2);
    let before = play.gateways["a"].sessions.len();
    play.tell(Input::Control(Control::Drain("a".to_owned(), true)));
    play.until(|play| play.gateways["b"].sessions.len() >= 6);
    // What was under way when it was drained may still arrive.
    assert!(play.gateways["a"].sessions.len() <= before + 2, "{}", play.gateways["a"].sessions.len());
    play.tell(Input::Control(Control::Drain("a".to_owned(), false)));
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
        play.tell(Input::Control(Control::Stop("enough".to_owned())));
        let (report, gateways) = play.report();
        assert_eq!(report["census"]["completed"], 0, "seed {seed}: {report}");
        assert_eq!(gateways.values().map(Gateway::live).sum::<usize>(), 0, "seed {seed}");
    }
}

#[test]
fn sessions_of_a_gateway_that_was_away_when_the_run_was_stopped_are_stopped_when_it_is_back() {
    for seed in 0..20 {
        let mut play = Play::new(input(&tasks(9), vec![spec("a", 2), spec("b", 2)]), seed);
        play.is_held = true;
        play.until(|play| play.gateways.values().map(Gateway::live).sum::<usize>() >= 4);
        play.until(|play| !play.open.iter().any(|action| matches!(action, Action::Call(..))));
        play.gateway("a").fault = Some(Fault::Away);
        play.tell(Input::Control(Control::Stop("enough".to_owned())));
        play.until(|play| play.over.is_some());
        assert_eq!(play.gateways["a"].live(), 2, "seed {seed}");
        play.gateway("a").fault = None;
        for action in std::mem::take(&mut play.open) {
            if let Action::Call(_, request) = action {
                play.gateway(&request.gateway).answer(&request.call).expect("it is back");
            }
        }
        assert_eq!(play.gateways.values().map(Gateway::live).sum::<usize>(), 0, "seed {seed}");
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
    let Some(Action::Call(id, _)) = play.open.pop() else { panic!("it asks for facts") };
    let answer = Err(HostError::Forbidden("the token is refused".to_owned()));
    play.tell(Input::Reply(id, GatewayReply::new(1_000_000, answer)));
    assert_eq!(play.over, Some(RunOutput::NoGateway(vec!["a: the token is refused".to_owned()])));
}

#[test]
fn a_session_that_its_caller_may_not_have_is_not_spawned() {
    let mut request = tasks(2);
    request["tasks"][0]["model"] = json!("large");
    request["tasks"][1]["model"] = json!("small");
    let mut wanted = input(&request, vec![spec("a", 2)]);
    wanted.allowed.models = Some(vec!["small".to_owned()]);
    let (report, gateways) = Play::new(wanted, 1).report();
    let (first, second) = (&report["results"][0], &report["results"][1]);
    assert_eq!(
        (&first["error"]["code"], &second["status"]),
        (&json!("E_SPAWN_FORBIDDEN"), &json!("completed")),
        "{report}"
    );
    assert_eq!(keys(&gateways), 1);
}

#[test]
fn what_needs_no_gateway_asks_none() {
    let request = json!({ "tasks": [{ "agent_type": "nobody", "task_description": "x" }] });
    let play = Play::new(input(&request, vec![spec("a", 2)]), 1);
    assert!(matches!(&play.over, Some(RunOutput::Refused(text)) if text.contains("E_AGENT")), "{:?}", play.over);
    assert_eq!(play.open, []);
}

/// What the lists of all gateways show, in pages as the engine asks for them.
fn listed(play: &mut Play, limit: u32) -> Vec<String> {
    let mut seen = Vec::new();
    for page in 0..100 {
        let filter = ListFilter { search: None, spawned_by: None, offset: page * limit, limit };
        play.call.perform(Command::List(RequestId(1_000_000 + u64::from(page)), filter));
        let page = loop {
            let asked = play.call.take_stepped().actions;
            if let [Action::Call(id, request)] = asked.as_slice() {
                let answer = play.gateway(&request.gateway.clone()).answer(&request.call);
                play.call.answered(*id, GatewayReply::new(0, answer));
            }
            match play.call.untold.pop_back() {
                Some(EventKind::Answered { outcome: Ok(Reply::Listed(page)), .. }) => break page,
                Some(other) => panic!("{other:?}"),
                None => assert_eq!(asked.len(), 1),
            }
        };
        seen.extend(page.sessions.iter().map(|row| row.session_key.as_str().to_owned()));
        if !page.has_more || page.sessions.is_empty() {
            return seen;
        }
    }
    panic!("the list has no end: {seen:?}");
}

#[test]
fn the_lists_of_all_gateways_are_one() {
    let gateways = || vec![spec("a", 3), spec("empty", 1), spec("b", 4), spec("none", 1)];
    for limit in [1, 2, 3, 5, 7, 200] {
        let mut play = Play::new(input(&tasks(7), gateways()), 2);
        play.is_held = true;
        play.gateway("empty").fault = Some(Fault::Full(0));
        play.gateway("none").fault = Some(Fault::Full(0));
        play.until(|play| play.gateways.values().map(Gateway::live).sum::<usize>() >= 7);
        let seen = listed(&mut play, limit);
        assert_eq!((seen.iter().collect::<BTreeSet<_>>().len(), seen.len()), (7, 7), "{limit}: {seen:?}");
        // A later look is another list, which begins anew.
        assert_eq!(listed(&mut play, limit), seen);
    }
}

#[test]
fn an_empty_list_can_be_read_again() {
    let mut play = Play::new(input(&tasks(1), vec![spec("a", 1), spec("b", 1)]), 2);
    play.until(|play| play.call.opening.is_none());
    play.open.clear();
    for _ in 0..3 {
        assert_eq!(listed(&mut play, 200), Vec::<String>::new());
    }
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
