use std::path::Path;

use super::super::{HostProfile, Script, ScriptError};

fn problems(text: &str) -> Vec<String> {
    match Script::from_toml(text) {
        Err(ScriptError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("not refused for its contents: {other:?}"),
    }
}

fn paths(text: &str) -> Vec<String> {
    problems(text).iter().map(|problem| problem.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_flaky_script_is_valid() {
    Script::from_toml(include_str!("../../../../scripts/flaky.toml")).expect("flaky.toml");
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let found = paths(
        r#"
        version = 2
        colour = "red"
        default_model = "sim/none"
        [host]
        max_concurrent = 0
        max_children = "many"
        lanes = 3
        [models."sim/a/b"]
        tier = "cheap"
        [models.bare]
        [models."old"]
        applied_as = "sim/none"
        [[answers]]
        odds = { good = 900 }
        [[answers]]
        latency = { constant_ms = 1, uniform_ms = [1, 2] }
        template = "{{ unfinished"
        late_factor = 1
        [[answers]]
        latency = { lognormal = { median_ms = 0, sigma = 9.0 } }
        failures = [{ kind = "tired" }, { kind = "other", weight = 0 }]
        malformed_kinds = ["truncated", "upside_down"]
        max_attempt = 0
        "#,
    );
    let expected = [
        "/answers/0/odds",
        "/answers/1/late_factor",
        "/answers/1/latency",
        "/answers/1/template",
        "/answers/2/failures/0/kind",
        "/answers/2/failures/1/weight",
        "/answers/2/latency/lognormal/median_ms",
        "/answers/2/latency/lognormal/sigma",
        "/answers/2/malformed_kinds/1",
        "/answers/2/max_attempt",
        "/colour",
        "/default_model",
        "/host/lanes",
        "/host/max_children",
        "/host/max_concurrent",
        "/models/bare",
        "/models/old/applied_as",
        "/models/sim~1a~1b/tier",
        "/version",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_be_read_is_not_missed_as_well() {
    assert_eq!(paths("version = 1\nanswers = [{ latency = { constant = 3 } }]"), ["/answers/0/latency/constant"]);
    assert_eq!(paths("version = 1\nanswers = 3"), ["/answers"]);
    assert_eq!(paths("version = 1\nanswers = [\"x\", { odd = 1 }]"), ["/answers/0", "/answers/1/odd"]);
    assert_eq!(paths("version = \"one\""), ["/version"]);
}

#[test]
fn problems_say_what_is_allowed() {
    let found = problems("version = 1\n[host]\nmax_concurrent = 5000\nlanes = 3");
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("expected one of `max_concurrent`"), "{found:?}");
    assert_eq!(found[1], "/host/max_concurrent: must be from 1 to 1000, not 5000");
}

#[test]
fn the_message_lists_every_problem() {
    let error = Script::from_toml("version = 3\nx = 1").expect_err("two problems");
    let text = error.to_string();
    assert!(text.starts_with("the script has 2 problem(s):\n  /version: "), "{text}");
    assert!(text.contains("\n  /x: "), "{text}");
}

#[test]
fn documents_that_are_none_are_told_apart() {
    assert!(matches!(Script::from_toml("version = "), Err(ScriptError::Toml(_))));
    assert!(matches!(Script::from_json("{\"version\": 1,}"), Err(ScriptError::Json(_))));
    assert!(matches!(Script::from_json("{\"version\": 1, \"version\": 1}"), Err(ScriptError::Json(_))));
    assert!(matches!(Script::from_json("[]"), Err(ScriptError::Invalid(_))));
    assert!(Script::from_json("{\"version\": 1}").is_ok());
    assert!(matches!(Script::load(Path::new("script.yaml")), Err(ScriptError::Extension { .. })));
    assert!(matches!(Script::load(Path::new("/nonexistent/script.toml")), Err(ScriptError::Read { .. })));
}

#[test]
fn the_host_is_an_untouched_gateway_unless_the_script_says_otherwise() {
    let script = Script::from_toml("version = 1\n[host]\nmax_concurrent = 3").expect("valid");
    assert_eq!(*script.host(), HostProfile { max_concurrent: 3, ..HostProfile::default() });
    assert_eq!(Script::bundled().host(), &HostProfile::default());
}

#[test]
fn models_are_applied_as_a_gateway_does() {
    let script = Script::from_toml(include_str!("../../../../scripts/flaky.toml")).expect("valid");
    for (requested, applied) in [
        (None, "sim/standard"),
        (Some(""), "sim/standard"),
        (Some("premium"), "sim/premium"),
        (Some("sim/premium"), "sim/premium"),
        (Some("sim/retired"), "sim/economy"),
        (Some("retired"), "sim/economy"),
        (Some("unheard-of"), "sim/unheard-of"),
        (Some("other/model"), "other/model"),
    ] {
        assert_eq!(script.applied_model(requested), applied, "{requested:?}");
    }
    assert_eq!(script.models().collect::<Vec<_>>(), ["sim/economy", "sim/premium", "sim/standard"]);
    let empty = Script::from_toml("version = 1").expect("valid");
    assert_eq!(empty.applied_model(None), "sim/standard");
}
