//! What the failures of a server mean to the component.
//!
//! | the server says                                                   | kind             |
//! |-------------------------------------------------------------------|------------------|
//! | nothing, no connection, 408, 409, 425, 5xx                        | infrastructure   |
//! | a stream that breaks off or cannot be read                        | infrastructure   |
//! | a model that is being loaded                                      | not ready        |
//! | 429; 503 and 529 that say when to come back or that it is busy    | rate limited     |
//! | 401, 402, 403, or that the credit is used up                      | authentication   |
//! | that the prompt is too long, with any status                      | context overflow |
//! | an answer that a filter or the model itself held back             | rejected         |
//! | a page for people, or a path that it does not have                | rejected         |
//! | any other 3xx or 4xx, such as 404 for a model                     | rejected         |
//!
//! An error without a status of its own, in a 200 or in a stream, counts as the HTTP status that it names as a number, else
//! by its codes and words.

use std::time::SystemTime;

use parallel_agents_engine::host::FailureKind;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};

use super::overflow;
use super::told::Told;
use super::wait;

/// Characters of a message that are passed on: less than the contract's 1 KiB, whatever characters they are.
const MESSAGE_CHARS: usize = 240;

/// What a base address is, for whoever named another one.
const ADDRESS_HINT: &str =
    "; the base address may be wrong: it looks like http://127.0.0.1:8080/v1 and ends before /chat/completions";

/// Why a completion has no answer, or no whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompletionFailure {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    /// What to do about it; follows the message. Empty: nobody knows.
    pub(super) hint: &'static str,
    /// When another try may succeed, as the server says.
    pub(super) retry_after_ms: Option<u64>,
}

/// A server's no to a request, before anybody has decided what to do about it.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// None: it came in a 200 and names none.
    pub(super) status: Option<u16>,
    pub(super) told: Box<Told>,
    /// What stands before the words.
    origin: String,
    retry_after_ms: Option<u64>,
}

impl CompletionFailure {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: "", retry_after_ms: None }
    }

    /// What is passed on of it. Words of the server go through `hide` first: a key that is cut in two is not found any more.
    pub(super) fn told(self, hide: impl Fn(String) -> String) -> Self {
        let mut message = hide(self.message);
        let room = MESSAGE_CHARS.saturating_sub(self.hint.chars().count());
        if let Some((end, _)) = message.char_indices().nth(room) {
            message.truncate(end);
            message.push('…');
        }
        message.push_str(self.hint);
        Self { message, hint: "", ..self }
    }

    /// Something between here and there broke.
    pub(super) fn infrastructure(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Infrastructure, message)
    }

    /// The client itself broke down.
    pub(super) fn broken() -> Self {
        Self::new(FailureKind::Other, "the client broke down over the answer")
    }

    /// A page for people in place of an answer.
    pub(super) fn page(body: &str) -> Self {
        let told = Told::read(body);
        let words = format!("the server answered with an HTML page, {:?}", told.told());
        Self { hint: ADDRESS_HINT, ..Self::new(FailureKind::Rejected, words) }
    }
}

impl Refusal {
    /// The server answered with this instead of a completion.
    pub(super) fn of_response(status: StatusCode, headers: &HeaderMap, body: &str, now: SystemTime) -> Self {
        let mut told = Told::read(body);
        if let Some(place) = headers.get(LOCATION).and_then(|it| it.to_str().ok()).filter(|_| status.is_redirection()) {
            // What follows the path may hold a secret.
            let place = place.split(['?', '#']).next().unwrap_or_default();
            told.words = format!("the server sends to {place}");
        }
        let retry_after_ms = wait::asked_for(headers, &told.body, &told.words, now);
        let status = status.as_u16();
        Self { status: Some(status), told: Box::new(told), origin: format!("HTTP {status}"), retry_after_ms }
    }

    /// The server put an error into an answer that began well.
    pub(super) fn of_answer(told: Told, now: SystemTime) -> Self {
        let retry_after_ms = wait::asked_for(&HeaderMap::new(), &told.body, &told.words, now);
        let code = told.status.map(|code| format!(" {code}")).unwrap_or_default();
        Self { status: told.status, told: Box::new(told), origin: format!("error{code} in the answer"), retry_after_ms }
    }

