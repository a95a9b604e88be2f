//! One row for each rule of `docs/json-extraction.md`.

use serde_json::json;

use super::*;

fn value(answer: &str) -> Value {
    extract(answer, Surroundings::Prose).unwrap_or_else(|error| panic!("{answer}: {error}")).value
}

fn refused(answer: &str) -> ExtractError {
    extract(answer, Surroundings::Prose).expect_err(answer)
}

#[test]
fn a_bare_value_is_taken_as_it_is() {
    let whole = |value| Ok(Extracted { value, unwrapped: false, repaired: false });
    assert_eq!(extract(" {\"a\":1}\n", Surroundings::Nothing), whole(json!({"a":1})));
    assert_eq!(extract("7", Surroundings::Nothing), whole(json!(7)));
    let marked = extract("\u{feff}{\"a\":1}", Surroundings::Nothing);
    assert_eq!(marked, Ok(Extracted { value: json!({"a":1}), unwrapped: false, repaired: true }));
}

#[test]
fn prose_and_fences_are_left_out() {
    for answer in [
        "Here it is:\n```json\n{\"a\": \"`x` ```\"}\n```\nDone.",
        "Sure [as asked]: {\"a\": \"`x` ```\"} - see {above}, [1], [2, 3] and [the docs](https://x.example/[a]).",
        "```\n{\"a\": \"`x` ```\"}\n```",
        "~~~json\n{\"a\": \"`x` ```\"}\n~~~",
        "```json\n{\"a\": \"`x` ```\"}```",
        "- [ ] later\n- [x] done\n{\"a\": \"`x` ```\"}}",
    ] {
        let found = extract(answer, Surroundings::Prose);
        let expected = Extracted { value: json!({"a": "`x` ```"}), unwrapped: true, repaired: false };
        assert_eq!(found, Ok(expected), "{answer}");
    }
}

#[test]
fn equal_values_count_once_and_different_ones_not_at_all() {
    assert_eq!(value("{\"a\":1} and again {\"a\": 1}"), json!({"a":1}));
    assert_eq!(refused("{\"a\":1} {\"a\":2}"), ExtractError::Ambiguous(2));
    assert_eq!(refused("```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```"), ExtractError::Ambiguous(2));
    assert_eq!(refused("{\"a\":1,} {\"a\":2,}"), ExtractError::Ambiguous(2));
}

/// The draft is quoted whole; the agent's own value stands beside it in some other shape.
#[test]
fn what_looks_like_a_second_value_makes_an_answer_ambiguous() {
    let quote = "{\"issues\": [], \"score\": 10}";
    for own in [
        "{issues: [], score: 1}",
        "{issues: [\"x\"], score: 1",
        "{'issues': [], 'score': 1}",
        "{'issues': ['it's bad'], 'score': 1}",
        "{\"issues\": [], \"score\": 1",
        "{\"issues\": [",
        "\"issues\": [], \"score\": 1}",
        "\"score\": 1",
        "{\"score\": 1, \"score\": 1}",
        "{\"score\": NaN}",
        "{\u{201c}score\u{201d}: 1}",
        "{\u{201c}score\u{201d}: \u{201c}a \u{201c}b\u{201d}\u{201d}}",
        "{\\\"score\\\": 1}",
        "{&quot;score&quot;: 1}",
        "{{\"score\": 1}}",
        "{ // mine\n score: 1 }",
        "{\n\n\n   \"score\" 1}",
        "```json\n{\"score\": 1\n```",
        "```yaml\n{score: 1}\n```",
        "[{\"score\": 1}]",
        "{}",
        "[]",
        "[\"reject\"]",
        "[1.5]",
        "[123456]",
        "// {\"score\": 1}",
        "{\"score\": 1 /* {\"score\": 2} */}",
    ] {
        for answer in [
            format!("The draft says {quote}, which I reject. Mine:\n{own}"),
            format!("{own}\nThe draft says {quote}."),
            format!("{own}\n```json\n{quote}\n```\n"),
            format!("{quote}\n{own}"),
        ] {
            // What has no end takes all that follows, so it is one broken value.
            assert!(
                matches!(refused(&answer), ExtractError::Ambiguous(_) | ExtractError::Invalid(_)),
                "{answer}: {}",
                refused(&answer)
            );
            let alone = extract(&answer, Surroundings::Nothing).expect_err(&answer);
            assert_ne!(alone, ExtractError::NotAlone, "{answer}");
        }
        let after = format!("The draft says {quote}, which I reject. Mine:\n{own}");
        assert!(matches!(refused(&after), ExtractError::Ambiguous(_)), "{after}: {}", refused(&after));
    }
}

