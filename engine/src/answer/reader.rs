//! Reads one object or array that is JSON, or that differs from it only where nobody has to guess.
//!
//! The rules stand in `docs/json-extraction.md`. What comes out is strict JSON, for the strict reader, which counts,
//! measures depth and looks for keys that stand twice. Each byte is read once.

mod scalars;

use std::borrow::Cow;

use super::{signs, work};
use crate::json::strict::{ANSWER_BOUNDS, JsonError};

/// A value that was read.
#[derive(Debug, PartialEq)]
pub struct Read<'a> {
    /// Where the value ends.
    pub end: usize,
    /// The value as strict JSON; borrowed if it stands there like that.
    pub text: Cow<'a, str>,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    fault: Fault,
    /// Where the fault is.
    place: usize,
    /// How far the text was looked at.
    pub seen: usize,
    /// A text or an object was read until then, so this is more than a list in prose.
    pub rich: bool,
}

impl Broken {
    /// A key at `place` that belongs to no object.
    pub fn key(place: usize) -> Self {
        Self { fault: Fault::Syntax("a key stands outside of any object"), place, seen: place, rich: true }
    }

    /// What is wrong, with its line. Costs as much as reading, so it is asked for once.
    pub fn error(&self, text: &str) -> JsonError {
        match self.fault {
            Fault::TooDeep => JsonError::TooDeep(ANSWER_BOUNDS.depth),
            Fault::Syntax(why) => {
                let before = text.get(..self.place).unwrap_or(text);
                let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
                let line = before.matches('\n').count() + 1;
                JsonError::Syntax { message: why.to_owned(), line, column: before.len() - line_start + 1 }
            }
        }
    }
}

