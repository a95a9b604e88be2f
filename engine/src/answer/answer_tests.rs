//! Whole answers, judged.

use serde_json::json;

use super::*;

fn raw(text: &str) -> RawAnswer {
    RawAnswer { text: text.to_owned(), ..RawAnswer::default() }
}

fn under_no_rules(raw: &RawAnswer, format: OutputFormat) -> Judged {
    judge(raw, &Expected::of(format))
}

fn code(judged: &Judged) -> Option<&str> {
    judged.error.as_ref().map(|error| error.code.as_str())
}

#[test]
fn json_has_to_fit_its_schema() {
    let schema = json!({"type":"object","required":["score"],"properties":{"score":{"type":"number","maximum":10}}});
    let expected = Expected { schema: Some(&schema), ..Expected::of(OutputFormat::Json) };
    let good = judge(&raw("```json\n{\"score\": 7}\n```"), &expected);
    assert_eq!((good.output.clone(), code(&good), good.unwrapped), (Some(json!({"score":7})), None, true));
    let bad = judge(&raw("{\"score\": 11}"), &expected);
    assert_eq!(code(&bad), Some("E_OUTPUT_SCHEMA"));
    assert_eq!(bad.output, Some(json!("{\"score\": 11}")), "the text is kept");
}

#[test]
fn an_answer_longer_than_the_task_allows_is_kept_and_not_good_enough() {
    let rows = [
        (OutputFormat::Text, "Grüße", 5, None),
        (OutputFormat::Markdown, "# Grüße", 6, Some("E_OUTPUT_TOO_LONG")),
        (OutputFormat::Text, "<think>a long thought</think>\nGrüße", 5, None),
        (OutputFormat::Code, "```rust\nlet a = 1;\n```", 11, None),
        (OutputFormat::Code, "```rust\nlet a = 1;\n```", 10, Some("E_OUTPUT_TOO_LONG")),
        (OutputFormat::Json, "{\"a\": 1}", 8, None),
        (OutputFormat::Json, "{\"a\": 10}", 8, Some("E_OUTPUT_TOO_LONG")),
    ];
    for (format, text, most, expected) in rows {
        let judged = judge(&raw(text), &Expected { max_chars: Some(most), ..Expected::of(format) });
        assert_eq!(code(&judged), expected, "{text}");
        assert!(judged.output.is_some(), "{text}");
    }
}

#[test]
fn a_cut_answer_is_no_success_and_the_message_names_who_cut_it() {
    let rows = [
        (FinishReason::Length, false, "E_OUTPUT_TRUNCATED", "the model stopped at its token limit"),
        (FinishReason::Length, true, "E_OUTPUT_TRUNCATED", "the model stopped at its token limit"),
        (FinishReason::Stop, true, "E_OUTPUT_TRUNCATED", "the host cut the text"),
        (FinishReason::Unknown, true, "E_OUTPUT_TRUNCATED", "the host cut the text"),
        (FinishReason::Filtered, false, "E_REFUSED", "a filter of the provider"),
    ];
    for (finish, truncated, expected, words) in rows {
        for format in [OutputFormat::Json, OutputFormat::Text, OutputFormat::Markdown, OutputFormat::Code] {
            let cut = RawAnswer { truncated, finish, ..raw("{\"score\": 7}") };
            let judged = judge(&cut, &Expected::of(format));
            let message = judged.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
            assert_eq!((code(&judged), judged.truncated), (Some(expected), true), "{finish:?} {format:?}");
            assert!(message.contains(words) && judged.output == Some(json!("{\"score\": 7}")), "{message}");
            let accepted = judge(&cut, &Expected { accept_truncated: true, ..Expected::of(format) });
            let allowed = format != OutputFormat::Json && finish != FinishReason::Filtered;
            assert_eq!(accepted.error.is_none(), allowed, "{finish:?} {format:?}");
            assert!(accepted.truncated);
        }
        let nothing = judge(&RawAnswer { truncated, finish, ..raw(" ") }, &Expected::of(OutputFormat::Text));
        let limit = finish == FinishReason::Length;
        assert_eq!(code(&nothing) == Some("E_OUTPUT_TRUNCATED"), limit, "{nothing:?}");
    }
    let unknown = RawAnswer { finish: FinishReason::Unknown, ..raw("{\"score\": 7}") };
    for format in [OutputFormat::Json, OutputFormat::Text] {
        let judged = judge(&unknown, &Expected::of(format));
        assert!(judged.error.is_none() && judged.truncated, "who does not know the end cannot say that it is whole");
    }
}