    pub(super) fn is_overflow(&self) -> bool {
        !matches!(self.status, Some(401 | 403 | 404)) && overflow::is_meant(&self.told.names, &self.told.words)
    }

    /// Whether nothing is served under the path, so that it is not about a model either.
    pub(super) fn is_lost(&self) -> bool {
        let is_unknown = matches!(self.status, Some(300..400 | 404 | 405)) || self.told.says(&["unexpected endpoint"]);
        let about_models = ["model", "deployment", "engine", "endpoints found", "response format"];
        is_unknown && !self.told.says(&about_models) && !self.told.is_named(&["model"])
    }

    /// The server is there and loads a model, or starts.
    pub(super) fn is_loading(&self) -> bool {
        let is_temporary = matches!(self.status, None | Some(409 | 425 | 429 | 500..));
        let loads = [
            "loading",
            "warming up",
            "warm up",
            "starting",
            "not ready",
            "initializing",
            "initialising",
            "being loaded",
            "cold start",
            "spinning up",
            "booting",
        ];
        let gave_up = ["error loading", "fail", "could not", "cannot", "unable"];
        is_temporary && self.told.says(&loads) && !self.told.says(&gave_up)
    }

    fn is_busy(&self) -> bool {
        self.told.says(&[
            "busy",
            "overload",
            "at capacity",
            "over capacity",
            "queue",
            "too many requests",
            "rate limit",
            "pending requests",
            "throttl",
        ]) || self.told.is_named(&["rate_limit", "ratelimit", "overload", "too_many", "throttl", "resource_exhausted"])
    }

    /// More money helps, and no wait does.
    fn is_unpaid(&self) -> bool {
        let words = [
            "insufficient balance",
            "insufficient credit",
            "insufficient quota",
            "credit balance",
            "more credits",
            "out of credits",
            "in arrears",
            "billing",
        ];
        self.told.is_named(&["insufficient_quota", "insufficient_balance", "billing_hard_limit"])
            || (self.retry_after_ms.is_none() && self.told.says(&words))
    }

    fn is_filtered(&self) -> bool {
        self.told.is_named(&["content_filter", "content_policy", "moderation", "safety"])
            || self.told.says(&["moderation", "flagged", "content policy", "content management policy"])
    }

    fn kind(&self) -> FailureKind {
        use FailureKind::{Authentication, ContextOverflow, Infrastructure, NotReady, RateLimited, Rejected};
        if self.is_overflow() {
            return ContextOverflow;
        }
        if matches!(self.status, None | Some(402 | 403 | 429)) && self.is_unpaid() {
            return Authentication;
        }
        if self.is_loading() {
            return NotReady;
        }
        match self.status {
            Some(403) if self.is_filtered() => Rejected,
            Some(401..=403) => Authentication,
            Some(429) => RateLimited,
            Some(503 | 529) if self.retry_after_ms.is_some() || self.is_busy() => RateLimited,
            Some(501 | 505) => Rejected,
            Some(408 | 409 | 425 | 499 | 500..) => Infrastructure,
            Some(_) => Rejected,
            None if self.is_lost() || self.is_filtered() => Rejected,
            None if self.is_busy() => RateLimited,
            None if self.told.is_named(&["authentic", "unauthorized", "api_key", "permission"]) => Authentication,
            None if self.told.is_named(&["invalid_request", "invalid_argument", "not_found", "unsupported"]) => {
                Rejected
            }
            None => Infrastructure,
        }
    }

    /// What the component is told.
    pub(super) fn into_failure(self) -> CompletionFailure {
        let kind = self.kind();
        let wait = self.retry_after_ms.map(|ms| format!(", retry after {ms} ms")).unwrap_or_default();
        let message = format!("{}{wait}: {}", self.origin, self.told.told());
        let hint = if self.is_lost() { ADDRESS_HINT } else { "" };
        CompletionFailure { kind, message, hint, retry_after_ms: self.retry_after_ms }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use FailureKind::{Authentication, ContextOverflow, Infrastructure, NotReady, RateLimited, Rejected};

    fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> CompletionFailure {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a header's name"), HeaderValue::from_static(value)));
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
            (
                500,
                r#"{"error":{"code":500,"message":"the request exceeds the available context size"}}"#,
                ContextOverflow,
            ),
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
}
