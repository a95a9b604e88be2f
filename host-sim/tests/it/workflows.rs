//! The typed exports for teams and workflows: what a record gives is what a document gives.

use host_sim::clock::Clock;
use host_sim::native;
use host_sim::script::Script;
use host_sim::world::{World, WorldOptions};
use host_sim::{Called, SimError};
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::{AgentSource, Cleanup, RuleSpec, RunReport, TaskSpec};
use parallel_agents_workflows::outcome::{Refinement, Status};
use parallel_agents_workflows::spec::{CreationSpec, DraftSpec, GoalSpec, Judging, Limits, RefinementSpec};
use parallel_agents_workflows::teams::Brief;
use parallel_agents_workflows::wish::Wish;
use serde::Serialize;
use serde_json::{Value, json};

use crate::component::{assert_same_trace, component};

fn world() -> World {
    World::new(Script::bundled(), 3, WorldOptions::default())
}

fn limits() -> Limits {
    let rules = RuleSpec { retries: Some(2), ..RuleSpec::default() };
    Limits { max_concurrent: Some(3), cleanup: Some(Cleanup::Delete), rules, ..Limits::default() }
}

fn wish(name: &str) -> Wish {
    Wish {
        name: name.to_owned(),
        purpose: "Read logs".to_owned(),
        domain: Some("office".to_owned()),
        ..Wish::default()
    }
}

async fn document(function: &str, arguments: &Value) -> (Value, Called<DocumentReply>) {
    let called = component().await.call(function, &arguments.to_string(), world(), &Clock::virtual_time()).await;
    let reply = match &called.result {
        Ok(DocumentReply::Answer(text)) => serde_json::from_str(text).expect("JSON"),
        other => panic!("{function}: {other:?}"),
    };
    (reply, called)
}

/// The record in the form of the document that stands for it.
#[track_caller]
fn shown<R>(called: &Called<Result<R, CallError>>, show: impl FnOnce(&R) -> Value) -> Value {
    assert_eq!(called.world.ledger().violations(), []);
    match &called.result {
        Ok(Ok(done)) => show(done),
        Ok(Err(refused)) => panic!("refused: {refused:?}"),
        Err(broken) => panic!("broken: {broken}"),
    }
}

fn written<R: Serialize>(done: &R) -> Value {
    serde_json::to_value(done).expect("it can be written")
}

/// The document of a run, as workflows show it.
fn report(run: &RunReport) -> Value {
    written(&Refinement { status: Status::Completed, drafts: Vec::new(), run: run.clone() })["run"].clone()
}

/// Both engines and both doors agree.
macro_rules! all_the_same {
    ($function:ident, $document:expr, $arguments:expr, ($($given:expr),*), $show:expr) => {{
        let (reply, by_document) = document($document, &$arguments).await;
        let guest = component().await.$function($($given.clone(),)* world(), &Clock::virtual_time()).await;
        let native = native::$function($($given,)* world(), &Clock::virtual_time()).await;
        assert_same_trace(native.world.trace(), guest.world.trace(), stringify!($function));
        assert_same_trace(by_document.world.trace(), guest.world.trace(), stringify!($function));
        assert_eq!(shown(&guest, $show), reply, stringify!($function));
        assert_eq!(shown(&native, $show), reply, stringify!($function));
        assert!(guest.world.ledger().spawn_calls() > 0);
        reply
    }};
}

#[tokio::test]
async fn teams_can_be_run_as_records() {
    let teams = [
        (Brief::Content { topic: "tides".to_owned(), platform: "bluesky".to_owned() }, 5),
        (Brief::Development { app_name: "Beacon".to_owned(), features: vec!["login".to_owned()] }, 5),
        (Brief::Review { code: "let x = 1;".to_owned(), file: Some("x.rs".to_owned()) }, 5),
        (Brief::Agents(vec![wish("log_reader"), wish("note_sorter")]), 4),
    ];
    for (brief, tasks) in teams {
        let (function, mut arguments) = brief.document();
        for (field, value) in
            [("run", json!(true)), ("max_concurrent", json!(3)), ("cleanup", json!("delete")), ("retries", json!(2))]
        {
            arguments[field] = value;
        }
        let reply = all_the_same!(run_team, function, arguments, (brief, limits()), report);
        assert_eq!(
            (&reply["status"], &reply["census"]["completed"]),
            (&json!("completed"), &json!(tasks)),
            "{function}"
        );
    }
}

#[tokio::test]
async fn drafts_can_be_refined_as_records() {
    let draft = DraftSpec {
        name: "notice".to_owned(),
        draft: json!("The library opens at ten."),
        kind: Some("notice".to_owned()),
        rubric: Some("Clear at first reading.".to_owned()),
        ..DraftSpec::default()
    };
    let judging = Judging { target_score: Some(8.25), judges: Some(3), max_rounds: Some(4), ..Judging::default() };
    let spec = RefinementSpec { drafts: vec![draft], judging, limits: limits() };
    let arguments = written(&spec);
    let reply = all_the_same!(run_iterative_refinement, "run_iterative_refinement", arguments, (spec), written);
    assert_eq!(reply["status"], "completed");
    assert!(reply["drafts"][0]["history"].as_array().is_some_and(|rounds| rounds.len() > 1), "{reply:#}");
}

