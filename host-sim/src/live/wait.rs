//! How long a server asks to be left alone: told in headers, in members of a body, or in words.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// OpenAI's own header, in milliseconds.
const RETRY_AFTER_MS: &str = "retry-after-ms";

/// Words after which a sentence names a wait.
const CUES: [&str; 11] = [
    "try again in",
    "try again after",
    "retry after",
    "retry-after",
    "retry in",
    "again in",
    "available in",
    "resets in",
    "reset in",
    "reset after",
    "wait",
];

/// Words that may stand between such words and the time.
const FILLERS: [&str; 8] = ["about", "approximately", "around", "another", "at least", "for", "up to", "roughly"];

/// Names of members that hold a wait, without case, `_` and `-`.
const MEMBERS: [&str; 10] = [
    "retrydelay",
    "retryafter",
    "retryafterms",
    "retryafterseconds",
    "retryinms",
    "quotaresetdelay",
    "estimatedtime",
    "xratelimitreset",
    "resetseconds",
    "waitseconds",
];

/// A number above this counts milliseconds since 1970, one above the other counts seconds since then.
const EPOCH_MS: f64 = 1e12;
const EPOCH_SECONDS: f64 = 1e9;

/// Levels of a body that are looked into.
const DEEPEST: u32 = 8;

/// The wait in milliseconds that a response asks for. `body` is what it says, as JSON and in words.
pub(super) fn asked_for(headers: &HeaderMap, body: &Value, words: &str, now: SystemTime) -> Option<u64> {
    let now = server_time(headers).unwrap_or(now);
    of_retry_after(headers, now)
        .or_else(|| of_members(body, now, DEEPEST))
        .or_else(|| of_words(words))
        .or_else(|| of_limits(headers, now))
}

/// The server's clock, where it tells it, is the one that its dates mean.
fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, DATE.as_str())?).ok()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn of_retry_after(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    if let Some(ms) = text(headers, RETRY_AFTER_MS).and_then(|text| text.parse::<f64>().ok()) {
        return millis(ms / 1_000.0);
    }
    of_value(text(headers, RETRY_AFTER.as_str())?, now)
}

/// Seconds, a duration in any writing, a date, or a time since 1970.
fn of_value(text: &str, now: SystemTime) -> Option<u64> {
    if let Ok(number) = text.parse::<f64>() {
        return of_number(number, now);
    }
    if let Some(until) = date(text) {
        return u64::try_from(until.duration_since(now).unwrap_or_default().as_millis()).ok();
    }
    duration_ms(text)
}

/// A date in the form of HTTP's headers, or in that of RFC 3339, which Anthropic's limits have.
fn date(text: &str) -> Option<SystemTime> {
    let in_http = || httpdate::parse_http_date(text).ok();
    in_http().or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.into()))
}

fn of_number(number: f64, now: SystemTime) -> Option<u64> {
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    if number > EPOCH_MS {
        millis((number / 1_000.0 - since_epoch).max(0.0))
    } else if number > EPOCH_SECONDS {
        millis((number - since_epoch).max(0.0))
    } else {
        millis(number)
    }
}

fn millis(seconds: f64) -> Option<u64> {
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(wait.as_micros().div_ceil(1_000)).ok()
}

/// `x-ratelimit-reset-tokens` and the like: when a limit is over. Only of those that are used up, where that is told.
fn of_limits(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let is_used_up = |name: &str| {
        let left = text(headers, &name.replace("reset", "remaining")).and_then(|left| left.parse::<f64>().ok());
        left.is_none_or(|left| left <= 0.0)
    };
    let resets = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str();
        let is_reset = name.contains("reset") && (name.contains("ratelimit") || name.contains("rate-limit"));
        (is_reset && is_used_up(name)).then(|| of_value(value.to_str().ok()?.trim(), now)).flatten()
    });
    resets.max()
}

