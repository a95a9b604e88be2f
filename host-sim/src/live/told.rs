//! What the body of an error says. Every server has a form of its own, and gateways pack the form of one into that of another.

use serde_json::Value;

/// Levels of a body that are looked into, those in texts included.
const DEEPEST: u32 = 8;

/// Members that hold words, in the order in which they are read.
const WORDS: [&str; 18] = [
    "error",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "error_description",
    "error_message",
    "errormessage",
    "status_msg",
    "reason",
    "title",
    "cause",
    "base_resp",
    "innererror",
    "metadata",
    "raw",
    "text",
];

/// Members that hold codes and types.
const NAMES: [&str; 9] =
    ["code", "type", "status", "reason", "error_code", "error_type", "err_type", "errortype", "object"];

/// Members that hold a number like an HTTP status.
const STATUS: [&str; 7] =
    ["code", "status", "status_code", "statuscode", "http_status_code", "http_status", "error_code"];

/// What an error says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// On one line, however long. Empty: nothing.
    pub(super) words: String,
    /// Codes and types in lower case.
    pub(super) names: Vec<String>,
    /// Members of the request that are blamed.
    pub(super) blamed: Vec<String>,
    /// A number like an HTTP status.
    pub(super) status: Option<u16>,
    /// The whole of it, for what else is looked for.
    pub(super) body: Value,
    /// A text that the model wrote and the server did not let pass.
    pub(super) rejected_answer: Option<String>,
}

impl Told {
    /// Reads a body: JSON, an event of a stream, a page, or words.
    pub(super) fn read(body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').trim();
        let event = body.lines().find_map(|line| line.strip_prefix("data:")).filter(|_| !body.starts_with('{'));
        let text = event.unwrap_or(body).trim();
        match serde_json::from_str(text) {
            Ok(value) => Self::of(value),
            Err(_) if text.starts_with('<') => Self::of_markup(text),
            Err(_) => Self::of(Value::String(text.to_owned())),
        }
    }

    /// Reads an error object.
    pub(super) fn of(body: Value) -> Self {
        let mut told = Self::default();
        told.dig(&body, DEEPEST);
        if told.words.is_empty() && holds_anything(&body) {
            told.words = one_line(&body.to_string());
        }
        told.body = body;
        told
    }

    fn of_markup(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let title = lower.find("<title").and_then(|at| {
            let begin = at + lower.get(at..)?.find('>')? + 1;
            text.get(begin..begin + lower.get(begin..)?.find('<')?)
        });
        let words = title.map_or_else(|| without_tags(text), one_line);
        Self { words, ..Self::default() }
    }

    /// Whether a code or type has this in it.
    pub(super) fn is_named(&self, parts: &[&str]) -> bool {
        self.names.iter().any(|name| parts.iter().any(|part| name.contains(part)))
    }

    /// Whether the words have this in them. Without case, and with spaces for `_` and `-`.
    pub(super) fn says(&self, parts: &[&str]) -> bool {
        let words = self.words.to_lowercase().replace(['_', '-'], " ");
        parts.iter().any(|part| words.contains(part))
    }

    /// The words, or that there are none.
    pub(super) fn told(&self) -> &str {
        if self.words.is_empty() { "no reason given" } else { &self.words }
    }