#[tokio::test]
async fn agents_can_be_made_and_used_as_records() {
    let task = TaskSpec {
        agent_type: "log_reader".to_owned(),
        task_description: "Read this.".to_owned(),
        input_data: Some(json!({"material": "10:02 queue is full"})),
        ..TaskSpec::default()
    };
    let spec = CreationSpec {
        new_agents: vec![wish("log_reader")],
        tasks: vec![task],
        limits: limits(),
        ..CreationSpec::default()
    };
    let arguments = written(&spec);
    let reply = all_the_same!(create_agents, "create_agents", arguments, (spec), written);
    assert_eq!((&reply["status"], &reply["created"][0]["promotion"]), (&json!("completed"), &json!("promoted")));

    // The registry that came back goes into the next call, and its agent type works there with nothing new.
    let registry = serde_json::from_value(reply["registry"].clone()).expect("a registry");
    let spec =
        CreationSpec { new_agents: vec![wish("log_reader")], registry, limits: limits(), ..CreationSpec::default() };
    let arguments = written(&spec);
    let again = all_the_same!(create_agents, "create_agents", arguments, (spec), written);
    assert_eq!((&again["created"][0]["promotion"], &again["registry"]), (&json!("unchanged"), &reply["registry"]));
}

#[tokio::test]
async fn goals_can_be_reached_as_records() {
    for goal in [
        "Create 2 new agents and make sure that all score 8.5 or more.",
        "Review this file, then write its documentation.\n\nlet x = 1;",
    ] {
        let spec = GoalSpec { goal: goal.to_owned(), max_tasks: Some(4), limits: limits(), ..GoalSpec::default() };
        let arguments = written(&spec);
        let reply = all_the_same!(orchestrate, "orchestrate", arguments, (spec), written);
        assert_eq!((&reply["status"], &reply["reason"]), (&json!("completed"), &json!("compiled")), "{goal}");
    }
}

#[tokio::test]
async fn records_meet_the_limits_of_documents() {
    let refused = |called: Result<Result<String, CallError>, SimError>, code: &str, path: &str| {
        let Ok(Err(CallError::InvalidRequest(problems))) = called else { panic!("{code}: {called:?}") };
        let told: Vec<(&str, &str)> = problems.iter().map(|p| (p.code.as_str(), p.path.as_str())).collect();
        assert_eq!(told, [(code, path)]);
    };
    let host = component().await;
    let clock = Clock::virtual_time();
    for target in [f64::NAN, f64::INFINITY, 10.5] {
        let draft = DraftSpec {
            name: "a".to_owned(),
            draft: json!("x"),
            kind: Some("text".to_owned()),
            ..DraftSpec::default()
        };
        let judging = Judging { target_score: Some(target), ..Judging::default() };
        let spec = RefinementSpec { drafts: vec![draft], judging, ..RefinementSpec::default() };
        let called = host.run_iterative_refinement(spec, world(), &clock).await.result;
        refused(called.map(|reply| reply.map(|done| format!("{done:?}"))), "E_THRESHOLD", "/target_score");
    }
    let judging = Judging { agents: vec![AgentSource::File("no head".to_owned())], ..Judging::default() };
    let spec = GoalSpec { goal: "x".to_owned(), judging, ..GoalSpec::default() };
    let called = host.orchestrate(spec, world(), &clock).await.result;
    refused(called.map(|reply| reply.map(|done| format!("{done:?}"))), "E_AGENT_DEFINITION", "/agents/0");
    let limits = Limits { rules: RuleSpec { hedge: Some(true), ..RuleSpec::default() }, ..Limits::default() };
    let spec = GoalSpec { goal: "x".to_owned(), limits, ..GoalSpec::default() };
    let called = host.orchestrate(spec, world(), &clock).await.result;
    refused(called.map(|reply| reply.map(|done| format!("{done:?}"))), "E_UNKNOWN_FIELD", "/hedge");
    let spec = CreationSpec { new_agents: vec![wish("code_reviewer")], ..CreationSpec::default() };
    let called = host.create_agents(spec, world(), &clock).await.result;
    refused(called.map(|reply| reply.map(|done| format!("{done:?}"))), "E_AGENT_EXISTS", "/new_agents/0/name");
    let called = host.run_team(Brief::Agents(Vec::new()), Limits::default(), world(), &clock).await.result;
    refused(called.map(|reply| reply.map(|done| format!("{done:?}"))), "E_AGENT_COUNT", "/purposes");
}
