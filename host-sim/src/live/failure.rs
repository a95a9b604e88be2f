//! What the failures of a server mean to the component.
//!
//! | the server says                                       | kind             |
//! |-------------------------------------------------------|------------------|
//! | nothing, no connection, 408, 409, 425, 5xx            | infrastructure   |
//! | a stream that breaks off or cannot be read            | infrastructure   |
//! | 429, or 503 and 529 that say when to come back        | rate limited     |
//! | 401, 402, 403, or 429 because the credit is used up   | authentication   |
//! | 400 or 413 because of the prompt's length             | context overflow |
//! | an answer that its filter cut off                     | rejected         |
//! | any other 3xx or 4xx, such as 404 for a model         | rejected         |

use std::time::{Duration, SystemTime};

use parallel_agents::host::FailureKind;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;

/// Characters of a message that are passed on: less than the contract's 1 KiB, whatever characters they are.
const MESSAGE_CHARS: usize = 240;

/// OpenAI's own header, in milliseconds.
const RETRY_AFTER_MS: &str = "retry-after-ms";

/// Words by which servers say that a prompt is too long, in lower case. OpenAI and vLLM say "maximum context length",
/// llama.cpp "exceeds the available context size".
const OVERFLOW_WORDS: [&str; 4] = ["context length", "context size", "context window", "context_length"];

/// Why a completion has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompletionFailure {
    pub(super) kind: FailureKind,
    pub(super) message: String,
}

impl CompletionFailure {
    /// What is passed on of it. Words of the server go through `hide` first: a key that is cut in two is not found any more.
    pub(super) fn told(self, hide: impl Fn(String) -> String) -> Self {
        let mut message = hide(self.message);
        if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS) {
            message.truncate(end);
            message.push('…');
        }
        Self { message, ..self }
    }

    /// Something between here and there broke.
    pub(super) fn infrastructure(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Infrastructure, message: message.into() }
    }

    /// The client itself broke down.
    pub(super) fn broken() -> Self {
        Self { kind: FailureKind::Other, message: "the client broke down over the answer".to_owned() }
    }

    /// The server's filter took the rest of the answer away.
    pub(super) fn filtered() -> Self {
        Self { kind: FailureKind::Rejected, message: "the server's content filter cut the answer off".to_owned() }
    }

    /// The server answered with this instead of a completion.
    pub(super) fn of_response(status: StatusCode, headers: &HeaderMap, body: &str, now: SystemTime) -> Self {
        let told = Told::read(body);
        let wish = wish_ms(headers, now);
        let kind = match status.as_u16() {
            401..=403 => FailureKind::Authentication,
            429 if told.is("insufficient_quota") => FailureKind::Authentication,
            429 => FailureKind::RateLimited,
            503 | 529 if wish.is_some() => FailureKind::RateLimited,
            408 | 409 | 425 | 500.. => FailureKind::Infrastructure,
            400 | 413 | 422 if told.is_overflow() => FailureKind::ContextOverflow,
            _ => FailureKind::Rejected,
        };
        let wish = wish.map(|ms| format!(", retry after {ms} ms")).unwrap_or_default();
        Self { kind, message: format!("HTTP {}{wish}: {}", status.as_u16(), told.words()) }
    }

    /// The server put an error into its stream. Only its own words tell what kind it is.
    pub(super) fn of_stream(error: Value) -> Self {
        let told = Told::of(error);
        let kind = if told.is("rate_limit_exceeded") || told.is("rate_limit_error") {
            FailureKind::RateLimited
        } else if told.is_overflow() {
            FailureKind::ContextOverflow
        } else {
            FailureKind::Infrastructure
        };
        Self { kind, message: format!("error in the stream: {}", told.words()) }
    }
}

/// What an error object says. Servers differ in all of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    message: Value,
    r#type: Value,
    code: Value,
}

impl Told {
    /// Reads `{"error": {…}}`, `{"error": "…"}`, `{"message": "…"}`, or text.
    fn read(body: &str) -> Self {
        match serde_json::from_str(body) {
            Ok(Value::Object(mut fields)) => match fields.remove("error") {
                Some(error) => Self::of(error),
                None => Self::of(Value::Object(fields)),
            },
            _ => Self::of(Value::String(body.to_owned())),
        }
    }

    fn of(error: Value) -> Self {
        match error {
            Value::Object(_) => Self::deserialize(error).unwrap_or_default(),
            other => Self { message: other, ..Self::default() },
        }
    }

    fn is(&self, name: &str) -> bool {
        self.code == name || self.r#type == name
    }

    fn is_overflow(&self) -> bool {
        let words = self.words().to_lowercase();
        self.is("context_length_exceeded")
            || self.is("exceed_context_size_error")
            || OVERFLOW_WORDS.iter().any(|known| words.contains(known))
    }

