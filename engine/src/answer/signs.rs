//! What in prose looks like a JSON value, whole or broken. `docs/json-extraction.md` has the rules.

use super::work;

/// How far one look reaches. What has not shown itself until then counts as a value.
const REACH: usize = 256;

/// Something that looks like a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A bracket after which only a value goes on like that.
    Value,
    /// A bracket before a number or a word: a value only if it is a whole list.
    List,
    /// A key with its value, whose brackets are missing.
    Key,
}

/// The first sign from `at` on, and where it stands.
pub fn first(text: &str, at: usize) -> Option<(usize, Sign)> {
    let mut from = at;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(['{', '[', '"'])) {
        let here = from + found;
        let rest = text.get(here..).unwrap_or_default();
        let look = crate::text::head(rest, REACH);
        let is_cut = look.len() < rest.len();
        work::looked_at(found + look.len());
        if look.starts_with('"') {
            if is_key(look) {
                return Some((here, Sign::Key));
            }
            from = here + 1;
            continue;
        }
        let brackets = brackets(look);
        match after_brackets(look, brackets, is_cut) {
            Some(sign) => return Some((here, sign)),
            // A row of brackets is looked at once, or it would be looked at as often as it is long.
            None => from = here + brackets.max(1),
        }
    }
    None
}

/// The length of the brackets that a text begins with, blanks between them included.
fn brackets(look: &str) -> usize {
    let row = look.find(|c: char| !matches!(c, '{' | '[') && !c.is_whitespace()).unwrap_or(look.len());
    look.get(..row).and_then(|row| row.rfind(['{', '['])).map_or(0, |last| last + 1)
}

fn after_brackets(look: &str, length: usize, is_cut: bool) -> Option<Sign> {
    let row = look.get(..length).unwrap_or_default();
    let after = without_comments(look.get(length..).unwrap_or_default());
    let Some(next) = after.chars().next() else { return is_cut.then_some(Sign::Value) };
    let quotes = ["\"", "'", "\u{201c}", "\\\"", "\\'", "&quot;", "&#34;"];
    let is_quoted = quotes.iter().any(|quote| after.starts_with(quote));
    let only_one = row.len() == 1;
    if row.ends_with('{') {
        let is_empty = next == '}' && !row.trim_end_matches('{').trim_end().ends_with('{') && !row.ends_with("{{");
        return (is_quoted || is_empty || is_bare_key(after)).then_some(Sign::Value);
    }
    // `[ ]` is a box to be ticked.
    let is_box = only_one && look.starts_with("[ ]");
    if is_quoted || (next == ']' && !is_box) {
        return Some(Sign::Value);
    }
    (next.is_alphanumeric() || matches!(next, '-' | '+' | '.')).then_some(Sign::List)
}

fn without_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let end = if text.starts_with("//") || text.starts_with('#') {
            text.find('\n')
        } else if text.starts_with("/*") {
            text.find("*/").map(|end| end + 2)
        } else {
            return text;
        };
        text = end.and_then(|end| text.get(end..)).unwrap_or_default();
    }
}

/// A name, a colon, and what a value can begin with: not `{https://…}`, `{price:.2f}` or `{name}`.
fn is_bare_key(text: &str) -> bool {
    let name = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '-'))).unwrap_or(text.len());
    let after = text.get(name..).unwrap_or_default().trim_start();
    name > 0
        && after.strip_prefix(':').is_some_and(|value| value.starts_with(char::is_whitespace) || begins_value(value))
}

/// `"name": ` and what a value can begin with.
fn is_key(text: &str) -> bool {
    let rest = text.get(1..).unwrap_or_default();
    let Some((name, after)) = rest.split_once('"') else { return false };
    let value = after.trim_start().strip_prefix(':').map(str::trim_start);
    !name.is_empty() && !name.contains('\n') && value.is_some_and(begins_value)
}

fn begins_value(text: &str) -> bool {
    let words = ["true", "false", "null", "True", "False", "None"];
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\'' | '-' | '{' | '[' | '\u{201c}'))
        || words.iter().any(|word| text.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_value_is_seen() {
        for (text, at, sign) in [
            ("x {\"a\"", 2, Sign::Value),
            ("{'a': 1}", 0, Sign::Value),
            ("{issues: [], score: 1}", 0, Sign::Value),
            ("{ \n score :1}", 0, Sign::Value),
            ("{\u{201c}a", 0, Sign::Value),
            ("{\\\"a\\\": 1}", 0, Sign::Value),
            ("{&quot;a", 0, Sign::Value),
            ("{}", 0, Sign::Value),
            ("[]", 0, Sign::Value),
            ("[{}]", 0, Sign::Value),
            ("[[\"a\"]]", 0, Sign::Value),
            ("{{\"a\": 1}}", 0, Sign::Value),
            ("{ // my own\n \"a\": 1}", 0, Sign::Value),
            ("[1, 2]", 0, Sign::List),
            ("[true]", 0, Sign::List),
            ("so \"score\": 1, \"b\": 2}", 3, Sign::Key),
        ] {
            assert_eq!(first(text, 0), Some((at, sign)), "{text}");
        }
        let far = format!("{{{}\"a\": 1}}", " ".repeat(1_000));
        assert_eq!(first(&far, 0), Some((0, Sign::Value)), "what cannot be seen is not held harmless");
    }

    #[test]
    fn brackets_of_prose_are_harmless() {
        for text in [
            "use {name} and {{name}} and {0} here",
            "see {https://example.org} and {price:.2f}",
            "- [ ] open\n- [ ] too",
            "function f() { return 1; }",
            "a set {…} or {...}",
            "He said \"yes\": it works.",
            "the field \"a\" is \"b\"",
            "{{}} and ${x} {",
        ] {
            assert_eq!(first(text, 0), None, "{text}");
        }
        assert_eq!(first("[text](url)", 0), Some((0, Sign::List)), "the reader tells it from a list");
    }
}
