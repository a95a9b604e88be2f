use std::collections::BTreeMap;

use parallel_agents_engine::host::FailureKind;
use parallel_agents_engine::json::{schema, strict};
use parallel_agents_engine::task::Usage;
use serde_json::{Value, json};

use super::super::{Script, Scripted, ScriptedOutcome};
use super::{Asked, answer};

fn script(rules: &str) -> Script {
    let text = format!("version = 1\n{rules}");
    Script::from_toml(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn shape() -> Value {
    json!({
        "type": "object",
        "properties": { "title": { "type": "string" }, "parts": { "type": "array", "items": { "type": "integer" } } },
        "required": ["title", "parts"],
    })
}

fn asked() -> Asked<'static> {
    Asked { schema: Some(shape()), input: json!({ "topic": "bread" }), ..Asked::default() }
}

fn good(scripted: &Scripted) -> bool {
    let ScriptedOutcome::Answer(text) = &scripted.outcome else { return false };
    strict::parse(text, strict::ANSWER_BOUNDS).is_ok_and(|value| schema::check(&shape(), &value).is_empty())
}

#[test]
fn equal_questions_have_equal_answers_in_any_order_and_wrapping() {
    let script = Script::from_toml(include_str!("../../../../scripts/flaky.toml")).expect("valid");
    let plain = asked().prompt();
    let wrapped = format!("[Sun 12:00 UTC] [Subagent Task]\n\n{plain}\n\nBegin. Execute the assigned task.");
    for seed in 0..200 {
        let first = script.play(seed, &plain, "sim/standard", 1);
        let _other = script.play(seed, &Asked { task_id: "other", ..asked() }.prompt(), "sim/premium", 2);
        assert_eq!(first, script.play(seed, &plain, "sim/standard", 1));
        // Who counts tokens sees the wrapping; the answer does not depend on it.
        let again = script.play(seed, &wrapped, "standard", 1);
        assert_eq!((first.latency_ms, first.outcome), (again.latency_ms, again.outcome));
    }
}

#[test]
fn odds_are_kept() {
    let script = script(
        "[[answers]]\nlatency = { constant_ms = 1_000 }\nlate_min_ms = 0\nlate_factor = 7\n\
         odds = { good = 400, malformed = 250, empty = 50, late = 100, failing = 150, hanging = 50 }",
    );
    let prompt = asked().prompt();
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..10_000 {
        let scripted = script.play(seed, &prompt, "m", 1);
        let kind = match &scripted.outcome {
            ScriptedOutcome::Hang => "hanging",
            ScriptedOutcome::Fail { .. } => "failing",
            ScriptedOutcome::Answer(text) if text.is_empty() => "empty",
            ScriptedOutcome::Answer(_) if scripted.latency_ms == 7_000 => "late",
            ScriptedOutcome::Answer(_) if good(&scripted) => "good",
            ScriptedOutcome::Answer(_) => "malformed",
        };
        *seen.entry(kind).or_default() += 1;
    }
    // Five standard deviations of the widest, sqrt(10,000 * 0.4 * 0.6) = 49, are 245.
    for (kind, expected) in
        [("good", 4_000), ("malformed", 2_500), ("empty", 500), ("late", 1_000), ("failing", 1_500), ("hanging", 500)]
    {
        let count = seen.get(kind).copied().unwrap_or(0);
        assert!(count.abs_diff(expected) < 245, "{kind}: {count} of 10,000, not about {expected}");
    }
}

#[test]
fn every_malformed_answer_is_malformed() {
    let prompt = asked().prompt();
    for kind in ["two_objects", "truncated", "wrong_type", "missing_field", "trailing_comma"] {
        let script = script(&format!("[[answers]]\nodds = {{ malformed = 1000 }}\nmalformed_kinds = [\"{kind}\"]"));
        for seed in 0..50 {
            let scripted = script.play(seed, &prompt, "m", 1);
            assert!(!good(&scripted), "{kind}: {scripted:?}");
        }
    }
}

#[test]
fn a_late_answer_is_good_and_later_than_the_longest_wait() {
    let script = script(
        "[[answers]]\nodds = { late = 1000 }\nlatency = { uniform_ms = [2_000, 9_000] }\n\
         late_factor = 10\nlate_min_ms = 60_000",
    );
    for seed in 0..100 {
        let scripted = script.play(seed, &asked().prompt(), "m", 1);
        assert!(good(&scripted));
        assert!((60_000..=90_000).contains(&scripted.latency_ms), "{}", scripted.latency_ms);
    }
}

#[test]
fn the_first_rule_that_matches_counts() {
    let script = script(
        r#"
        default_model = "sim/small"
        [models."sim/small"]
        tier = "economy"
        [models."sim/large"]
        tier = "premium"
        [[answers]]
        agent_type = "tester"
        task_contains = "special"
        latency = { constant_ms = 1 }
        [[answers]]
        max_attempt = 1
        model = "large"
        latency = { constant_ms = 2 }
        [[answers]]
        tier = "premium"
        latency = { constant_ms = 3 }
        [[answers]]
        agent_type = "tester"
        latency = { constant_ms = 4 }
        "#,
    );
    let latency = |asked: Asked<'_>, model: &str, attempt| script.play(1, &asked.prompt(), model, attempt).latency_ms;
    assert_eq!(latency(Asked { description: "Do the special thing.", ..asked() }, "sim/large", 1), 1);
    assert_eq!(latency(asked(), "sim/large", 1), 2);
    assert_eq!(latency(asked(), "sim/large", 2), 3);
    assert_eq!(latency(asked(), "sim/small", 1), 4);
    assert!(latency(Asked { agent_type: "other", ..asked() }, "sim/small", 1) > 1_000, "no rule: an ordinary answer");
}

#[test]
fn failures_are_drawn_by_weight_and_bring_their_own_time() {
    let script = script(
        "[[answers]]\nodds = { failing = 1000 }\nlatency = { constant_ms = 10 }\nfailures = [\
         { kind = \"rate_limited\", weight = 9, message = \"slow down\" }, { kind = \"rejected\", latency_ms = 500 }]",
    );
    let mut rejected = 0;
    for seed in 0..1_000 {
        let scripted = script.play(seed, &asked().prompt(), "m", 1);
        assert_eq!((scripted.usage, scripted.cost_micro_usd), (Usage::default(), 0));
        match scripted.outcome {
            ScriptedOutcome::Fail { kind: FailureKind::RateLimited, message, .. } => {
                assert_eq!((message.as_str(), scripted.latency_ms), ("slow down", 10));
            }
            ScriptedOutcome::Fail { kind: FailureKind::Rejected, .. } => {
                assert_eq!(scripted.latency_ms, 500);
                rejected += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((60..140).contains(&rejected), "{rejected} of 1,000, not about 100");
}

#[test]
fn tokens_and_prices_add_up() {
    let script = script(
        r#"
        default_model = "sim/a"
        [models."sim/a"]
        input_price = 1_500
        output_price = 7_000
        [[answers]]
        tokens = { input = 1_001 }
        template = "12345678"
        "#,
    );
    let scripted = script.play(1, &asked().prompt(), "sim/a", 1);
    assert_eq!(scripted.usage, Usage { input_tokens: 1_001, output_tokens: 2 });
    // 1,001 * 1.5 + 2 * 7 = 1,515.5, rounded up.
    assert_eq!(scripted.cost_micro_usd, 1_516);
    assert_eq!(script.play(1, &asked().prompt(), "other/unknown", 1).cost_micro_usd, 1_516);
}

#[test]
fn templates_see_the_prompt() {
    let script = script(
        "[[answers]]\ntemplate = '{{ agent_type }}|{{ task_id }}|{{ description }}|{{ input.n + 1 }}|{{ input.list[1] }}|\
         {{ schema.required[0] }}|{{ output_format }}|{{ pick([\"a\"]) }}|{{ number(4, 4) }}|{{ line(input.code).number }}|\
         {{ excerpt(input.code, 8) }}|{{ count_lines(input.code) }}|{{ input.code|tojson }}|{{ line(input.none) }}'",
    );
    let asked = Asked { input: json!({ "n": 2, "list": [1, 5], "code": "\nlet x = call();\n" }), ..asked() };
    let text = answer(script.play(1, &asked.prompt(), "m", 1).outcome);
    let expected =
        "tester|task-1|Say what the input holds.|3|5|title|json|a|4|2|let x…|2|\"\\nlet x = call();\\n\"|None";
    assert_eq!(text, expected);
}

#[test]
fn a_template_that_fails_is_a_failure_that_says_so() {
    let script = script("[[answers]]\ntemplate = \"{{ number(2, 1) }}\"");
    match script.play(1, &asked().prompt(), "m", 1).outcome {
        ScriptedOutcome::Fail { kind: FailureKind::Other, message, .. } => {
            assert!(message.contains("the limits are the wrong way round"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}