    /// On one line, however long.
    fn words(&self) -> String {
        let words = match &self.message {
            Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        if words.is_empty() { "no reason given".to_owned() } else { words }
    }
}

/// The wait that a server asks for: milliseconds, seconds, or a date by its own clock.
fn wish_ms(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text(RETRY_AFTER_MS).and_then(|text| text.parse().ok()) {
        return Some(ms);
    }
    let wish = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = wish.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok().and_then(|wait| u64::try_from(wait.as_millis()).ok());
    }
    let until = httpdate::parse_http_date(wish).ok()?;
    // The server's clock, where it tells it, is the one that it means.
    let since = text(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    u64::try_from(until.duration_since(since).unwrap_or_default().as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &'static str)], body: &str, kind: FailureKind, message: &str) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a header's name"), HeaderValue::from_static(value)));
        let status = StatusCode::from_u16(status).expect("a status");
        let failure = CompletionFailure::of_response(status, &headers.collect(), body, SystemTime::UNIX_EPOCH);
        assert_eq!(failure, CompletionFailure { kind, message: message.to_owned() }, "{status} {body}");
    }

    #[test]
    fn every_status_has_its_kind() {
        use FailureKind::{Authentication, ContextOverflow, Infrastructure, RateLimited, Rejected};
        let cases = [
            (301, "", Rejected),
            (400, "", Rejected),
            (400, r#"{"error":{"code":"context_length_exceeded"}}"#, ContextOverflow),
            (400, r#"{"error":{"message":"the request exceeds the available context size"}}"#, ContextOverflow),
            (400, r#"{"error":{"code":400,"type":"exceed_context_size_error"}}"#, ContextOverflow),
            (401, "", Authentication),
            (402, "", Authentication),
            (403, "", Authentication),
            (404, "", Rejected),
            (408, "", Infrastructure),
            (413, "", Rejected),
            (429, "", RateLimited),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, Authentication),
            (500, "", Infrastructure),
            (503, "", Infrastructure),
            (529, "", Infrastructure),
        ];
        for (status, body, kind) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            let failure = CompletionFailure::of_response(status, &HeaderMap::new(), body, SystemTime::UNIX_EPOCH);
            assert_eq!(failure.kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn the_words_of_a_server_are_found_wherever_they_stand() {
        use FailureKind::Rejected;
        check(404, &[], r#"{"error":{"message":"no such  model\n"}}"#, Rejected, "HTTP 404: no such model");
        check(404, &[], r#"{"error":"no such model"}"#, Rejected, "HTTP 404: no such model");
        check(404, &[], r#"{"message":"no such model"}"#, Rejected, "HTTP 404: no such model");
        check(404, &[], r#"{"detail":[1]}"#, Rejected, "HTTP 404: no reason given");
        check(404, &[], r#"{"error":{"message":[1]}}"#, Rejected, "HTTP 404: [1]");
        check(404, &[], "<h1>Not found</h1>", Rejected, "HTTP 404: <h1>Not found</h1>");
    }

    #[test]
    fn a_message_is_cut_after_its_secrets_are_hidden() {
        let long = CompletionFailure::of_stream(Value::from("ä".repeat(500))).told(|text| text);
        assert_eq!(long.message.chars().count(), MESSAGE_CHARS + 1);
        let echo = format!("{}{}", "x".repeat(200), "secret".repeat(100));
        let told = CompletionFailure::infrastructure(echo).told(|text| text.replace(&"secret".repeat(100), "[key]"));
        assert_eq!(told.message, format!("{}[key]", "x".repeat(200)));
    }

    #[test]
    fn a_wait_is_told_in_words_that_the_component_reads() {
        let wait = |headers: &[(&'static str, &'static str)], message: &str| {
            check(429, headers, r#"{"error":"slow down"}"#, FailureKind::RateLimited, message);
        };
        wait(&[], "HTTP 429: slow down");
        wait(&[("retry-after", "7")], "HTTP 429, retry after 7000 ms: slow down");
        wait(&[("retry-after", "0.25")], "HTTP 429, retry after 250 ms: slow down");
        wait(&[("retry-after", "7"), ("retry-after-ms", "120")], "HTTP 429, retry after 120 ms: slow down");
        wait(&[("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")], "HTTP 429, retry after 9000 ms: slow down");
        let server_time = ("date", "Thu, 01 Jan 1970 00:00:04 GMT");
        wait(
            &[("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT"), server_time],
            "HTTP 429, retry after 5000 ms: slow down",
        );
        wait(&[("retry-after", "Thu, 01 Jan 1970 00:00:01 GMT"), server_time], "HTTP 429, retry after 0 ms: slow down");
        wait(&[("retry-after", "-3")], "HTTP 429: slow down");
        // Whoever says when to come back is busy and not broken.
        for (status, kind) in [(503, FailureKind::RateLimited), (500, FailureKind::Infrastructure)] {
            let message = format!("HTTP {status}, retry after 3000 ms: no reason given");
            check(status, &[("retry-after", "3")], "", kind, &message);
        }
        wait(&[("retry-after", "soon")], "HTTP 429: slow down");
    }
}
