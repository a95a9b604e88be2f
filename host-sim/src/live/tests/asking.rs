use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::*;

const SCHEMA: &str = r#"{"$schema":"s","type":"object","x-code":"E","properties":{"a":{"type":"string"}}}"#;

fn order() -> Order {
    Order {
        model: "m".to_owned(),
        prompt: "p".to_owned(),
        effort: Some("low".to_owned()),
        form: AnswerForm::Json(Some(SCHEMA.into())),
        max_tokens: Some(500),
        idempotency_key: String::new(),
    }
}

fn refusal(status: u16, body: &str) -> Refusal {
    let status = StatusCode::from_u16(status).expect("a status");
    Refusal::of_response(status, &HeaderMap::new(), body, SystemTime::UNIX_EPOCH)
}

/// Members of the next request after each of these refusals. None: there is no next one.
fn after(refusals: &[(u16, &str)]) -> Option<Value> {
    let (memory, order, mut unlimited) = (Memory::default(), order(), false);
    for (status, body) in refusals {
        let sent = memory.members(&order, unlimited);
        if !memory.learn(&order, &sent, &refusal(*status, body), &mut unlimited) {
            return None;
        }
    }
    Some(memory.members(&order, unlimited).body(&order))
}

#[track_caller]
fn drops(status: u16, body: &str, member: &str) {
    let all = after(&[]).expect("a request");
    let next = after(&[(status, body)]).unwrap_or_else(|| panic!("not asked again: {status} {body}"));
    let missing: Vec<&String> = all
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| next.get(name) != Some(value))
        .map(|it| it.0)
        .collect();
    assert_eq!(missing, [member], "{status} {body}");
}

#[test]
fn everything_is_sent_first() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let expected = json!({
        "model": "m",
        "messages": [{"role": "user", "content": "p"}],
        "stream": true,
        "stream_options": {"include_usage": true},
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": false, "schema": schema}},
        "max_tokens": 500,
    });
    assert_eq!(after(&[]), Some(expected));
}

#[test]
fn what_a_refusal_blames_is_left_out() {
    let unknown = r#"{"error":{"message":"Unknown parameter: 'stream_options'.","param":"stream_options"}}"#;
    drops(400, unknown, "stream_options");
    let forbidden = r#"{"message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted"}]}}"#;
    drops(422, forbidden, "stream_options");
    drops(500, r#"{"error":"create() got an unexpected keyword argument 'stream_options'"}"#, "stream_options");
    drops(
        400,
        r#"{"error":{"message":"Unrecognized request argument supplied: reasoning_effort"}}"#,
        "reasoning_effort",
    );
    drops(400, r#"{"error":{"message":"m does not support thinking"}}"#, "reasoning_effort");
    drops(400, r#"{"error":{"message":"This response_format type is unavailable now"}}"#, "response_format");
    drops(
        405,
        r#"{"error":{"message":"json_object response format is not supported for model: m"}}"#,
        "response_format",
    );
    drops(400, r#"{"error":"'response_format.type' must be 'json_schema' or 'text'"}"#, "response_format");
    drops(
        400,
        r#"{"error":{"code":400,"message":"failed to parse grammar","type":"invalid_request_error"}}"#,
        "response_format",
    );
    drops(422, r#"{"detail":[{"loc":["body","max_tokens"],"msg":"Extra inputs are not permitted"}]}"#, "max_tokens");
    let nameless = r#"{"error":{"message":"'messages' must contain the word 'json' to use 'response_format' of type 'json_object'.","param":"messages"}}"#;
    drops(400, nameless, "response_format");
    drops(400, "Unknown field in the request", "stream_options");
    drops(400, "", "stream_options");
    for status in [400, 500] {
        let refusal = (status, r#"{"error":{"message":"streaming is not supported"}}"#);
        let streamless = after(&[refusal]).expect("asked again");
        assert_eq!((&streamless["stream"], streamless.get("stream_options")), (&json!(false), None));
    }
}

#[test]
fn what_blames_nothing_that_was_sent_is_an_answer() {
    for (status, body) in [
        (400, r#"{"error":{"message":"the prompt is empty"}}"#),
        (400, r#"{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}"#),
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 2048 tokens. However, you requested 6751 tokens."}}"#,
        ),
        (400, r#"{"error":{"message":"upstream rejected the request"}}"#),
        (500, r#"{"error":{"message":"stream closed unexpectedly"}}"#),
        (401, r#"{"error":{"message":"no stream_options for you"}}"#),
        (429, r#"{"error":{"message":"too many max_tokens"}}"#),
        (404, r#"{"error":{"message":"no such model"}}"#),
        (422, r#"{"detail":[{"loc":["body","tools","0"],"msg":"Extra inputs are not permitted"}]}"#),
    ] {
        assert_eq!(after(&[(status, body)]), None, "{status} {body}");
    }
}

#[test]
fn a_form_steps_down_to_what_is_taken() {
    let unavailable = (400, r#"{"error":{"message":"response_format.type `json_schema` is unavailable now"}}"#);
    let json = after(&[unavailable]).expect("asked again");
    assert_eq!(json["response_format"], json!({"type": "json_object"}));
    let none =
        after(&[unavailable, (400, r#"{"error":{"message":"json mode is not supported"}}"#)]).expect("asked again");
    assert_eq!(none.get("response_format"), None);
    assert_eq!(after(&[unavailable, unavailable, unavailable]), None, "nothing is left to leave out");
}

#[test]
fn a_schema_that_makes_no_grammar_is_no_reason_against_others() {
    let (memory, order, mut unlimited) = (Memory::default(), order(), false);
    let sent = memory.members(&order, false);
    let grammar = refusal(
        400,
        r#"{"error":{"message":"Invalid schema for response_format 'answer': In context=(), x","code":"invalid_json_schema"}}"#,
    );
    assert!(memory.learn(&order, &sent, &grammar, &mut unlimited));
    assert_eq!(memory.members(&order, false).form, Form::Json);
    let other = Order { form: AnswerForm::Json(Some("{}".into())), ..order.clone() };
    assert_eq!(memory.members(&other, false).form, Form::Schema);
    let other_model = Order { model: "n".to_owned(), ..order };
    assert_eq!(memory.members(&other_model, false).form, Form::Schema);
}

#[test]
fn a_limit_of_tokens_has_two_names_and_may_be_too_high() {
    let renamed = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens","code":"unsupported_parameter"}}"#;
    let next = after(&[(400, renamed)]).expect("asked again");
    assert_eq!((next.get("max_tokens"), &next["max_completion_tokens"]), (None, &json!(500)));
    for too_high in [
        r#"{"error":{"message":"max_tokens is too large: 500. This model supports at most 400 completion tokens"}}"#,
        r#"{"error":{"message":"max_completion_tokens must be less than or equal to 400, less than the context_window"}}"#,
        r#"{"error":{"message":"input length and `max_tokens` exceed context limit: 174167 + 500 > 174200"}}"#,
        r#"{"error":{"message":"This model's maximum context length is 4097 tokens. However, you requested 4137 tokens (3637 in the messages, 500 in the completion)."}}"#,
    ] {
        let (memory, order, mut unlimited) = (Memory::default(), order(), false);
        let sent = memory.members(&order, false);
        assert!(memory.learn(&order, &sent, &refusal(400, too_high), &mut unlimited), "{too_high}");
        assert!(unlimited && memory.members(&order, false).limit == LimitMember::Old, "only this order's: {too_high}");
        assert!(!memory.learn(&order, &memory.members(&order, true), &refusal(400, too_high), &mut unlimited));
    }
}
