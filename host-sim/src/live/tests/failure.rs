//! What the failures of servers mean.

use reqwest::header::HeaderValue;

use super::*;
use FailureKind::{Authentication, ContextOverflow, Infrastructure, NotReady, RateLimited, Rejected};

fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> CompletionFailure {
    let headers =
        headers.iter().map(|(name, value)| (name.parse().expect("a header's name"), HeaderValue::from_static(value)));
    let status = StatusCode::from_u16(status).expect("a status");
    Refusal::of_response(status, &headers.collect(), body, SystemTime::UNIX_EPOCH).into_failure()
}

#[test]
fn every_status_has_its_kind() {
    let cases = [
        (301, "", Rejected),
        (400, "", Rejected),
        (400, r#"{"error":{"code":"context_length_exceeded"}}"#, ContextOverflow),
        (400, r#"{"error":{"message":"the request exceeds the available context size"}}"#, ContextOverflow),
        (400, r#"{"error":{"code":400,"type":"exceed_context_size_error"}}"#, ContextOverflow),
        (500, r#"{"error":{"code":500,"message":"the request exceeds the available context size"}}"#, ContextOverflow),
        (
            413,
            r#"{"error":{"message":"Request too large for model `m` on tokens per minute (TPM): Limit 6000"}}"#,
            ContextOverflow,
        ),
        (401, "", Authentication),
        (402, "", Authentication),
        (403, "", Authentication),
        (403, r#"{"error":{"message":"Your input was flagged","metadata":{"reasons":["x"]}}}"#, Rejected),
        (404, "", Rejected),
        (408, "", Infrastructure),
        (413, "", Rejected),
        (429, "", RateLimited),
        (429, r#"{"error":{"code":"insufficient_quota"}}"#, Authentication),
        (
            429,
            r#"{"error":{"message":"Insufficient balance or no resource package. Please recharge."}}"#,
            Authentication,
        ),
        (
            429,
            r#"[{"error":{"message":"You exceeded your current quota, check your plan and billing details. Please retry in 37.2s."}}]"#,
            RateLimited,
        ),
        (500, "", Infrastructure),
        (500, r#"{"error":"error loading model /m.gguf"}"#, Infrastructure),
        (501, "", Rejected),
        (503, "", Infrastructure),
        (503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, NotReady),
        (503, r#"{"error":"Model m is currently loading","estimated_time":20.0}"#, NotReady),
        (503, "The server is starting up", NotReady),
        (502, "<html><head><title>502 Bad Gateway</title></head></html>", Infrastructure),
        (
            503,
            r#"{"detail":{"msg":"Server is busy; please try again later.","type":"service_unavailable"}}"#,
            RateLimited,
        ),
        (529, "", Infrastructure),
        (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, RateLimited),
    ];
    for (status, body, kind) in cases {
        assert_eq!(refused(status, &[], body).kind, kind, "{status} {body}");
    }
}

#[test]
fn an_error_in_an_answer_counts_as_the_status_that_it_names() {
    let cases = [
        (r#"{"error":{"code":429,"message":"free-models-per-min"}}"#, RateLimited),
        (r#"{"error":{"code":"401","message":"User not found."}}"#, Authentication),
        (r#"{"error":{"code":404,"message":"No endpoints found for m1."}}"#, Rejected),
        (r#"{"error":{"code":502,"message":"Provider returned error"}}"#, Infrastructure),
        (r#"{"error":{"code":"rate_limit_exceeded"}}"#, RateLimited),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, RateLimited),
        (r#"{"type":"error","error":{"type":"authentication_error","message":"no"}}"#, Authentication),
        (
            r#"{"error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
            ContextOverflow,
        ),
        (r#"{"error":{"type":"invalid_request_error","message":"bad"}}"#, Rejected),
        (r#"{"error":"Unexpected endpoint or method. (POST /chat/completions)"}"#, Rejected),
        (r#"{"error":"out of memory"}"#, Infrastructure),
        (r#"{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}"#, RateLimited),
    ];
    for (body, kind) in cases {
        let failure = Refusal::of_answer(Told::read(body), SystemTime::UNIX_EPOCH).into_failure();
        assert_eq!(failure.kind, kind, "{body}");
    }
}

#[test]
fn a_wrong_address_is_told_and_a_model_that_is_not_there_is_none() {
    let long = "x".repeat(1_000);
    for body in ["404 page not found", r#"{"detail":"Not Found"}"#, "<html><title>404</title></html>", "", &long] {
        let message = refused(404, &[], body).told(|text| text).message;
        assert!(message.ends_with(ADDRESS_HINT) && message.chars().count() <= MESSAGE_CHARS + 1, "{message}");
    }
    let missing = refused(404, &[], r#"{"error":{"message":"The model `m` does not exist"}}"#);
    assert_eq!(missing.told(|text| text).message, "HTTP 404: The model `m` does not exist");
    let moved = refused(308, &[("location", "https://h/v1/chat?key=hush")], "").told(|text| text).message;
    assert!(moved.contains("https://h/v1/chat;") && !moved.contains("hush"), "{moved}");
    let page = CompletionFailure::page("<html><title>Open WebUI</title></html>").told(|text| text);
    assert_eq!(page.kind, Rejected);
    assert!(page.message.contains("HTML page, \"Open WebUI\"; the base address"), "{}", page.message);
}

#[test]
fn a_message_is_cut_after_its_secrets_are_hidden() {
    let long = CompletionFailure::infrastructure("ä".repeat(500)).told(|text| text);
    assert_eq!(long.message.chars().count(), MESSAGE_CHARS + 1);
    let echo = format!("{}{}", "x".repeat(200), "secret".repeat(100));
    let told = CompletionFailure::infrastructure(echo).told(|text| text.replace(&"secret".repeat(100), "[key]"));
    assert_eq!(told.message, format!("{}[key]", "x".repeat(200)));
}

#[test]
fn a_wait_is_a_number_beside_the_words() {
    let failure = refused(429, &[("retry-after", "7")], r#"{"error":"slow down"}"#);
    assert_eq!(
        (failure.retry_after_ms, failure.message.as_str()),
        (Some(7_000), "HTTP 429, retry after 7000 ms: slow down")
    );
    // Whoever says when to come back is busy and not broken.
    assert_eq!(refused(503, &[("retry-after", "3")], "").kind, RateLimited);
    assert_eq!(refused(500, &[("retry-after", "3")], "").kind, Infrastructure);
    assert_eq!(refused(429, &[], "Please try again in 1m3.5s.").retry_after_ms, Some(63_500));
    assert_eq!(refused(429, &[], "").retry_after_ms, None);
}