/// The first member of a body that names a wait, such as Google's `retryDelay`.
fn of_members(body: &Value, now: SystemTime, deepest: u32) -> Option<u64> {
    let deepest = deepest.checked_sub(1)?;
    match body {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
            let own = MEMBERS.contains(&name.as_str()).then(|| match value {
                Value::Number(number) if name.ends_with("ms") => millis(number.as_f64()? / 1_000.0),
                Value::Number(number) => of_number(number.as_f64()?, now),
                Value::String(text) => of_value(text.trim(), now),
                _ => None,
            });
            own.flatten().or_else(|| of_members(value, now, deepest))
        }),
        Value::Array(items) => items.iter().find_map(|item| of_members(item, now, deepest)),
        _ => None,
    }
}

/// The wait that a sentence asks for.
fn of_words(words: &str) -> Option<u64> {
    let words = words.to_lowercase();
    CUES.iter().find_map(|cue| words.match_indices(cue).find_map(|(at, _)| duration_ms(words.get(at + cue.len()..)?)))
}

/// The duration that a text begins with: `20`, `20s`, `1m3.5s`, `2 minutes and 5 seconds`, `a minute`, `PT37S`. A number
/// without a unit counts seconds.
fn duration_ms(text: &str) -> Option<u64> {
    let text = text.to_lowercase();
    let mut rest = past_fillers(&text);
    rest = rest.strip_prefix("pt").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(rest);
    let mut seconds = None;
    loop {
        let after_number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let digits = rest.get(..rest.len() - after_number.len())?.trim_end_matches('.');
        let (number, after) = match digits.parse::<f64>() {
            Ok(number) => (number, after_number),
            Err(_) => match rest.strip_prefix("an ").or_else(|| rest.strip_prefix("a ")) {
                Some(after) => (1.0, after),
                None => break,
            },
        };
        if seconds.is_none() && is_time_of_day_or_date(digits, after_number) {
            return None;
        }
        let word = after.trim_start_matches([' ', '-']);
        let past = word.trim_start_matches(char::is_alphabetic);
        match (word.get(..word.len() - past.len()).and_then(unit), seconds) {
            (Some(unit), sum) => {
                seconds = Some(sum.unwrap_or(0.0) + number * unit);
                rest = past.trim_start_matches([' ', ',']);
                rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
            }
            // A bare number; one that is followed by a word counts something else.
            (None, None) if digits.is_empty() || word.starts_with(char::is_alphabetic) => return None,
            (None, None) => return millis(number),
            (None, Some(_)) => break,
        }
    }
    millis(seconds?)
}

/// Whether a number begins a time of day or a date, as in `10:30` or `2025-03-26`: no duration, and where it is meant nobody says.
fn is_time_of_day_or_date(digits: &str, after: &str) -> bool {
    let is_number = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    after.strip_prefix(':').is_some_and(is_number)
        || (digits.len() == 4 && after.strip_prefix(['-', '/']).is_some_and(is_number))
}

fn past_fillers(text: &str) -> &str {
    let mut rest = text;
    loop {
        let next = rest.trim_start_matches([' ', ':', '=', '~', '"', '\'']);
        let next = FILLERS.iter().find_map(|filler| next.strip_prefix(filler)).unwrap_or(next);
        if next.len() == rest.len() {
            return rest;
        }
        rest = next;
    }
}

