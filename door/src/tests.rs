//! The client's reading of what gateways say; whole runs are in `tests/it/cli/door.rs`.

use parallel_agents_engine::host::{FailureKind, HostError, SessionOutcome};
use serde_json::json;

use crate::client::Door;
use crate::error::DoorError;
use crate::wire::Waited;

#[test]
fn an_address_holds_a_place_and_no_secret() {
    for gateway in ["http://h", "https://h:1/behind/a/proxy/", " http://127.0.0.1:18789 "] {
        Door::new(gateway, "", "agent:main:door").expect(gateway);
    }
    for gateway in ["http://user:hush@h", "http://h?token=hush", "http://h#hush", "hush", "http://hush:x", "ftp://hush"]
    {
        let error = Door::new(gateway, "", "agent:main:door").expect_err(gateway);
        assert!(matches!(error, DoorError::Address(_)) && !error.to_string().contains("hush"), "{error}");
    }
    assert_eq!(Door::new("http://h", "hush\u{1}", "s").expect_err("a token"), DoorError::Token);
}

#[test]
fn a_token_on_an_open_road_is_noticed() {
    let shows = |gateway: &str, token: &str| Door::new(gateway, token, "s").expect(gateway).shows_its_token();
    assert!(shows("http://192.0.2.1", "1234567890"));
    assert!(!shows("http://192.0.2.1", "") && !shows("https://192.0.2.1", "1234567890"));
    assert!(!shows("http://127.0.0.1:18789", "1234567890"));
}

#[test]
fn only_what_may_have_been_done_is_in_doubt() {
    let gateway = || "http://h".to_owned();
    let lost = DoorError::Lost { gateway: gateway(), reason: "cut".to_owned() };
    assert!(matches!(HostError::from(lost), HostError::InDoubt(words) if words.contains("http://h")));
    let away = DoorError::Unreachable { gateway: gateway(), reason: "refused".to_owned() };
    assert!(matches!(HostError::from(away), HostError::Unavailable(_)));
    let refused = DoorError::TokenRefused { gateway: gateway(), reason: "401".to_owned() };
    assert!(matches!(HostError::from(refused), HostError::Forbidden(_)));
}

#[test]
fn ends_of_every_kind_are_read() {
    let end = |outcome: &str, failure: serde_json::Value| {
        let told = json!({ "started": [], "unknown": [], "ended": [{ "key": "k", "session_key": "s", "outcome": outcome,
            "failure": failure, "completion": { "text": "a", "truncated": false, "finish": "length" },
            "usage": { "input_tokens": 3, "output_tokens": 4 }, "model": null }] });
        let waited: Waited = serde_json::from_value(told).expect("it is read");
        let mut ends = waited.ends();
        let (key, end) = ends.pop().expect("an end");
        assert_eq!((key.as_str(), end.session.as_str(), ends.len()), ("k", "s", 0));
        assert_eq!(end.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), Some((3, 4)));
        end.outcome
    };
    for (name, outcome) in [
        ("completed", SessionOutcome::Completed),
        ("timed-out", SessionOutcome::TimedOut),
        ("cancelled", SessionOutcome::Cancelled),
        ("interrupted", SessionOutcome::Interrupted),
    ] {
        assert_eq!(end(name, json!(null)), outcome);
    }
    for (name, kind) in [
        ("infrastructure", FailureKind::Infrastructure),
        ("rate-limited", FailureKind::RateLimited),
        ("not-ready", FailureKind::NotReady),
        ("authentication", FailureKind::Authentication),
        ("rejected", FailureKind::Rejected),
        ("context-overflow", FailureKind::ContextOverflow),
        ("other", FailureKind::Other),
    ] {
        let failure = json!({ "kind": name, "message": "why", "retry_after_ms": 7 });
        let expected = SessionOutcome::Failed { kind, message: "why".to_owned(), retry_after_ms: Some(7) };
        assert_eq!(end("failed", failure), expected);
    }
}
