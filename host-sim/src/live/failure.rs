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
#[path = "tests/failure.rs"]
mod tests;
