//! How foreign text is cut and shown: on character boundaries, with nothing in it that could act on a terminal.

use crate::order;
use std::borrow::Cow;

/// What a message echoes of foreign input, in bytes.
pub const MAX_ECHO_BYTES: usize = 64;

/// What an error message for people may hold, in characters.
pub const MAX_MESSAGE_CHARS: usize = 300;

/// The longest prefix of at most `bytes` bytes that ends on a character boundary.
pub fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The longest suffix of at most `bytes` bytes that starts on a character boundary.
pub fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

/// The longest prefix of at most `count` characters.
pub fn first_chars(text: &str, count: usize) -> &str {
    // Bytes are at least as many as characters.
    if text.len() <= count {
        return text;
    }
    text.char_indices().nth(count).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// The parts of a text with something after them that is never cut; together they have at most `count` characters if the
/// suffix alone has no more.
pub fn with_suffix(parts: &[&str], suffix: &[&str], count: usize) -> String {
    let mut text = String::with_capacity(parts.iter().chain(suffix).map(|part| part.len()).sum());
    text.extend(parts.iter().copied());
    let room = count.saturating_sub(suffix.iter().map(|part| part.chars().count()).sum());
    text.truncate(first_chars(&text, room).len());
    text.extend(suffix.iter().copied());
    text
}

/// Digits that a number of 64 bits has in base 16.
pub const HEXADECIMAL_DIGITS: usize = 16;

/// A number in 16 lower-case digits.
pub fn hexadecimal(number: u64) -> String {
    String::from_utf8_lossy(&digits(number)).into_owned()
}

/// The same as characters of ASCII.
pub fn digits(number: u64) -> [u8; HEXADECIMAL_DIGITS] {
    let mut digits = [0; HEXADECIMAL_DIGITS];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        let value = (rest & 0xf) as u8;
        *digit = if value < 10 { b'0' + value } else { b'a' - 10 + value };
        rest >>= 4;
    }
    digits
}

/// Quotes at most 64 bytes of foreign text, escaped.
pub fn quoted(text: &str) -> String {
    let shown = head(text, MAX_ECHO_BYTES);
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", escaped(shown))
}

/// Makes a message of the host's words: one line of at most 300 characters, escaped.
pub fn message(text: &str) -> String {
    let shown = escaped(head(text, 4 * MAX_MESSAGE_CHARS));
    match shown.char_indices().nth(MAX_MESSAGE_CHARS - 1) {
        Some((at, _)) if shown.chars().count() > MAX_MESSAGE_CHARS => format!("{}…", head(&shown, at)),
        _ => shown.into_owned(),
    }
}

/// Micro-dollars as people read them, to so many digits behind the point; six are all.
pub fn dollars(micro_usd: u64, digits: usize) -> String {
    let cents = format!("{:06}", micro_usd % 1_000_000);
    format!("${}.{}", micro_usd / 1_000_000, cents.get(..digits).unwrap_or(&cents))
}

/// A duration as people say it.
pub fn duration(ms: u64) -> String {
    let tenths = ms.saturating_add(50) / 100;
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    // What is rounded up to a minute is one.
    let seconds = (ms / 1_000).max(60);
    match seconds {
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// Replaces every character that acts instead of showing: C0 and C1 controls, bidirectional and zero-width marks.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if acts(c) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// Whether a character changes how other text is shown rather than showing itself.
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The names nearest to a mistyped one, best first, at most three.
///
/// Near means that a third of the letters differ at most (a swap of neighbours counts once), or that it is a part.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = head(wanted, MAX_ECHO_BYTES).to_lowercase();
    let ranked = names
        .filter_map(|name| {
            let distance = strsim::osa_distance(&wanted, name);
            let part = !wanted.is_empty() && name.contains(&wanted);
            (part || distance <= name.len().max(wanted.len()) / 3).then_some((distance, name))
        })
        .collect();
    order::sorted(ranked).into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_on_character_boundaries() {
        assert_eq!(head("aé", 2), "a");
        assert_eq!(tail("éa", 2), "a");
        assert_eq!(head("abc", 9), "abc");
        assert_eq!([first_chars("éab", 2), first_chars("éa", 2), first_chars("é", 0)], ["éa", "éa", ""]);
    }

    #[test]
    fn a_suffix_is_not_cut() {
        assert_eq!(
            [
                with_suffix(&["é", "ab"], &["-", "1"], 4),
                with_suffix(&["é"], &["-1"], 4),
                with_suffix(&["a"], &["-1"], 1)
            ],
            ["éa-1", "é-1", "-1"]
        );
    }

    #[test]
    fn numbers_have_16_digits() {
        for number in [0, 0xab, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(hexadecimal(number), format!("{number:016x}"));
        }
    }

    #[test]
    fn durations_are_rounded() {
        assert_eq!([0, 49, 5_469, 59_949].map(duration), ["0.0 s", "0.0 s", "5.5 s", "59.9 s"]);
        assert_eq!([59_950, 60_000].map(duration), ["1 min 00 s"; 2]);
        assert_eq!([61_900, 7_384_000].map(duration), ["1 min 01 s", "2 h 03 min"]);
        assert!(duration(u64::MAX).ends_with(" min"));
    }

    #[test]
    fn money_has_as_many_digits_as_are_wanted() {
        let all = [2, 4, 6, 9].map(|digits| dollars(12_050_499, digits));
        assert_eq!(all, ["$12.05", "$12.0504", "$12.050499", "$12.050499"]);
        assert_eq!(dollars(7, 6), "$0.000007");
    }

    #[test]
    fn shows_nothing_that_acts() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}\n"), r#""a\u{1b}[31m\u{202e}\n""#);
        assert!(message(&"x".repeat(5_000)).chars().count() <= MAX_MESSAGE_CHARS);
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        let names = ["code_reviewer", "security_reviewer", "content_writer_funny"];
        assert_eq!(nearest("code_reveiwer", names.into_iter()), ["code_reviewer"]);
        assert_eq!(nearest("Reviewer", names.into_iter()), ["code_reviewer", "security_reviewer"]);
        assert!(nearest("xyz", names.into_iter()).is_empty());
    }
}
