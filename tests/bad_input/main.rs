//! Every kind of bad request: which code, at which place, and never a word to the host.

mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures::FutureExt as _;
use gateway_sim::odd_host::{facts, refusing};
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::HostError;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The reply to a request, and how often the host was asked for something.
fn call(function: &str, request: &str) -> (DocumentReply, u64) {
    let mut host = refusing(facts(), HostError::Unsupported("no sessions here".to_owned()));
    let reply = documents::call_named(function, request.to_owned(), &mut host)
        .now_or_never()
        .expect("the host answers at once");
    (reply, host.calls)
}

/// Code and place of each problem of a refusal, which has to be well formed.
fn problems(refusal: &str) -> Vec<(String, String)> {
    let refusal: Value = serde_json::from_str(refusal).expect("a refusal is JSON");
    assert_eq!(refusal["error"], refusal["errors"][0]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let listed = refusal["errors"].as_array().expect("a list").iter().map(|problem| {
        assert!(text(&problem["message"]).chars().count() <= 300 && problem["retryable"] == json!(false));
        assert!(problem["got"].as_str().is_none_or(|got| got.len() <= 64 * 9), "{}", problem["got"]);
        (text(&problem["code"]), text(&problem["path"]))
    });
    listed.collect()
}

#[test]
fn each_request_of_the_table_gets_its_answer_and_bad_ones_never_reach_the_host() {
    let cases = table::cases();
    assert!(cases.len() > 900, "{} cases", cases.len());
    let mut wrong = String::new();
    let mut answers: BTreeMap<usize, (Sha256, String)> = BTreeMap::new();
    for case in &cases {
        let (reply, calls) = call(&case.function, &case.request);
        let (told, said, words) = match reply {
            DocumentReply::Refused(text) => {
                assert_eq!(calls, 0, "line {}: a refused request reached the host: {}", case.line, case.shown);
                let first: Value = serde_json::from_str(&text).expect("JSON");
                (problems(&text), text, first["error"]["message"].as_str().expect("a message").to_owned())
            }
            // What a run comes back with is the host's doing.
            DocumentReply::Answer(_) if calls > 0 => (Vec::new(), "accepted".to_owned(), "accepted".to_owned()),
            DocumentReply::Answer(text) => (Vec::new(), text, "answered".to_owned()),
        };
        if told != case.problems {
            writeln!(wrong, "line {}: {} gives {told:?}", case.line, case.shown).expect("a text");
        }
        let (sum, _) = answers.entry(case.line).or_insert_with(|| (Sha256::new(), words));
        sum.update(said.as_bytes());
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let lines = answers.into_iter().map(|(line, (sum, words))| {
        let digits: String = sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{line} {digits} {words}")
    });
    // Other engines are held to these sums.
    insta::assert_snapshot!("answers", lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn everything_at_once_and_readable() {
    let request = json!({
        "max_concurrent": 0,
        "max_concurent": 5,
        "tasks": [
            {"agent_type": "code_reveiwer", "task_description": "", "timeout_seconds": -1},
            {"agent_type": "code_reviewer", "task_description": "x", "task_id": "A\u{1b}[31m", "dependencies": ["nobody"]},
            "review",
        ],
    });
    let (DocumentReply::Refused(refusal), 0) = call("run_tasks", &request.to_string()) else { panic!("accepted") };
    let refusal: Value = serde_json::from_str(&refusal).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&refusal).expect("JSON"));
}

#[test]
fn no_graph_is_too_wide_without_a_word() {
    let wide: Vec<Value> = (0..2_000)
        .map(|n| {
            let on: Vec<String> = (0..n.min(16)).map(|on| format!("t{on}")).collect();
            json!({"agent_type": "code_reviewer", "task_description": "x", "task_id": format!("t{n}"), "dependencies": on})
        })
        .collect();
    let (DocumentReply::Refused(refusal), 0) = call("run_tasks", &json!({ "tasks": wide }).to_string()) else {
        panic!("accepted")
    };
    assert_eq!(problems(&refusal), [("E_DEP_LIMIT".to_owned(), "/tasks".to_owned())]);
}
