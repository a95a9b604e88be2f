//! A task never ends on a tier below the one that it was promised.

use parallel_agents::documents::DocumentReply;

use super::*;

const MODELS: &str = r#""models": {"economy": "m/e", "standard": "m/s", "premium": "m/p"}"#;

fn held(tier: &str, more: &str) -> Checker {
    let task = format!(r#"{{"agent_type": "x", "task_id": "a"{tier}}}"#);
    held_to(&task, &format!(r#""corrections": 1, {more}"#))
}

/// Asks for one session after the other, each of which answers.
fn asks(checker: &mut Checker, models: &[&str]) -> Vec<Invariant> {
    for (request, model) in (1..).zip(models) {
        let label = if request == 1 { "x a".to_owned() } else { format!("x a #{request}") };
        checker.command(&changed(spawn(request, &label), |options| options.model = Some((*model).to_owned())));
        let session = key(&format!("s{request}"));
        checker.accepted(RequestId(request), &session);
        ended(checker, &session, &SessionOutcome::Completed, model, None);
    }
    broken(checker)
}

#[test]
fn a_task_goes_up_from_what_it_was_promised_and_never_down() {
    let premium = r#", "tier": "premium""#;
    for (tier, models, expected) in [
        ("", &["m/e", "m/s", "m/p"][..], vec![]),
        ("", &["m/e", "m/e", "m/p"][..], vec![]),
        ("", &["m/s", "m/e"][..], vec![Invariant::Tier]),
        (premium, &["m/p", "m/p"][..], vec![]),
        (premium, &["m/s"][..], vec![Invariant::Tier]),
        (premium, &["m/p", "m/s"][..], vec![Invariant::Tier]),
        (r#", "tier": "standard""#, &["p"][..], vec![Invariant::Taint]),
    ] {
        assert_eq!(asks(&mut held(tier, MODELS), models), expected, "{tier} {models:?}");
    }
}

#[test]
fn a_tier_without_a_model_is_the_next_better_one_or_the_best() {
    let two = r#""models": {"economy": "m/e", "standard": "m/s"}"#;
    assert_eq!(asks(&mut held(r#", "tier": "premium""#, two), &["m/s"]), []);
    assert_eq!(asks(&mut held(r#", "tier": "premium""#, two), &["m/e"]), [Invariant::Tier]);
    let same = r#""models": {"economy": "m/x", "standard": "m/x", "premium": "m/p"}"#;
    assert_eq!(asks(&mut held(r#", "tier": "standard""#, same), &["m/x", "m/p"]), []);
    // Whoever names no models climbs the published ones.
    let mut published = held(r#", "tier": "premium""#, r#""escalate": true"#);
    assert_eq!(asks(&mut published, &["anthropic/claude-haiku-4-5"]), [Invariant::Tier]);
}

#[test]
fn what_another_model_answered_does_not_count_where_the_model_is_strict() {
    for (more, told, expected) in [
        (r#", "strict_model": true"#, "m/e", vec![Invariant::Tier]),
        (r#", "strict_model": true"#, "m/p", vec![]),
        ("", "m/e", vec![]),
    ] {
        let mut checker = held(r#", "tier": "premium""#, &format!("{MODELS}{more}"));
        asks(&mut checker, &["m/p"]);
        let end = SessionEnd {
            session: key("s1"),
            outcome: SessionOutcome::Completed,
            completion: None,
            usage: None,
            model: Some(told.to_owned()),
        };
        checker.event(&Event { seq: 0, at_ms: 0, what: EventKind::SessionEnded(end) }, false);
        let result = r#"{"task_id": "a", "status": "completed", "output": 1, "error": null, "session_key": "s1"}"#;
        checker.replied(&DocumentReply::Answer(format!(r#"{{"results": [{result}]}}"#)));
        assert_eq!(broken(&checker), expected, "{more} {told}");
    }
}
