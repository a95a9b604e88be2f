use super::*;

fn read_as(wants_json: bool, events: &[&str]) -> (Said, Result<(), CompletionFailure>) {
    let mut pieces = Pieces::new(wants_json);
    for event in events {
        match pieces.take(None, event) {
            Ok(true) => {}
            Ok(false) => break,
            Err(refusal) => return (pieces.said(), Err(refusal.into_failure())),
        }
    }
    pieces.end(events.len() == 1);
    (pieces.said(), pieces.verdict())
}

#[track_caller]
fn read(events: &[&str]) -> Said {
    let (said, verdict) = read_as(false, events);
    assert_eq!(verdict, Ok(()), "{events:?}");
    said
}

#[track_caller]
fn failure(events: &[&str]) -> (String, CompletionFailure) {
    let (said, verdict) = read_as(false, events);
    (said.text, verdict.expect_err("a failure"))
}

fn delta(content: &str, finish: &str) -> String {
    serde_json::json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]}).to_string()
}

const HELLO: &str = r#"{"model":"m-1","choices":[{"delta":{"role":"assistant","content":"Hel"}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}"#;

#[test]
fn pieces_are_joined_and_the_last_count_is_kept() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
    let early = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
    let said = read(&[HELLO, early, "", STOP, usage, "[DONE]", "never read"]);
    let usage = Some(Usage { input_tokens: 9, output_tokens: 2 });
    let finish = FinishReason::Stop;
    assert_eq!(said, Said { text: "Hello".into(), is_cut: false, finish, usage, model: Some("m-1".into()) });
}