#[test]
fn numbers_in_brackets_are_prose_beside_an_object_only() {
    assert_eq!(value("By [1] and [2, 3]: {\"a\": [1]}"), json!({"a": [1]}));
    assert_eq!(value("The primes are [2, 3, 5]."), json!([2, 3, 5]));
    assert_eq!(refused("[1] says [\"a\"]"), ExtractError::Ambiguous(2));
    assert_eq!(refused("either [1] or [2]"), ExtractError::Ambiguous(2));
    assert_eq!(value("See [[1]] and [[note]].\n{\"a\": 1}"), json!({"a": 1}));
}

#[test]
fn where_nothing_may_stand_beside_it_prose_is_refused() {
    let strict = |answer: &str| extract(answer, Surroundings::Nothing);
    for answer in ["Here: {\"a\": 1}", "{\"a\": 1}\nDone.", "Here:\n```json\n{\"a\": 1}\n```", "{\"a\": 1} {\"a\": 1}"]
    {
        assert_eq!(strict(answer), Err(ExtractError::NotAlone), "{answer}");
    }
    for answer in ["{\"a\": 1}", "```json\n{\"a\": 1}\n```\n", "```\n{'a': 1,}\n```"] {
        assert_eq!(strict(answer).map(|found| found.value), Ok(json!({"a": 1})), "{answer}");
    }
}

#[test]
fn a_part_of_a_broken_value_is_never_the_answer() {
    for answer in [
        "{\"a\": {\"x\": 1}, \"b\": ",
        "text {'a': {\"x\": 1}, 'it's': 1}",
        "x {\"a\":1,\"a\":{\"x\":1}}",
        "{\"a\": NaN, \"b\": {\"x\": 1}}",
        "{{\"a\": {\"x\": 1}}}",
        "[1, {\"a\": 2}, oops]",
    ] {
        assert!(matches!(refused(answer), ExtractError::Invalid(_)), "{answer}: {:?}", refused(answer));
    }
}

#[test]
fn what_can_only_mean_one_thing_is_put_right() {
    let expected = json!({"a": [1, 2], "b": "it's\nfine", "c": null});
    for answer in [
        "{\"a\": [1, 2,], \"b\": \"it's\nfine\", \"c\": None,}",
        "{'a': [1, 2], 'b': 'it\\'s\nfine', 'c': None}",
        "```json\n{a: [1, 2], // two\n b: \"it\\'s\nfine\",, c: null}\n```\nDone.",
        "Here you are: {\u{201c}a\u{201d}: [1, 2], \u{201c}b\u{201d}: \u{201c}it's\nfine\u{201d}, # yes\n c: null}",
    ] {
        let found = extract(answer, Surroundings::Prose).unwrap_or_else(|error| panic!("{answer}: {error}"));
        assert_eq!((found.value, found.repaired), (expected.clone(), true), "{answer}");
    }
}

#[test]
fn no_number_is_rounded() {
    assert_eq!(value("{\"a\": 9007199254740993}").to_string(), "{\"a\":9007199254740993}");
    for answer in ["{\"a\": 123456789012345678901}", "x {'a': 123456789012345678901}", "{\"a\": 1e400}"] {
        assert!(matches!(refused(answer), ExtractError::Invalid(_)), "{answer}");
    }
}

/// Pieces of which an answer can be made so that a careless reader goes over it again and again.
const GREEDY: [&str; 26] = [
    "[",
    "{",
    "{\"a\":",
    "{/*}",
    "{#}",
    "{'a} ",
    "[[1,",
    "{ ",
    "\"a\": ",
    "{\"a\" x}",
    "[1,",
    "{\u{201c}a} ",
    "[a",
    "[/*",
    "{//\n",
    "\"",
    "\\\"",
    "{\"a\": '",
    "[\"a\"]",
    "{a: 1} ",
    "{a: [1, } ",
    "<think>",
    "</think>",
    "```\n",
    "{\"a\":1,#{\n",
    "[1,/*[a*/",
];

#[test]
fn twice_the_answer_costs_twice_the_work() {
    for piece in GREEDY {
        for start in ["", "{\"a\": ", "<think>", "x\n"] {
            let work = |bytes: usize| {
                let answer = format!("{start}{}", piece.repeat(bytes / piece.len()));
                crate::answer::work::of(|| {
                    let _ = extract(&answer, Surroundings::Prose);
                    let _ = crate::answer::thoughts::without(&answer);
                })
            };
            let [small, large] = [8 * 1024, 16 * 1024].map(work);
            // A look goes no further than 256 bytes, so no byte is looked at more often than that.
            assert!(large <= small * 9 / 4 + 4_096, "{piece:?} after {start:?}: {small}, then {large}");
            assert!(large <= 16 * 1024 * 400, "{piece:?} after {start:?}: {large}");
        }
    }
}

#[test]
fn hostile_answers_end() {
    assert_eq!(refused(&"[a".repeat(20_000)), ExtractError::NoJson);
    assert!(matches!(refused(&" ".repeat(MAX_ANSWER_BYTES + 1)), ExtractError::TooLarge(_)));
    assert_eq!(refused(""), ExtractError::NoJson);
    assert_eq!(refused("I cannot do that."), ExtractError::NoJson);
}
