//! Reading one object or array, in the forms that models write.

use serde_json::Value;

use super::looks::{is_key, looks_like_value};

/// Where a parser stopped without a value.
pub(super) struct Rest {
    /// How far it had read.
    pub(super) seen: usize,
    /// Something in it is no part of a list of plain values.
    pub(super) rich: bool,
}

/// Reads an object or array by recursion, and writes it as JSON.
pub(super) struct Parser<'a> {
    text: &'a [char],
    at: usize,
    depth: usize,
    json: String,
    seen: usize,
    rich: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a [char], at: usize) -> Self {
        Self { text, at, depth: 0, json: String::new(), seen: at, rich: false }
    }

    /// Behind the value, if there is one; its JSON; and how far it was read.
    pub(super) fn parse(mut self) -> (Option<usize>, String, Rest) {
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