#[test]
fn a_whole_completion_is_read_like_one_piece() {
    let said = read(&[r#"{"model":"m","choices":[{"message":{"content":"all"},"finish_reason":"length"}]}"#]);
    assert_eq!((said.text.as_str(), said.finish, said.usage), ("all", FinishReason::Length, None));
    let said = read(&[r#"{"choices":[{"message":{"content":"all"}}]}"#]);
    assert_eq!((said.text.as_str(), said.finish), ("all", FinishReason::Stop), "a document is whole by itself");
}

#[test]
fn an_answer_is_as_good_in_another_form() {
    let forms = [
        r#"{"choices":null,"usage":{"prompt_tokens":null,"completion_tokens":null}}"#,
        r#"{"choices":[{"delta":{"content":"lo"},"message":null}],"usage":{"prompt_tokens":-1,"completion_tokens":2}}"#,
        r#"{"choices":[{"delta":{"content":[{"type":"text","text":"l"},{"type":"image"},{"text":"o"}]}}]}"#,
        r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"text":"hm"}]},{"type":"text","text":"lo"}]}}]}"#,
        r#"{"choices":[{"delta":{"content":{"text":"lo"}},"logprobs":null}],"error":null,"errors":[]}"#,
        r#"{"choices":[{"text":"lo","index":0}]}"#,
        r#"[{"choices":[{"delta":{"content":"l"}}]},{"choices":[{"delta":{"content":"o"}}]}]"#,
        "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"l\"}}]}\n{\"choices\":[{\"delta\":{\"content\":\"o\"}}]}",
        r#"{"choices":[{"index":0,"delta":{"content":"lo"}},{"index":1,"delta":{"content":"other"}}]}"#,
        r#"{"choices":[{"message":{"content":"Hello"}}]}"#,
        r#"{"prompt_filter_results":[],"choices":[],"model":""}"#,
        r#"{"choices":[{"delta":{"content":7}}],"usage":3}"#,
    ];
    for form in forms {
        let said = read(&[HELLO, form, r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#]);
        assert!(["Hel", "Hello"].contains(&said.text.as_str()), "{form}: {}", said.text);
        assert_eq!(said.usage, None, "{form}");
    }
}

#[test]
fn servers_with_an_api_of_their_own_are_read_too() {
    let ollama = [
        r#"{"model":"m","message":{"role":"assistant","content":"Hel"},"done":false}"#,
        r#"{"model":"m","message":{"content":"lo"},"done":true,"done_reason":"length","prompt_eval_count":9,"eval_count":2}"#,
    ];
    let said = read(&ollama);
    assert_eq!((said.text.as_str(), said.finish), ("Hello", FinishReason::Length));
    assert_eq!(said.usage, Some(Usage { input_tokens: 9, output_tokens: 2 }));
    let anthropic = [
        r#"{"type":"message_start","message":{"model":"m","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}"#,
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hello"}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let said = read(&anthropic);
    assert_eq!((said.text.as_str(), said.finish), ("Hello", FinishReason::Stop));
    assert_eq!(said.usage, Some(Usage { input_tokens: 9, output_tokens: 2 }));
}

#[test]
fn an_end_is_an_end_only_if_the_server_says_so() {
    let finish = |last: &[&str]| {
        let events: Vec<&str> = [HELLO].iter().chain(last).copied().collect();
        read(&events).finish
    };
    assert_eq!(finish(&["[DONE]"]), FinishReason::Stop, "not every server gives a reason");
    assert_eq!(finish(&[&delta("lo", "length"), &delta("", "")]), FinishReason::Length);
    assert_eq!(finish(&[&delta("lo", "length"), &delta("", "stop")]), FinishReason::Length);
    assert_eq!(finish(&[&delta("lo", "STOP")]), FinishReason::Stop);
    assert_eq!(finish(&[&delta("lo", "eos_token")]), FinishReason::Stop);
    assert_eq!(finish(&[&delta("lo", "tool_calls")]), FinishReason::Unknown);
    assert_eq!(finish(&[&delta("lo", "xyz")]), FinishReason::Unknown);
    for events in [&[] as &[&str], &[HELLO, r#"{"choices":[]}"#], &[HELLO, &delta("", "")]] {
        let (said, verdict) = read_as(false, events);
        assert_eq!(verdict.expect_err("no end").kind, FailureKind::Infrastructure, "{events:?}");
        assert_eq!(said.text, if events.is_empty() { "" } else { "Hel" });
    }
}

#[test]
fn what_the_server_gave_up_keeps_its_text() {
    for (word, kind) in [
        ("error", FailureKind::Infrastructure),
        ("abort", FailureKind::Infrastructure),
        ("insufficient_system_resource", FailureKind::Infrastructure),
        ("content_filter", FailureKind::Rejected),
        ("SAFETY", FailureKind::Rejected),
    ] {
        let (text, failure) = failure(&[HELLO, &delta("lo", word), "[DONE]"]);
        assert_eq!((text.as_str(), failure.kind), ("Hello", kind), "{word}");
        assert!(failure.message.contains(word), "{}", failure.message);
    }
}

#[test]
fn what_follows_a_whole_answer_does_not_spoil_it() {
    let error = r#"{"error":{"message":"usage could not be counted"}}"#;
    assert_eq!(read(&[HELLO, STOP, error]).text, "Hello");
    assert_eq!(read(&[HELLO, STOP, "{broken"]).text, "Hello");
    assert_eq!(read(&[HELLO, STOP, STOP.replace("lo", "Hello").as_str()]).text, "Hello", "the last one repeats it");
    assert_eq!(read(&[HELLO, STOP, &delta("!", "")]).text, "Hello!", "text may follow the word");
    assert_eq!(failure(&[HELLO, error]).1.kind, FailureKind::Infrastructure);
}

#[test]
fn answers_in_other_places_are_used_or_told() {
    let thoughts = r#"{"choices":[{"delta":{"reasoning":"It is {\"a\": 1}","content":null}}]}"#;
    let stop = delta("", "stop");
    let (said, verdict) = read_as(true, &[thoughts, &stop]);
    assert_eq!((said.text.as_str(), verdict), ("It is {\"a\": 1}", Ok(())));
    let (text, failed) = failure(&[thoughts, &stop]);
    assert!(failed.message.contains("only reasoning") && text.starts_with("It is"), "{failed:?} {text}");
    let twice = r#"{"choices":[{"delta":{"reasoning":"ab","reasoning_content":"ab"}}]}"#;
    let (said, _) = read_as(true, &[twice, thoughts, &stop]);
    assert_eq!(said.text, "abIt is {\"a\": 1}");
    let (_, failed) = failure(&[thoughts, &delta("", "length")]);
    assert!(failed.message.contains("limit"), "{}", failed.message);
    assert_eq!(read(&[thoughts, HELLO, STOP]).text, "Hello", "thoughts are no part of an answer");

    let call = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"look_up","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let (_, failed) = failure(&[call]);
    assert!(failed.message.contains("look_up"), "{}", failed.message);
    let form = call.replace("look_up", "json_tool_call").replace("{}", "{\\\"a\\\": 1}");
    let (said, verdict) = read_as(true, &[&form]);
    assert_eq!((said.text.as_str(), verdict), ("{\"a\": 1}", Ok(())));

    let begun = r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"json_tool_call","arguments":null}}]}}]}"#;
    let goes_on = r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":null,"arguments":"{\"a\": 1}"}}]},"finish_reason":"tool_calls"}]}"#;
    let (said, verdict) = read_as(true, &[begun, goes_on]);
    assert_eq!((said.text.as_str(), verdict), ("{\"a\": 1}", Ok(())));
    let second = r#"{"choices":[{"delta":{"reasoning_content":null,"reasoning":"It is {\"a\": 1}"}}]}"#;
    let (said, verdict) = read_as(true, &[second, &stop]);
    assert_eq!((said.text.as_str(), verdict), ("It is {\"a\": 1}", Ok(())));

    let refusal = r#"{"choices":[{"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}]}"#;
    let (_, failed) = failure(&[refusal]);
    assert_eq!((failed.kind, failed.message.as_str()), (FailureKind::Rejected, "the model refused: I will not."));
}

