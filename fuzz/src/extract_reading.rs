//! `docs/json-extraction.md` read a second time, as plainly as it is written: no attention to cost, and nothing in common
//! with the crate's own reading but serde_json.

use serde_json::Value;

/// What an answer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// This value.
    Value {
        /// The value.
        value: Value,
        /// Something stood around it.
        unwrapped: bool,
        /// It was put right.
        repaired: bool,
    },
    /// No value, or a broken one.
    Invalid,
    /// Several.
    Ambiguous,
    /// One, with something around it where nothing may be.
    NotAlone,
}

/// Reads an answer. `alone`: nothing may stand beside the value.
pub fn read(answer: &str, alone: bool) -> Reading {
    let outer = |c: char| c.is_whitespace() || c == '\u{feff}';
    let whole = answer.trim_matches(outer);
    let marked = whole.len() != answer.trim().len();
    if let Some((value, repaired)) = whole_value(whole) {
        return value.map_or(Reading::Invalid, |value| Reading::Value {
            value,
            unwrapped: false,
            repaired: repaired || marked,
        });
    }
    for fence in ["```", "~~~"] {
        let inner =
            whole.strip_prefix(fence).and_then(|rest| rest.strip_suffix(fence)).and_then(|rest| rest.split_once('\n'));
        if let Some((value, repaired)) = inner.and_then(|(_, content)| whole_value(content.trim())) {
            let repaired = repaired || marked;
            return value.map_or(Reading::Invalid, |value| Reading::Value { value, unwrapped: true, repaired });
        }
    }
    match decide(&find(&whole.chars().collect::<Vec<char>>())) {
        Reading::Value { .. } if alone => Reading::NotAlone,
        reading => reading,
    }
}

/// Some: the text is a value by its form, and this is it unless it breaks a limit; and whether it was put right.
fn whole_value(text: &str) -> Option<(Option<Value>, bool)> {
    if serde_json::from_str::<Value>(text).is_ok() {
        return Some((limited(text), false));
    }
    let chars: Vec<char> = text.chars().collect();
    if !matches!(chars.first(), Some('{' | '[')) {
        return None;
    }
    let (end, json, _) = Parser::new(&chars, 0).parse();
    (end? == chars.len()).then(|| (limited(&json), true))
}

/// The value of a text that is JSON, within the limits.
fn limited(json: &str) -> Option<Value> {
    parallel_agents::json::strict::parse(json, parallel_agents::json::strict::ANSWER_BOUNDS).ok()
}

#[derive(Clone, Debug, PartialEq)]
enum Thing {
    Whole(Value, bool),
    Citation(Value),
    Broken,
}

fn decide(things: &[Thing]) -> Reading {
    let serious: Vec<&Thing> = things.iter().filter(|thing| !matches!(thing, Thing::Citation(_))).collect();
    let counted = if serious.is_empty() { things.iter().collect() } else { serious };
    let taken = |value: &Value, repaired| Reading::Value { value: value.clone(), unwrapped: true, repaired };
    let same = |value: &Value| {
        counted.iter().all(|thing| matches!(thing, Thing::Whole(other, _) | Thing::Citation(other) if other == value))
    };
    match counted.as_slice() {
        [] | [Thing::Broken] => Reading::Invalid,
        [Thing::Whole(value, repaired), ..] if same(value) => {
            let other_list = |thing: &Thing| matches!(thing, Thing::Citation(list) if list != value);
            if value.is_array() && things.iter().any(other_list) { Reading::Ambiguous } else { taken(value, *repaired) }
        }
        [Thing::Citation(value), ..] if same(value) => taken(value, false),
        _ => Reading::Ambiguous,
    }
}

fn find(text: &[char]) -> Vec<Thing> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (looks, is_list, row) = looks_like_value(text, at);
        if text[at] == '"' && is_key(text, at) {
            found.push(Thing::Broken);
            at += 1;
        } else if looks || is_list {
            let (end, json, rest) = Parser::new(text, at).parse();
            match end {
                Some(end) => {
                    let plain: String = text[at..end].iter().collect();
                    let repaired = serde_json::from_str::<Value>(&plain).is_err();
                    found.push(match limited(&json) {
                        Some(value) if is_citation(&value) => Thing::Citation(value),
                        Some(value) => Thing::Whole(value, repaired),
                        None => Thing::Broken,
                    });
                    at = end;
                }
                None if is_list && !rest.rich => at = rest.seen.max(at + 1),
                None => {
                    found.push(Thing::Broken);
                    match last_bracket(text, at) {
                        Some(end) => at = rest.seen.max(end),
                        None => return found,
                    }
                }
            }
        } else {
            at += row.max(1);
        }
    }
    found
}