/// Reads the value whose bracket stands at `start`.
pub fn read(text: &str, start: usize) -> Result<Read<'_>, Broken> {
    let mut reader =
        Reader { text, at: start, out: String::new(), changed: false, open: Vec::new(), rich: false, seen: start };
    match reader.value() {
        Ok(()) if reader.changed => Ok(Read { end: reader.at, text: Cow::Owned(reader.out) }),
        Ok(()) => Ok(Read { end: reader.at, text: text.get(start..reader.at).unwrap_or_default().into() }),
        Err(fault) => {
            let (place, seen) = (reader.at, reader.at.max(reader.seen));
            Err(Broken { fault, place, seen, rich: reader.rich || fault == Fault::TooDeep })
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Syntax(&'static str),
    TooDeep,
}

/// What has to come next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    /// The first entry of an object or array, or its end.
    First,
    /// An entry after a comma, or the end if the comma was one too many.
    Another,
    /// The value of a key.
    Value,
    /// A comma or the end.
    After,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: String,
    changed: bool,
    /// The brackets that are open.
    open: Vec<char>,
    rich: bool,
    /// The end of the furthest comment that was looked through.
    seen: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<(), Fault> {
        let first = self.peek().unwrap_or_default();
        let mut next = self.open(first)?;
        loop {
            self.blank()?;
            let Some(character) = self.peek() else { return Err(Fault::Syntax("the value has no end")) };
            let in_object = self.open.last() == Some(&'{');
            next = match (next, character) {
                (Next::First | Next::Another | Next::After, '}' | ']') => {
                    self.changed |= next == Next::Another;
                    self.close(character)?;
                    if self.open.is_empty() {
                        return Ok(());
                    }
                    Next::After
                }
                (Next::After, ',') => {
                    self.skip(character);
                    Next::Another
                }
                (Next::First | Next::Another, ',') if in_object => {
                    self.skip(character);
                    self.changed = true;
                    next
                }
                (Next::First | Next::Another, ',') => {
                    return Err(Fault::Syntax("an item may be missing between commas"));
                }
                (Next::First | Next::Another, _) => {
                    if next == Next::Another {
                        self.out.push(',');
                    }
                    if in_object { self.key(character)? } else { self.entry(character)? }
                }
                (Next::Value, _) => self.entry(character)?,
                (Next::After, _) => return Err(Fault::Syntax("expected a comma or the end of the object or array")),
            };
        }
    }

    fn peek(&self) -> Option<char> {
        work::looked_at(1);
        self.text.get(self.at..)?.chars().next()
    }

    fn skip(&mut self, character: char) {
        self.at += character.len_utf8();
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn open(&mut self, bracket: char) -> Result<Next, Fault> {
        if self.open.len() >= ANSWER_BOUNDS.depth {
            return Err(Fault::TooDeep);
        }
        self.rich |= bracket == '{';
        self.open.push(bracket);
        self.out.push(bracket);
        self.skip(bracket);
        Ok(Next::First)
    }

    fn close(&mut self, bracket: char) -> Result<(), Fault> {
        let opening = if bracket == '}' { '{' } else { '[' };
        if self.open.pop() != Some(opening) {
            return Err(Fault::Syntax("a bracket closes another kind of bracket"));
        }
        self.out.push(bracket);
        self.skip(bracket);
        Ok(())
    }

    /// White space and comments. A comment in which something looks like a value could hold the real one.
    fn blank(&mut self) -> Result<(), Fault> {
        while let Some(character) = self.peek() {
            let rest = self.rest();
            let length = match character {
                ' ' | '\n' | '\t' | '\r' => 1,
                c if c.is_whitespace() || c == '\u{feff}' => {
                    self.changed = true;
                    c.len_utf8()
                }
                '#' => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => match rest.find("*/") {
                    Some(end) => end + 2,
                    None => {
                        work::looked_at(rest.len());
                        self.seen = self.text.len();
                        return Err(Fault::Syntax("a comment has no end"));
                    }
                },
                _ => return Ok(()),
            };
            if matches!(character, '#' | '/') {
                let comment = self.text.get(self.at..self.at + length).unwrap_or_default();
                let holds_value = signs::first(comment, 0).is_some();
                work::looked_at(length);
                self.changed = true;
                self.seen = self.at + length;
                if holds_value {
                    return Err(Fault::Syntax("a comment holds what looks like a value"));
                }
            }
            self.at += length;
        }
        Ok(())
    }

    fn key(&mut self, character: char) -> Result<Next, Fault> {
        if matches!(character, '"' | '\'' | '\u{201c}') {
            self.string(character)?;
        } else {
            let name = self.run(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-'));
            if name.is_empty() || name.starts_with('-') || literal(name).is_some() || name == "NaN" {
                return Err(Fault::Syntax("expected a key"));
            }
            self.at += name.len();
            self.out.extend(["\"", name, "\""]);
            self.changed = true;
            self.rich = true;
        }
        self.blank()?;
        if self.peek() != Some(':') {
            return Err(Fault::Syntax("expected a colon"));
        }
        self.skip(':');
        self.out.push(':');
        Ok(Next::Value)
    }

    /// A value of any kind, or the beginning of one.
    fn entry(&mut self, character: char) -> Result<Next, Fault> {
        match character {
            '{' | '[' => return self.open(character),
            '"' | '\'' | '\u{201c}' => self.string(character)?,
            '-' | '+' | '.' | '0'..='9' => self.number()?,
            _ => {
                let word = self.run(char::is_alphanumeric);
                let (length, meaning) = (word.len(), literal(word));
                let Some(meaning) = meaning else { return Err(Fault::Syntax("expected a value")) };
                self.changed |= word != meaning;
                self.out.push_str(meaning);
                self.at += length;
            }
        }
        Ok(Next::After)
    }
}

/// What a bare word means in JSON. Python writes three of them in its own way; `NaN` has no value here.
fn literal(word: &str) -> Option<&'static str> {
    match word {
        "true" | "True" | "TRUE" => Some("true"),
        "false" | "False" | "FALSE" => Some("false"),
        "null" | "None" | "Null" | "NULL" => Some("null"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_right(text: &str) -> String {
        let read = read(text, 0).unwrap_or_else(|broken| panic!("{text}: {broken:?}"));
        assert_eq!(read.end, text.len(), "{text}");
        read.text.into_owned()
    }

    #[test]
    fn what_has_one_reading_is_put_right() {
        let rows = [
            ("{\"a\": 1}", "{\"a\": 1}"),
            ("{\"a\": \"one\ntwo\"}", "{\"a\":\"one\\ntwo\"}"),
            ("{\"a\": \"x\ty\r\u{1}\u{0}\"}", "{\"a\":\"x\\ty\\r\\u0001\\u0000\"}"),
            ("{\"a\": \"It\\'s\"}", "{\"a\":\"It's\"}"),
            ("{\"a\": True, \"b\": False, \"c\": None}", "{\"a\":true,\"b\":false,\"c\":null}"),
            ("{'a': 'say \"x\"', \"b\": ['it\\'s', 'y']}", "{\"a\":\"say \\\"x\\\"\",\"b\":[\"it's\",\"y\"]}"),
            ("{a: 1, b-c: 2, _d$: 3, größe: 4, 5: 6}", "{\"a\":1,\"b-c\":2,\"_d$\":3,\"größe\":4,\"5\":6}"),
            ("{\"a\": [1, 2,], \"b\": {},}", "{\"a\":[1,2],\"b\":{}}"),
            ("{,\"a\": 1,, \"b\": 2,,}", "{\"a\":1,\"b\":2}"),
            ("{\"a\": 1, # one\n \"b\": 2 // two\n, /* three\n */ \"c\": 3}", "{\"a\":1,\"b\":2,\"c\":3}"),
            ("{\u{201c}a\u{201d}: \u{201c}it's\u{201d}}", "{\"a\":\"it's\"}"),
            ("[+1, .5, -.5, 5., 1e2]", "[1,0.5,-0.5,5,1e2]"),
            ("{\u{a0}\"a\":\u{feff} 1}", "{\"a\":1}"),
            ("{\"a\": \"# no, // comment [1,] 'x' None\",}", "{\"a\":\"# no, // comment [1,] 'x' None\"}"),
        ];
        for (given, expected) in rows {
            assert_eq!(put_right(given), expected, "{given}");
        }
    }

    #[test]
    fn what_has_more_than_one_reading_or_none_is_left_alone() {
        for text in [
            "{\"a\": NaN}",
            "{\"a\": -Infinity}",
            "{\"a\": undefined}",
            "{\"a\": Paris}",
            "{\"a\": \"C:\\dir\"}",
            "{\"a\": \"he said \"hi\"\"}",
            "{'a': 'it's'}",
            "['rock 'n' roll']",
            "[1,,2]",
            "[,1]",
            "[1 2]",
            "{\"a\": 1 \"b\": 2}",
            "{\"a\": 007}",
            "{\"a\": 0x1f}",
            "{\"a\": 1_000}",
            "[1.2.]",
            "[.]",
            "[-.]",
            "[.5.]",
            "[+]",
            "{\"a\": \u{201c}x \"y\" z\u{201d}}",
            "{\"a\": \u{2018}x\u{2019}}",
            "{\"a\": [1}",
            "{\"a\": 1",
            "{\"a\": \"cut",
            "{\"a\": 1 /* {\"a\": 2} */}",
            "{\"a\": 1 // or \"a\": 2\n}",
            "{None: 1}",
            "{\"a\"}",
            "[1, 2, ...]",
            "{\"a\": (1, 2)}",
            "{\"a\": \"x\" \"y\"}",
        ] {
            assert!(read(text, 0).is_err(), "{text}: {:?}", read(text, 0));
        }
        assert_eq!(read(&"[".repeat(65), 0).map_err(|broken| broken.error("")), Err(JsonError::TooDeep(64)));
    }

    #[test]
    fn a_fault_names_its_place() {
        let text = "x {\n \"a\": NaN}";
        let broken = read(text, 2).expect_err("no number");
        assert_eq!(broken.error(text).to_string(), "line 2, column 7: expected a value");
        assert!(broken.rich && !read("[1-3]", 0).expect_err("no list").rich);
    }
}