#[test]
fn nothing_said_is_an_answer_and_no_completion_is_none() {
    let empty = read(&[r#"{"choices":[{"delta":{"content":null},"finish_reason":"stop"}]}"#]);
    assert_eq!((empty.text.as_str(), empty.finish), ("", FinishReason::Stop));
    for other in [r#"{"hello":"world"}"#, "[]", "7", "\"text\"", "{}"] {
        assert!(failure(&[other]).1.message.contains("no completion"), "{other}");
    }
}

#[test]
fn garbage_and_errors_in_an_answer_are_failures() {
    let kind = |event: &str| failure(&[HELLO, event]).1.kind;
    assert_eq!(kind(r#"{"choices": ["#), FailureKind::Infrastructure);
    assert_eq!(kind(r#"{"error":{"message":"out of memory"}}"#), FailureKind::Infrastructure);
    assert_eq!(kind(r#"{"error":{"code":"rate_limit_exceeded"}}"#), FailureKind::RateLimited);
    assert_eq!(kind(r#"{"error":{"code":429},"choices":[]}"#), FailureKind::RateLimited);
    assert_eq!(
        kind(r#"{"choices":[{"delta":{},"error":{"code":502,"message":"gone"},"finish_reason":"error"}]}"#),
        FailureKind::Infrastructure
    );
    assert_eq!(kind(r#"{"object":"error","message":"prompt exceeds context size"}"#), FailureKind::ContextOverflow);
    assert_eq!(
        kind(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
        FailureKind::RateLimited
    );
    assert_eq!(kind(r#"{"code":401,"msg":"no"}"#), FailureKind::Authentication);
    let mut pieces = Pieces::default();
    let refusal = pieces.take(Some("error"), "the engine died").expect_err("an error").into_failure();
    assert!(refusal.message.contains("the engine died"), "{}", refusal.message);
}

#[test]
fn an_answer_without_end_is_cut_within_no_character() {
    let piece = delta(&"äö€".repeat(100_000), "");
    let said = read(&[&piece, &piece, &piece]).told(|text| text);
    assert!(said.is_cut && said.text.len() <= MAX_ANSWER_BYTES, "{}", said.text.len());
    assert!(said.text.len() > MAX_ANSWER_BYTES - 4, "{}", said.text.len());
}