    fn dig(&mut self, value: &Value, deepest: u32) {
        let Some(deepest) = deepest.checked_sub(1) else { return };
        match value {
            Value::String(text) => match packed(text) {
                Some(inner) => self.dig(&inner, deepest),
                None => self.add(text),
            },
            Value::Array(items) => {
                for item in items {
                    self.dig(item, deepest);
                }
            }
            Value::Object(members) => {
                let named = |wanted: &str| {
                    members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
                };
                self.note_codes(&named);
                self.note_blame(&named);
                let words_before = self.words.len();
                for name in WORDS {
                    // Details of Google's are codes and links; they are no words where there are others.
                    let is_extra = matches!(name, "details" | "reason" | "title" | "text" | "innererror");
                    if let Some(value) = named(name).filter(|_| !is_extra || self.words.len() == words_before) {
                        self.dig(value, deepest);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn note_codes<'v>(&mut self, named: &impl Fn(&str) -> Option<&'v Value>) {
        let texts = NAMES.iter().filter_map(|name| named(name)?.as_str());
        self.names.extend(texts.map(str::to_lowercase));
        let status = STATUS.iter().filter_map(|name| match named(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        });
        let mut status = status.filter_map(|number| u16::try_from(number).ok()).filter(|it| (400..600).contains(it));
        self.status = self.status.or_else(|| status.next());
        if let Some(Value::String(answer)) = named("failed_generation") {
            self.rejected_answer = Some(answer.clone()).filter(|answer| !answer.trim().is_empty());
        }
    }

    /// `param` is a path; `loc` has one part after the other, the first of which is `body`.
    fn note_blame<'v>(&mut self, named: &impl Fn(&str) -> Option<&'v Value>) {
        if let Some(Value::String(path)) = named("param") {
            self.blamed.push(path.to_lowercase());
        }
        if let Some(Value::Array(parts)) = named("loc") {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).filter(|part| *part != "body").collect();
            let place = parts.join(".");
            if !place.is_empty() {
                self.add(&format!("{place}:"));
                self.blamed.push(place.to_lowercase());
            }
        }
    }

    fn add(&mut self, text: &str) {
        let line = one_line(text);
        if line.is_empty() || self.words.contains(&line) {
            return;
        }
        if !self.words.is_empty() {
            self.words.push_str(if self.words.ends_with(':') { " " } else { "; " });
        }
        self.words.push_str(&line);
    }
}

/// JSON in a text, which is how gateways pass on what another server said.
fn packed(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn holds_anything(body: &Value) -> bool {
    match body {
        Value::Null => false,
        Value::Object(members) => members.values().any(holds_anything),
        Value::Array(items) => items.iter().any(holds_anything),
        Value::String(text) => !text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The text of XML, such as `<Error><Code>…</Code><Message>…</Message></Error>`.
fn without_tags(text: &str) -> String {
    let mut words = String::new();
    for part in text.split('<') {
        let said = part.split_once('>').map_or("", |(_, said)| said).trim();
        if !said.is_empty() {
            words.push_str(if words.is_empty() { "" } else { " " });
            words.push_str(said);
        }
    }
    one_line(&words)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn words(body: &str, expected: &str) {
        assert_eq!(Told::read(body).told(), expected, "{body}");
    }

    #[test]
    fn the_words_of_an_error_are_found_wherever_they_stand() {
        words(r#"{"error":{"message":"no such  model\n"}}"#, "no such model");
        words(r#"{"error":"no such model"}"#, "no such model");
        words(r#"{"message":"no such model"}"#, "no such model");
        words(r#"{"object":"error","message":"no such model","code":404}"#, "no such model");
        words(r#"{"detail":"Model is not loaded; load it first"}"#, "Model is not loaded; load it first");
        words(r#"{"detail":{"msg":"Server is busy"}}"#, "Server is busy");
        words(
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#,
            "stream_options: Extra inputs are not permitted",
        );
        words(r#"[{"error":{"code":400,"message":"too bad","details":[{"reason":"X"}]}}]"#, "too bad");
        words(r#"{"errors":[{"message":"one"},{"message":"two"}]}"#, "one; two");
        words(
            r#"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"the real one\"}}"}}}"#,
            "Provider returned error; the real one",
        );
        words(
            r#"{"error":{"message":"{\n \"error\": {\"message\": \"Resource has been exhausted\"}}"}}"#,
            "Resource has been exhausted",
        );
        words(r#"{"base_resp":{"status_code":1002,"status_msg":"slow down"}}"#, "slow down");
        words("data: {\"error\":{\"message\":\"in an event\"}}\n\n", "in an event");
        words("\u{feff}plain words\nand more", "plain words and more");
        words("<!doctype html><html><head><TITLE>502\nBad Gateway</TITLE></head>x</html>", "502 Bad Gateway");
        words(
            "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce it</Message></Error>",
            "SlowDown Reduce it",
        );
        words("<h1>Not found</h1>", "Not found");
        words(r#"{"foo":{"bar":[1]}}"#, r#"{"foo":{"bar":[1]}}"#);
        for nothing in ["", "{}", "null", r#"{"error":{}}"#, r#"{"error":null,"message":""}"#] {
            words(nothing, "no reason given");
        }
    }

    #[test]
    fn codes_and_blame_are_found_too() {
        let told = Told::read(r#"{"error":{"code":"429","type":"Rate_Limit","metadata":{"raw":"{\"code\":500}"}}}"#);
        assert_eq!((told.status, told.names), (Some(429), vec!["429".to_owned(), "rate_limit".to_owned()]));
        assert_eq!(Told::read(r#"{"error":"x","status_code":503}"#).status, Some(503));
        assert_eq!(Told::read(r#"{"code":20012,"message":"x"}"#).status, None);
        let told =
            Told::read(r#"{"message":{"detail":[{"loc":["body","stream_options","include_usage"],"msg":"no"}]}}"#);
        assert_eq!(told.blamed, ["stream_options.include_usage"]);
        let told = Told::read(r#"{"error":{"param":"max_tokens","failed_generation":"{\"a\": "}}"#);
        assert_eq!((told.blamed, told.rejected_answer.as_deref()), (vec!["max_tokens".to_owned()], Some("{\"a\": ")));
    }

    #[test]
    fn a_body_without_end_is_read_to_a_depth() {
        let deep = format!("{}{}{}", "{\"error\":".repeat(60), "\"x\"", "}".repeat(60));
        assert!(!Told::read(&deep).words.is_empty());
    }
}