/// Seconds in a unit.
fn unit(word: &str) -> Option<f64> {
    Some(match word {
        "us" | "µs" | "microseconds" => 1e-6,
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    const NOW_SECONDS: u64 = 1_700_000_000;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], body: &Value, words: &str, expected: Option<u64>) {
        let named = |(name, value): &(&'static str, &'static str)| {
            (name.parse().expect("a header's name"), HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(named).collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_SECONDS);
        assert_eq!(asked_for(&headers, body, words, now), expected, "{headers:?} {body} {words}");
    }

    #[test]
    fn waits_are_read_from_words() {
        let rows = [
            ("Please try again in 1m3.5s.", Some(63_500)),
            ("please try again in 20s. Visit the page for more", Some(20_000)),
            ("Please try again in 7m12s", Some(432_000)),
            ("Please try again in 1h2m3.456s.", Some(3_723_456)),
            ("try again in 352ms", Some(352)),
            ("Rate limited; retry in 37.251s.", Some(37_251)),
            ("Retry-After: 20 seconds", Some(20_000)),
            ("Try again in 2 minutes.", Some(120_000)),
            ("Try again in 1 minute and 5 seconds", Some(65_000)),
            ("Please retry after 20 seconds.", Some(20_000)),
            ("try again after 1 hour, 2 minutes", Some(3_720_000)),
            ("Please wait a minute", Some(60_000)),
            ("please wait about 90 seconds before the next request", Some(90_000)),
            ("Your limit resets in 3 hours", Some(10_800_000)),
            ("retry after 7", Some(7_000)),
            ("retry after 7.", Some(7_000)),
            ("retry-after=\"7\"", Some(7_000)),
            ("retry after a while", None),
            ("try again after 2023-11-14 22:13:29", None),
            ("try again after 22:13", None),
            ("retry after 5-10 seconds", Some(5_000)),
            ("retry after 3 attempts", None),
            ("wait for it; or try again in 5 s", Some(5_000)),
            ("await the answer in 5 s", None),
            ("HTTP 429", None),
            ("", None),
        ];
        for (words, expected) in rows {
            check(&[], &Value::Null, words, expected);
        }
    }

    #[test]
    fn waits_are_read_from_headers() {
        type Headers = &'static [(&'static str, &'static str)];
        let rows: [(Headers, Option<u64>); 16] = [
            (&[("retry-after", "7")], Some(7_000)),
            (&[("retry-after", "0.25")], Some(250)),
            (&[("retry-after", "1m30s")], Some(90_000)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "7"), ("retry-after-ms", "120")], Some(120)),
            (&[("retry-after", "Tue, 14 Nov 2023 22:13:29 GMT")], Some(9_000)),
            (
                &[("retry-after", "Tue, 14 Nov 2023 22:13:29 GMT"), ("date", "Tue, 14 Nov 2023 22:13:24 GMT")],
                Some(5_000),
            ),
            (&[("retry-after", "Tue, 14 Nov 2023 22:00:00 GMT")], Some(0)),
            (&[("x-ratelimit-reset-requests", "20ms"), ("x-ratelimit-reset-tokens", "6m0s")], Some(360_000)),
            (
                &[
                    ("x-ratelimit-reset-requests", "1s"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-remaining-tokens", "29000"),
                ],
                Some(1_000),
            ),
            (&[("x-ratelimit-reset", "1700000042000")], Some(42_000)),
            (&[("x-ratelimit-reset", "1700000042")], Some(42_000)),
            (&[("ratelimit-reset", "30")], Some(30_000)),
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "0"),
                    ("anthropic-ratelimit-requests-reset", "2023-11-14T22:13:29Z"),
                ],
                Some(9_000),
            ),
            (&[("retry-after", "2023-11-14T23:13:29+01:00")], Some(9_000)),
        ];
        for (headers, expected) in rows {
            check(headers, &Value::Null, "", expected);
        }
    }

    #[test]
    fn waits_are_read_from_members_of_a_body() {
        let info = json!([{"error": {"details": [
            {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"},
        ]}}]);
        check(&[], &info, "", Some(37_000));
        check(&[], &json!({"retry_after": 1.5}), "", Some(1_500));
        check(&[], &json!({"error": {"retry_after_ms": 1500}}), "", Some(1_500));
        check(&[], &json!({"error": "is loading", "estimated_time": 20.0}), "", Some(20_000));
        let forwarded = json!({"error": {"metadata": {"headers": {"X-RateLimit-Reset": "1700000042000"}}}});
        check(&[], &forwarded, "", Some(42_000));
        check(&[], &json!({"retry_after": null, "other": "5s"}), "", None);
        check(&[("retry-after", "2")], &info, "try again in 9s", Some(2_000));
    }

    #[test]
    fn no_text_breaks_the_reading() {
        for text in ["9".repeat(400), "1e400".to_owned(), "9".repeat(300) + "d", "a ".to_owned(), "1.2.3s".to_owned()] {
            assert_eq!(of_words(&format!("retry after {text}")), None, "{text}");
        }
    }
}
