//! What every reply of the JSON door has to be.

use std::collections::BTreeSet;

use parallel_agents::documents::DocumentReply;
use serde_json::Value;

/// Characters of an error message.
const MAX_MESSAGE_CHARS: usize = 300;

/// Problems that one refusal lists.
const MAX_PROBLEMS: usize = 10;

/// A refusal's problems, which have to be well formed.
pub fn refused(text: &str) -> Vec<Value> {
    let refusal: Value = serde_json::from_str(text).expect("a refusal is JSON");
    let problems = refusal["errors"].as_array().expect("problems").clone();
    assert_eq!(Some(&refusal["error"]), problems.first(), "the first problem stands by itself");
    assert!(problems.len() <= MAX_PROBLEMS, "{} problems", problems.len());
    for problem in &problems {
        let code = problem["code"].as_str().expect("a code");
        assert!(code.starts_with("E_"), "{code}");
        let message = problem["message"].as_str().expect("a message");
        assert!(message.chars().count() <= MAX_MESSAGE_CHARS, "{} characters", message.chars().count());
        let path = problem["path"].as_str().expect("a path");
        assert!(path.is_empty() || path.starts_with('/'), "{path}");
        assert!(problem["retryable"].is_boolean());
    }
    problems
}

/// An answer, which has to be JSON; reports in it have to add up.
pub fn answered(text: &str) -> Value {
    let answer: Value = serde_json::from_str(text).expect("an answer is JSON");
    [Some(&answer), answer.get("run")].into_iter().flatten().for_each(adds_up);
    answer
}

/// Either of the two; None: refused.
pub fn any(reply: &DocumentReply) -> Option<Value> {
    match reply {
        DocumentReply::Answer(text) => Some(answered(text)),
        DocumentReply::Refused(text) => {
            assert!(!refused(text).is_empty());
            None
        }
    }
}

/// Every task of a report has one final status, and they are counted right.
fn adds_up(report: &Value) {
    // A digest shows what its caller gave it, and has no forecast.
    let (Some(results), Some(census), true) =
        (report["results"].as_array(), report["census"].as_object(), report["forecast"].is_object())
    else {
        return;
    };
    let names: BTreeSet<&str> = results.iter().map(|result| result["task_id"].as_str().expect("an id")).collect();
    assert_eq!(names.len(), results.len(), "every task has its own name");
    for status in ["completed", "failed", "timeout", "cancelled", "skipped"] {
        let counted = results.iter().filter(|result| result["status"] == status).count();
        assert_eq!(census[status], counted, "{status}");
    }
    let counted: u64 = census.iter().filter(|(name, _)| *name != "tasks").filter_map(|(_, n)| n.as_u64()).sum();
    assert_eq!((counted, census["tasks"].as_u64()), (results.len() as u64, Some(results.len() as u64)));
    for result in results {
        let good = result["status"] == "completed";
        assert_eq!(result["error"].is_null(), good, "what is not completed says why: {result}");
        let log = result["metadata"]["attempt_log"].as_array().expect("a log");
        assert_eq!(result["metadata"]["attempts"].as_u64(), Some(log.len() as u64));
    }
}