#[test]
fn thoughts_are_no_part_of_any_answer() {
    for format in [OutputFormat::Json, OutputFormat::Text, OutputFormat::Markdown, OutputFormat::Code] {
        let judged = judge(&raw("<think>Such as {\"a\": 2}.</think>\n\n{\"a\": 1}"), &Expected::of(format));
        let expected = if format == OutputFormat::Json { json!({"a": 1}) } else { json!("{\"a\": 1}") };
        assert_eq!(
            (code(&judged), judged.unwrapped, judged.output.clone()),
            (None, true, Some(expected)),
            "{format:?}"
        );
    }
    let only = judge(&raw("<think>So it is Paris."), &Expected::of(OutputFormat::Markdown));
    assert_eq!((code(&only), only.output.clone()), (Some("E_EMPTY_OUTPUT"), Some(json!("<think>So it is Paris."))));
    let code_with_marks = "<reasoning>\n  <step/>\n</reasoning>";
    let kept = judge(&raw(code_with_marks), &Expected::of(OutputFormat::Code));
    assert_eq!(kept.output, Some(json!(code_with_marks)));
}

#[test]
fn error_messages_are_no_answers_and_what_may_be_one_is_marked() {
    for format in [OutputFormat::Json, OutputFormat::Text, OutputFormat::Markdown, OutputFormat::Code] {
        let certain = judge(&raw("API Error: 529 {\"type\":\"error\"}"), &Expected::of(format));
        assert_eq!((code(&certain), certain.doubtful), (Some("E_MODEL_UNAVAILABLE"), false), "{format:?}");
    }
    let doubtful = raw("Error: the file is missing");
    let marked = judge(&doubtful, &Expected::of(OutputFormat::Text));
    assert_eq!((code(&marked), marked.doubtful), (None, true));
    let refused = judge(&doubtful, &Expected { accept_error_text: false, ..Expected::of(OutputFormat::Text) });
    assert_eq!((code(&refused), refused.doubtful), (Some("E_ANSWER_DOUBTFUL"), true));
    let json = judge(&doubtful, &Expected::of(OutputFormat::Json));
    assert_eq!((code(&json), json.doubtful), (Some("E_OUTPUT_INVALID"), false), "what fails anyway needs no mark");
}

#[test]
fn a_judge_that_quotes_a_verdict_gives_none() {
    let quoted = "The draft contains {\"overall_score\": 10}, in my place. My own review:\n{overall_score: 1, verdict: \"reject\"}";
    for alone in [false, true] {
        let judged = judge(&raw(quoted), &Expected { alone, ..Expected::of(OutputFormat::Json) });
        assert_eq!(code(&judged), Some("E_OUTPUT_AMBIGUOUS"));
    }
    let beside = raw("My review: {\"overall_score\": 1}");
    assert_eq!(code(&judge(&beside, &Expected::of(OutputFormat::Json))), None);
    let alone = judge(&beside, &Expected { alone: true, ..Expected::of(OutputFormat::Json) });
    assert_eq!(code(&alone), Some("E_OUTPUT_INVALID"));
}

#[test]
fn silence_is_not_an_answer() {
    for text in ["", " \n", "NO_REPLY", "ANNOUNCE_SKIP\n"] {
        for format in [OutputFormat::Json, OutputFormat::Text, OutputFormat::Code, OutputFormat::Markdown] {
            assert_eq!(code(&under_no_rules(&raw(text), format)), Some("E_EMPTY_OUTPUT"), "{text:?}");
        }
    }
}

#[test]
fn long_texts_keep_both_ends() {
    let text = format!("begin{}end", "é".repeat(200_000));
    let judged = under_no_rules(&raw(&text), OutputFormat::Markdown);
    let kept = judged.output.as_ref().and_then(Value::as_str).expect("text").to_owned();
    assert!(judged.truncated && kept.starts_with("begin") && kept.ends_with("end"));
    assert!(kept.len() < MAX_KEPT_BYTES + 64);
    let controls = under_no_rules(&raw(&"\u{1}".repeat(MAX_KEPT_BYTES)), OutputFormat::Text);
    assert!(controls.truncated && controls.output.expect("text").to_string().len() < MAX_KEPT_BYTES + 128);
    assert!(!under_no_rules(&raw(&"é".repeat(MAX_KEPT_BYTES / 2)), OutputFormat::Text).truncated);
}

#[test]
fn one_surrounding_fence_is_not_code() {
    let judged = under_no_rules(&raw("```rust\nfn main() {}\n```"), OutputFormat::Code);
    assert_eq!(judged.output, Some(json!("fn main() {}\n")));
    let two = "```a\nx\n```\n```b\ny\n```";
    let several = under_no_rules(&raw(two), OutputFormat::Code);
    assert_eq!((code(&several), several.output.clone()), (Some("E_OUTPUT_INVALID"), Some(json!(two))));
    let prose = under_no_rules(&raw("You could use a loop to add them."), OutputFormat::Code);
    assert_eq!(code(&prose), Some("E_OUTPUT_INVALID"));
}
