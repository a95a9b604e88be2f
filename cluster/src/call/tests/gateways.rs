//! Gateways that are away, drained or refuse what they are asked, one among others.

use parallel_agents_engine::host::OperatorLimits;
use serde_json::json;

use super::super::Input;
use super::keys;
use super::play::{Fault, Gateway, Play, input, spec, tasks};
use crate::messages::{Control, Refusal};

/// A run over two gateways of which the first is away when it begins.
fn begun_without_a(count: usize, seed: u64, prepare: impl FnOnce(&mut Gateway)) -> Play {
    let mut play = Play::new(input(&tasks(count), vec![spec("a", 2), spec("b", 2)]), seed);
    play.gateway("a").fault = Some(Fault::Away);
    prepare(play.gateway("a"));
    play.until(|play| play.call.opening.is_none());
    play.until(|play| play.gateways["b"].sessions.len() >= 2);
    play
}

#[test]
fn a_gateway_that_lets_nobody_in_any_more_is_closed_for_the_run() {
    for seed in 0..20 {
        let mut play = Play::new(input(&tasks(20), vec![spec("a", 8), spec("b", 8)]), seed);
        play.until(|play| play.call.opening.is_none());
        play.gateway("a").fault = Some(Fault::Refuses(Refusal::Everything));
        play.until(|play| play.over.is_some());
        assert_eq!(play.call.closed(), [("a".to_owned(), "it is refused".to_owned())], "seed {seed}");
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(20), 20), "seed {seed}: {report}");
    }
}

#[test]
fn what_a_gateway_does_not_take_from_anybody_another_one_may_take() {
    for seed in 0..20 {
        let mut play = Play::new(input(&tasks(20), vec![spec("a", 8), spec("b", 8)]), seed);
        play.gateway("a").fault = Some(Fault::Refuses(Refusal::Kind));
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(20), 20), "seed {seed}: {report}");
        assert_eq!(gateways["b"].sessions.len(), 20);
    }
    let mut play = Play::new(input(&tasks(3), vec![spec("a", 8), spec("b", 8)]), 1);
    for name in ["a", "b"] {
        play.gateway(name).fault = Some(Fault::Refuses(Refusal::Kind));
    }
    let (report, _) = play.report();
    let error = &report["results"][0]["error"];
    assert_eq!(error["code"], json!("E_SPAWN_FORBIDDEN"), "{report}");
    let words = error.to_string();
    assert!(words.contains("a: it is refused") && words.contains("b: it is refused"), "{words}");
}

#[test]
fn a_gateway_that_was_away_says_what_it_allows_before_it_gets_sessions() {
    for seed in 0..20 {
        let mut play = begun_without_a(60, seed, |_| {});
        play.gateway("a").fault = None;
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], keys(&gateways)), (&json!(60), 60), "seed {seed}: {report}");
        assert!(!gateways["a"].sessions.is_empty(), "seed {seed}: it is used when it is back");
    }
}

#[test]
fn a_gateway_that_was_away_and_allows_less_gets_no_sessions() {
    for seed in 0..20 {
        let limits = OperatorLimits { tokens: Some(5), ..OperatorLimits::default() };
        let mut play = begun_without_a(60, seed, |a| a.limits = limits);
        play.gateway("a").fault = None;
        play.until(|play| play.over.is_some());
        let closed = play.call.closed();
        let [(name, reason)] = closed.as_slice() else { panic!("seed {seed}: {closed:?}") };
        assert!(name == "a" && reason.contains("tokens 5, the run without limit"), "seed {seed}: {reason}");
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], gateways["a"].asked.len()), (&json!(60), 0), "seed {seed}");
    }
}

#[test]
fn a_gateway_that_was_drained_and_away_gets_no_sessions_when_it_is_back() {
    for seed in 0..20 {
        let mut play = begun_without_a(60, seed, |a| a.is_drained = true);
        play.gateway("a").fault = None;
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], gateways["a"].asked.len()), (&json!(60), 0), "seed {seed}");
    }
}

#[test]
fn facts_that_come_late_do_not_undo_a_drain() {
    for seed in 0..20 {
        let mut play = Play::new(input(&tasks(12), vec![spec("a", 2), spec("b", 2)]), seed);
        play.tell(Input::Control(Control::Drain("a".to_owned(), true)));
        let (report, gateways) = play.report();
        assert_eq!((&report["census"]["completed"], gateways["a"].asked.len()), (&json!(12), 0), "seed {seed}");
    }
}
