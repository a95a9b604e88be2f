//! Runs as somebody wants them.

use super::*;
use crate::call::{Action, ClusterCall, Input};
use crate::messages::{Answer, GatewayCall, GatewayFacts, GatewayReply, GatewayRequest};

fn task() -> Value {
    json!({ "agent_type": "code_reviewer", "task_description": "Say something.", "output_format": "text" })
}

fn document() -> Value {
    json!({ "key": "nightly-7", "function": "run_tasks", "request": { "tasks": [task()] },
        "limits": { "tokens": 5, "tasks": 9, "prices": { "*": { "input": 1, "output": 2 } } },
        "allowed_models": ["a"], "allowed_agents": null })
}

fn terms() -> Terms {
    let limits = OperatorLimits { tokens: Some(3), spawns: Some(4), ..OperatorLimits::default() };
    Terms { gateways: Vec::new(), limits, patience_seconds: 600 }
}

fn codes(problems: &[Value]) -> Vec<(String, String)> {
    let field = |problem: &Value, name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    problems.iter().map(|problem| (field(problem, "path"), field(problem, "code"))).collect()
}

#[test]
fn a_run_has_what_is_wanted_within_what_the_operator_allows() {
    let wanted = Wanted::read(&document()).expect("a request");
    assert_eq!(wanted.problems(&terms()), Vec::<Value>::new());
    let input = wanted.clone().input(terms().draw(Some(7)));
    assert_eq!((input.seed, input.limits.tokens, input.limits.spawns), (7, Some(3), Some(4)));
    assert_eq!((input.limits.tasks, input.limits.prices["*"].output), (Some(9), 2));
    assert_eq!(input.allowed.models, Some(vec!["a".to_owned()]));
    assert!(wanted.is(&input));
}

#[test]
fn all_that_is_wrong_with_the_form_is_told_at_once() {
    let wrong = json!({ "key": 7, "request": [], "limits": { "token": 1 }, "allowed_models": "a", "seed": 1 });
    let told = codes(&errors(Wanted::read(&wrong).expect_err("nothing of it fits")));
    let wanted = [
        ("/allowed_models", "E_TYPE"),
        ("/function", "E_FIELD_MISSING"),
        ("/key", "E_TYPE"),
        ("/limits", "E_TYPE"),
        ("/request", "E_TYPE"),
        ("/seed", "E_UNKNOWN_FIELD"),
    ];
    for (path, code) in wanted {
        assert!(told.contains(&(path.to_owned(), code.to_owned())), "{path} is not in {told:?}");
    }
    assert_eq!(told.len(), wanted.len(), "{told:?}");
    assert_eq!(codes(&errors(Wanted::read(&json!("x")).expect_err("no object")))[0].1, "E_REQUEST_TYPE");
}

#[test]
fn the_function_says_what_is_wrong_with_its_request_before_anything_is_started() {
    let mut document = document();
    document["key"] = json!("a key");
    document["request"]["tasks"][0]["agent_type"] = json!("nobody");
    document["request"]["colour"] = json!(1);
    let told = codes(&Wanted::read(&document).expect("its form is right").problems(&terms()));
    assert_eq!(told[0], ("/key".to_owned(), "E_RUN_KEY".to_owned()));
    assert!(told.iter().any(|(path, _)| path == "/request/colour"), "{told:?}");
    document["function"] = json!("run_all");
    let told = codes(&Wanted::read(&document).expect("its form is right").problems(&terms()));
    assert!(told.contains(&("/function".to_owned(), "E_FUNCTION_UNKNOWN".to_owned())), "{told:?}");
}

#[test]
fn the_same_request_is_the_same_run_however_it_is_written() {
    let wanted = Wanted::read(&document()).expect("a request");
    let mut known = wanted.clone().input(terms().draw(None));
    known.request = serde_json::to_string_pretty(&json!({ "tasks": [task()] })).expect("JSON");
    assert!(wanted.is(&known));
    known.request = json!({ "tasks": [task(), task()] }).to_string();
    assert!(!wanted.is(&known));
    let problem = wanted.taken(&known);
    assert_eq!((problem.code.as_str(), problem.path.as_str()), ("E_RUN_KEY_TAKEN", "/key"));
}

#[test]
fn a_budget_of_money_takes_the_prices_of_the_operators() {
    let mut document = document();
    document["request"]["budget"] = json!({ "micro_usd": 1_000_000 });
    let wanted = Wanted::read(&document).expect("a request");
    assert_eq!(wanted.problems(&terms()), Vec::<Value>::new());
    let input = wanted.clone().input(terms().draw(None));
    let request: Value = serde_json::from_str(&input.request).expect("JSON");
    assert_eq!(request["prices"]["*"]["output"], 2);
    assert!(wanted.is(&input), "it is the same run as before");
    document["request"]["prices"] = json!({ "*": { "input": 7, "output": 7 } });
    let priced = Wanted::read(&document).expect("a request");
    assert!(!priced.is(&input) && priced.clone().input(terms().draw(None)).request.contains("7"));

    document["limits"] = json!({});
    document["request"].as_object_mut().expect("an object").remove("prices");
    let told = codes(&Wanted::read(&document).expect("a request").problems(&terms()));
    assert_eq!(told, [("/request/budget/micro_usd".to_owned(), "E_BUDGET_UNENFORCEABLE".to_owned())]);
}

/// The keys of the sessions that a run asks for first.
fn session_keys(key: &str) -> Vec<String> {
    let mut document = document();
    document["key"] = json!(key);
    document["limits"] = json!(null);
    let wanted = Wanted::read(&document).expect("a request");
    let spec = GatewaySpec { name: "a".to_owned(), slots: 2, weight: 1, models: None, lease_seconds: None };
    let terms = Terms { gateways: vec![spec], limits: OperatorLimits::default(), patience_seconds: 0 };
    let (mut call, stepped) = ClusterCall::begin(wanted.input(terms.draw(Some(of_run(7, key)))));
    let Some(Action::Call(id, _)) = stepped.actions.first() else { panic!("{stepped:?}") };
    let facts = GatewayFacts { max_concurrent: 2, limits: OperatorLimits::default(), is_drained: false };
    let stepped = call.step(Input::Reply(*id, GatewayReply::new(now_ms(), Ok(Answer::Facts(facts)))));
    let key = |action: &Action| match action {
        Action::Call(_, GatewayRequest { call: GatewayCall::Spawn(options), .. }) => {
            Some(options.idempotency_key.clone())
        }
        _ => None,
    };
    stepped.actions.iter().filter_map(key).collect()
}

#[test]
fn runs_with_the_same_chance_have_sessions_of_their_own() {
    let (one, again, other) = (session_keys("nightly-7"), session_keys("nightly-7"), session_keys("nightly-8"));
    assert_eq!((one.len(), &one), (1, &again));
    assert!(one.iter().all(|key| !other.contains(key)), "{one:?} {other:?}");
}