fn is_citation(value: &Value) -> bool {
    let small = |item: &Value| item.as_u64().is_some_and(|number| number <= 9_999);
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(|item| small(item) || is_citation(item)))
}

/// Whether a value stands here by its looks, or a list if it is whole; and how many characters its row of brackets has.
fn looks_like_value(text: &[char], at: usize) -> (bool, bool, usize) {
    let rest: String = text[at..].iter().collect();
    let look = within(&rest, 256);
    let row: String = look.chars().take_while(|c| matches!(c, '{' | '[') || c.is_whitespace()).collect();
    let row = row.trim_end();
    if row.is_empty() || !row.starts_with(['{', '[']) {
        return (false, false, 0);
    }
    let length = row.chars().count();
    let after = skip_comments(&look[row.len()..]);
    if after.is_empty() {
        return (look.len() < rest.len(), false, length);
    }
    let quoted = ["\"", "'", "\u{201c}", "\\\"", "\\'", "&quot;", "&#34;"].iter().any(|quote| after.starts_with(quote));
    if let Some(before) = row.strip_suffix('{') {
        let before: String = before.chars().filter(|c| !c.is_whitespace()).collect();
        return (quoted || (after.starts_with('}') && !before.ends_with('{')) || bare_key(&after), false, length);
    }
    let looks = quoted || (after.starts_with(']') && !(length == 1 && look.starts_with("[ ]")));
    let list = after.starts_with(|c: char| c.is_alphanumeric() || "+-.".contains(c));
    (looks, list && !looks, length)
}

/// The longest beginning of at most so many bytes.
fn within(text: &str, bytes: usize) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        if kept.len() + c.len_utf8() > bytes {
            break;
        }
        kept.push(c);
    }
    kept
}

fn skip_comments(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let rest = match text {
        _ if text.starts_with("//") || text.starts_with('#') => text.find('\n').map(|at| &text[at..]),
        _ if text.starts_with("/*") => text.find("*/").map(|at| &text[at + 2..]),
        _ => return text.to_owned(),
    };
    skip_comments(rest.unwrap_or(""))
}

fn bare_key(text: &str) -> bool {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || "_$-".contains(*c)).collect();
    let Some(value) = text[name.len()..].trim_start().strip_prefix(':') else { return false };
    !name.is_empty() && (value.starts_with(char::is_whitespace) || begins_value(value))
}

fn is_key(text: &[char], at: usize) -> bool {
    let look = within(&text[at + 1..].iter().collect::<String>(), 255);
    let Some(end) = look.find('"') else { return false };
    let Some(value) = look[end + 1..].trim_start().strip_prefix(':') else { return false };
    end > 0 && !look[..end].contains('\n') && begins_value(value.trim_start())
}

fn begins_value(text: &str) -> bool {
    let words = ["true", "false", "null", "True", "False", "None"];
    text.starts_with(|c: char| c.is_ascii_digit() || "\"'-{[\u{201c}".contains(c))
        || words.iter().any(|word| text.starts_with(word))
}

