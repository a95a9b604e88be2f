//! Values without parts, as models write them: texts, numbers, words.

use super::{Fault, Reader};
use crate::answer::work;

impl<'a> Reader<'a> {
    /// The longest beginning of the rest that holds such characters only.
    pub(super) fn run(&self, of: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c: char| !of(c)).unwrap_or(rest.len());
        work::looked_at(length);
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn number(&mut self) -> Result<(), Fault> {
        let written = self.run(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'));
        let length = written.len();
        if is_number(written) {
            self.out.push_str(written);
            self.at += length;
            return Ok(());
        }
        let unsigned = written.strip_prefix('+').unwrap_or(written);
        let (sign, digits) = unsigned.strip_prefix('-').map_or(("", unsigned), |digits| ("-", digits));
        let whole = digits.strip_suffix('.').filter(|whole| !whole.is_empty() && !whole.contains('.'));
        let zero = if digits.starts_with('.') { "0" } else { "" };
        let number = format!("{sign}{zero}{}", whole.unwrap_or(digits));
        if !is_number(&number) {
            return Err(Fault::Syntax("this is no number of JSON"));
        }
        self.changed |= number != written;
        self.out.push_str(&number);
        self.at += length;
        Ok(())
    }

    /// A text between quotation marks, with what may not stand in a JSON string written as JSON writes it.
    pub(super) fn string(&mut self, opening: char) -> Result<(), Fault> {
        let closing = if opening == '\u{201c}' { '\u{201d}' } else { opening };
        self.changed |= opening != '"';
        self.rich = true;
        self.skip(opening);
        self.out.push('"');
        loop {
            let plain = self.run(|c| c >= ' ' && !matches!(c, '\\' | '"' | '\'' | '\u{201c}' | '\u{201d}'));
            self.out.push_str(plain);
            self.at += plain.len();
            let Some(character) = self.peek() else { return Err(Fault::Syntax("a text has no end")) };
            match character {
                '\\' => {
                    self.escape()?;
                    continue;
                }
                c if c == closing => {
                    self.skip(c);
                    self.out.push('"');
                    return Ok(());
                }
                // Between typographic quotation marks the others could be the end as well.
                '"' | '\u{201c}' if closing == '\u{201d}' => return Err(Fault::Syntax("a text has two kinds of ends")),
                '"' => {
                    self.changed = true;
                    self.out.push_str("\\\"");
                }
                c if c < ' ' => {
                    self.changed = true;
                    match c {
                        '\n' => self.out.push_str("\\n"),
                        '\r' => self.out.push_str("\\r"),
                        '\t' => self.out.push_str("\\t"),
                        c => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                    }
                }
                c => self.out.push(c),
            }
            self.skip(character);
        }
    }

    /// A backslash with what belongs to it. `\'` is an apostrophe; what else JSON does not know could mean two things.
    fn escape(&mut self) -> Result<(), Fault> {
        let escaped = self.rest().chars().nth(1);
        match escaped {
            Some('\'') => {
                self.changed = true;
                self.out.push('\'');
            }
            Some(c @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                self.out.push('\\');
                self.out.push(c);
            }
            _ => return Err(Fault::Syntax("a backslash before something that needs none")),
        }
        self.at += 2;
        Ok(())
    }
}

/// Whether a text is a number of JSON: no plus sign, no zeros in front, digits on both sides of a point.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent_fits
}
