//! What is sent, and where it goes.

use parallel_agents::documents::DocumentReply;

use super::*;
use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents_engine::ids::{AgentType, TaskId};
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::{AttemptKind, Decided, ErrorCode, PauseReason, TaskStatus, Tier};
use serde_json::json;

#[test]
fn what_was_not_sent_names_its_collector_and_a_protocol_that_is_not_spoken() {
    let told = |protocol: &'static str| {
        not_sent("it is gone", |name| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://me:hush@collector:4317/x?hush".to_owned()),
            "OTEL_EXPORTER_OTLP_PROTOCOL" => Some(protocol.to_owned()),
            _ => None,
        })
    };
    assert_eq!(told(""), "collector:4317: it is gone");
    assert_eq!(told(PROTOCOL), "collector:4317: it is gone");
    let odd = "collector:4317: it is gone (OTEL_EXPORTER_OTLP_PROTOCOL is \"grpc\", and only http/protobuf is spoken)";
    assert_eq!(told("grpc"), odd);
}

/// The kind of each decision. A new one does not compile until it has a kind.
fn expected(what: &Decided) -> &'static str {
    match what {
        Decided::Begin { .. } => "session_started",
        Decided::Retry { .. } => "retry",
        Decided::WaitOut { .. } => "waits",
        Decided::AskAgain => "asks_again",
        Decided::Correct(_) => "correction",
        Decided::Climb { .. } => "climb",
        Decided::NoFurtherSession(_) => "gives_up",
        Decided::GoOnWithout { .. } => "goes_on_without_dependency",
        Decided::PutBack(_) => "put_back",
        Decided::ReviewAgain { .. } | Decided::ReviewLost => "judged_again",
        Decided::Judged(_) => "judged",
        Decided::CircuitOpened(_) => "circuit_opened",
    }
}

#[test]
fn the_sentence_of_each_decision_has_its_kind() {
    let (code, reason, pause_ms) = (ErrorCode::Refused, PauseReason::NotReady, 1_000);
    let text = || "xyzzy".to_owned();
    let (task, status) = (TaskId::new("task-1"), TaskStatus::Failed);
    let all = [
        Decided::Begin { number: 1, kind: AttemptKind::First, model: None, tier: None, waited: None },
        Decided::Retry { number: 1, pause_ms, code },
        Decided::WaitOut { pause_ms, reason },
        Decided::AskAgain,
        Decided::Correct(text()),
        Decided::Climb { from: None, to: Tier::Premium, code, message: text() },
        Decided::NoFurtherSession(text()),
        Decided::GoOnWithout { task, status },
        Decided::PutBack(text()),
        Decided::ReviewAgain { pause_ms, reason },
        Decided::ReviewLost,
        Decided::Judged(Score::read(&json!(7)).expect("a score")),
        Decided::CircuitOpened(AgentType::new("code_reviewer")),
    ];
    for what in all {
        assert_eq!(kind_of(&json!(what)), expected(&what), "{what}");
    }
}

/// A word that nothing but agents and servers say here.
const SAID: &str = "xyzzy";

/// What stands in the spans of a call under a script, all of it.
async fn sent(function: &str, arguments: &str, script: &str) -> (Value, String) {
    let script = Script::from_toml(script).expect("a script");
    let simulation = Simulation::new(script, 3, SimulationOptions::default());
    let called = native::call(function, arguments, simulation, &Clock::virtual_time()).await;
    let text = match called.result.expect("a reply") {
        DocumentReply::Answer(text) | DocumentReply::Refused(text) => text,
    };
    let reply: Value = serde_json::from_str(&text).expect("JSON");
    let spans = spans(function, &reply, None, SystemTime::now());
    assert!(spans.len() > 2, "{reply}");
    (reply, format!("{spans:?}"))
}

#[tokio::test]
async fn no_word_of_an_answer_is_sent() {
    let scripts = [
        // A refusal, a failure in the server's words, a text instead of JSON, JSON of another form, nothing at all.
        r#"template = "I'm sorry, but I can't help with xyzzy.""#,
        r#"template = "xyzzy""#,
        r#"template = '{"xyzzy": 1}'"#,
        r#"template = '{"verdict": "xyzzy", "summary": "xyzzy", "overall_score": 1, "findings": []}'"#,
        "odds = { good = 0, failing = 1000 }\nfailures = [{ kind = \"rejected\", message = \"xyzzy\" }]",
        "odds = { good = 0, failing = 1000 }\nfailures = [{ kind = \"other\", message = \"no xyzzy here\" }]",
        "odds = { good = 0, failing = 1000 }\nfailures = [{ kind = \"rate_limited\", message = \"xyzzy\" }]",
    ];
    let task = |id: &str, more: &str| {
        format!(
            r#"{{"task_id": "{id}", "agent_type": "code_reviewer", "task_description": "Look.",
            "input_data": {{"code": "x"}}{more}}}"#
        )
    };
    let request = format!(
        r#"{{"tasks": [{}, {}], "retries": 1}}"#,
        task("a", ""),
        task("b", r#", "output_format": "text", "dependencies": ["a"], "required": false"#)
    );
    let mut told = 0;
    for script in scripts {
        let script = format!("version = 1\n[[answers]]\n{script}\n");
        let (reply, sent) = sent("run_tasks", &request, &script).await;
        told += usize::from(reply.to_string().contains(SAID));
        assert!(!sent.contains(SAID), "{script}: {sent}");
    }
    assert!(told >= 5, "the reports have the words: {told}");
}

#[test]
fn names_are_sent_and_texts_are_not() {
    let is_sent = |value: &str| word("x", &Value::from(value)).is_some();
    assert!(is_sent("vendor/model-4:latest") && is_sent("agent:main:subagent:1"));
    assert!(!is_sent("I am sorry") && !is_sent("a\u{7}") && !is_sent(&"x".repeat(201)));
    let code = |value: &str| code(&Value::from(value));
    assert_eq!(code("E_TIMEOUT").as_deref(), Some("E_TIMEOUT"));
    for odd in ["E_no", "sorry", "E_A B", ""] {
        assert_eq!(code(odd).as_deref(), Some(OTHER), "{odd:?}");
    }
    assert_eq!(kind_of(&Value::from("retry 1 in 2 s, since E_X may pass")), "retry");
    assert_eq!(kind_of(&Value::from("whatever it said")), OTHER);
}

#[test]
fn the_bound_of_traces_goes_before_the_bound_of_everything() {
    let bound = |traces: &'static str, all: &'static str| {
        timeout(|name| Some(if name == TIMEOUTS[0] { traces } else { all }.to_owned())).as_millis()
    };
    assert_eq!(bound("70", "3000"), 70);
    assert_eq!(bound("", "3000"), 3_000);
    assert_eq!(bound("soon", " 3000 "), 3_000);
    assert_eq!(bound("0", "-1"), 10_000, "a program that ends does not wait for ever");
    assert_eq!(timeout(|_| None), DEFAULT_TIMEOUT);
}