/// Behind the bracket that closes the one at `at`.
fn last_bracket(text: &[char], at: usize) -> Option<usize> {
    let (mut depth, mut quoted) = (0, false);
    let mut here = at;
    while here < text.len() {
        match text[here] {
            '\\' if quoted => here += 1,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        here += 1;
        if depth == 0 {
            return Some(here);
        }
    }
    None
}

/// Where a parser stopped without a value.
struct Rest {
    seen: usize,
    rich: bool,
}

/// Reads an object or array by recursion, and writes it as JSON.
struct Parser<'a> {
    text: &'a [char],
    at: usize,
    depth: usize,
    json: String,
    seen: usize,
    rich: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [char], at: usize) -> Self {
        Self { text, at, depth: 0, json: String::new(), seen: at, rich: false }
    }

    fn parse(mut self) -> (Option<usize>, String, Rest) {
        let done = self.value().is_some();
        let rest = Rest { seen: self.seen.max(self.at), rich: self.rich };
        (done.then_some(self.at), self.json, rest)
    }

    fn next(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> String {
        self.text[self.at..].iter().collect()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.next() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn blank(&mut self) -> Option<()> {
        loop {
            let rest = self.rest();
            let length = match self.next() {
                Some(c) if c.is_whitespace() || c == '\u{feff}' => {
                    self.at += 1;
                    continue;
                }
                _ if rest.starts_with('#') || rest.starts_with("//") => {
                    rest.chars().position(|c| c == '\n').unwrap_or(rest.chars().count())
                }
                _ if rest.starts_with("/*") => match rest.find("*/") {
                    Some(end) => rest[..end + 2].chars().count(),
                    None => {
                        self.seen = self.text.len();
                        return None;
                    }
                },
                _ => return Some(()),
            };
            let comment = &self.text[self.at..self.at + length];
            self.seen = self.at + length;
            let sign = |at: usize| {
                let (looks, list, _) = looks_like_value(comment, at);
                looks || list || (comment[at] == '"' && is_key(comment, at))
            };
            // In a row of brackets only the first is looked at, as everywhere.
            let mut at = 0;
            while at < length {
                if sign(at) {
                    return None;
                }
                at += looks_like_value(comment, at).2.max(1);
            }
            self.at += length;
        }
    }

    fn value(&mut self) -> Option<()> {
        match self.next()? {
            '{' | '[' => self.container(),
            '"' | '\'' | '\u{201c}' => self.string(),
            c if c.is_ascii_digit() || "+-.".contains(c) => self.number(),
            _ => {
                let word: String = self.text[self.at..].iter().take_while(|c| c.is_alphanumeric()).collect();
                let json = match word.as_str() {
                    "true" | "True" | "TRUE" => "true",
                    "false" | "False" | "FALSE" => "false",
                    "null" | "None" | "Null" | "NULL" => "null",
                    _ => return None,
                };
                self.at += word.chars().count();
                self.json.push_str(json);
                Some(())
            }
        }
    }

    fn container(&mut self) -> Option<()> {
        if self.depth >= 64 {
            self.rich = true;
            return None;
        }
        let open = self.next()?;
        let close = if open == '{' { '}' } else { ']' };
        self.rich |= open == '{';
        self.depth += 1;
        self.at += 1;
        self.json.push(open);
        let mut first = true;
        loop {
            self.blank()?;
            while open == '{' && self.eat(',') {
                self.blank()?;
            }
            if self.next()? == close {
                break;
            }
            if !first {
                self.json.push(',');
            }
            first = false;
            if open == '{' {
                self.key()?;
                self.blank()?;
                if !self.eat(':') {
                    return None;
                }
                self.json.push(':');
                self.blank()?;
            }
            self.value()?;
            self.blank()?;
            if self.next()? != close && !self.eat(',') {
                return None;
            }
        }
        self.at += 1;
        self.depth -= 1;
        self.json.push(close);
        Some(())
    }

    fn key(&mut self) -> Option<()> {
        if matches!(self.next()?, '"' | '\'' | '\u{201c}') {
            return self.string();
        }
        let name: String =
            self.text[self.at..].iter().take_while(|c| c.is_alphanumeric() || "_$-".contains(**c)).collect();
        let words = ["true", "True", "TRUE", "false", "False", "FALSE", "null", "None", "Null", "NULL", "NaN"];
        if name.is_empty() || name.starts_with('-') || words.contains(&name.as_str()) {
            return None;
        }
        self.at += name.chars().count();
        self.json.push_str(&Value::from(name).to_string());
        self.rich = true;
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let open = self.next()?;
        let close = if open == '\u{201c}' { '\u{201d}' } else { open };
        self.rich = true;
        self.at += 1;
        self.json.push('"');
        loop {
            let c = self.next()?;
            if c == '\\' {
                match self.text.get(self.at + 1)? {
                    '\'' => self.json.push('\''),
                    c if "\"\\/bfnrtu".contains(*c) => self.json.extend(['\\', *c]),
                    _ => return None,
                }
                self.at += 2;
                continue;
            }
            if c == close {
                self.at += 1;
                self.json.push('"');
                return Some(());
            }
            if open == '\u{201c}' && (c == '"' || c == '\u{201c}') {
                return None;
            }
            self.at += 1;
            // The text of a one-character string, without its quotation marks; an apostrophe needs no escape.
            let escaped = Value::from(c.to_string()).to_string();
            self.json.push_str(&escaped[1..escaped.len() - 1]);
        }
    }

    fn number(&mut self) -> Option<()> {
        let written: String =
            self.text[self.at..].iter().take_while(|c| c.is_alphanumeric() || "+-._".contains(**c)).collect();
        let unsigned = written.strip_prefix('+').unwrap_or(&written);
        let (sign, digits) = unsigned.strip_prefix('-').map_or(("", unsigned), |digits| ("-", digits));
        let number = match (digits.strip_prefix('.'), digits.strip_suffix('.')) {
            (Some(fraction), None) => format!("{sign}0.{fraction}"),
            (None, Some(whole)) if !whole.is_empty() && !whole.contains('.') => format!("{sign}{whole}"),
            _ => format!("{sign}{digits}"),
        };
        let is_json = |text: &str| {
            serde_json::from_str::<serde_json::Number>(text).is_ok()
                || serde_json::from_str::<Value>(text).is_err_and(|error| error.to_string().contains("out of range"))
        };
        if !is_json(&number) {
            return None;
        }
        self.at += written.chars().count();
        self.json.push_str(&number);
        Some(())
    }
}
