//! Text that others wrote, made fit to be shown.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

pub use parallel_agents_engine::text::dollars;
use serde_json::Value;

/// Characters for each column of a cut text at most: signs without a width of their own can be piled up without end.
const MAX_PILE: usize = 16;

/// One line without anything that a terminal would obey: control characters and marks that turn the direction of writing
/// around are shown as escapes. Joiners stay, since many scripts and emoji need them.
pub fn shown(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\t' | '\n' | '\r' => line.push(' '),
            sign if sign.is_control() || is_invisible(sign) => line.extend(sign.escape_unicode()),
            sign => line.push(sign),
        }
    }
    line
}

/// Several lines, each fit to be shown.
pub fn shown_lines(text: &str) -> String {
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

/// A document over several lines, fit to be shown and the same document still: in JSON such signs stand in texts alone.
pub fn shown_json(document: &Value) -> String {
    let text = format!("{document:#}");
    let mut shown = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign != '\n' && (sign.is_control() || is_invisible(sign)) {
            let units = sign.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            shown.push_str(&units);
        } else {
            shown.push(sign);
        }
    }
    shown
}

/// Columns that a terminal needs for a line: wide scripts and emoji take two for a character, combining marks none.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// At most `width` columns, the sign of the cut included. What belongs together, such as a letter with its marks, is not
/// torn apart.
pub fn cut(text: &str, width: usize) -> String {
    let is_short = text.len() <= width.saturating_mul(MAX_PILE) || text.chars().nth(width * MAX_PILE).is_none();
    if is_short && columns(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let (mut kept, mut taken, mut characters) = (0, 0, 0);
    for (at, cluster) in text.grapheme_indices(true) {
        taken += columns(cluster);
        characters += cluster.chars().count();
        if taken > room || characters > room * MAX_PILE {
            break;
        }
        kept = at + cluster.len();
    }
    format!("{}…", text[..kept].trim_end())
}

/// A text with spaces behind it, so that it takes at least `width` columns.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Breaks a text at spaces into lines of at most `width` columns and indents each. A word that is longer stays whole.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.len()).max(1);
    filled(text.split_whitespace(), room).iter().map(|line| format!("{indent}{line}\n")).collect()
}

/// Sentences in lines of at most `width` columns. A line ends within a sentence only if that is longer than a line.
pub fn sentences<'a>(texts: impl IntoIterator<Item = &'a str>, width: usize) -> String {
    filled(texts, width).iter().map(|line| wrapped(line, width, "")).collect()
}

/// Puts as many parts into each line as have room there.
fn filled<'a>(parts: impl IntoIterator<Item = &'a str>, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(part) <= room => {
                line.push(' ');
                line.push_str(part);
            }
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

/// A text as one word of a shell's command line.
pub fn shell_word(text: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-:@%+=,".contains(sign);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A number with a separator between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration as people say it.
pub fn duration(seconds: f64) -> String {
    parallel_agents_engine::text::duration((seconds * 1_000.0).round() as u64)
}

/// A count with its noun.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Signs that hide text or turn its direction around. U+200C and U+200D, which join and separate letters, are none.
fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_obey() {
        assert_eq!(shown("a\u{1b}[31mred\u{7}\u{202e}b\nc"), "a\\u{1b}[31mred\\u{7}\\u{202e}b c");
    }

    #[test]
    fn a_document_is_shown_with_escapes_and_stays_the_same_document() {
        let document =
            serde_json::json!({ "a\u{9b}31m": ["\u{202e}b\u{7f}\n", "\u{e0041}", "می\u{200c}خواهم 👩\u{200d}👧"] });
        let shown = shown_json(&document);
        assert!(shown.lines().count() > 4 && shown.contains("\"a\\u009b31m\""), "{shown}");
        assert!(shown.contains("\"\\u202eb\\u007f\\n\"") && shown.contains("\"\\udb40\\udc41\""), "{shown}");
        assert!(shown.contains("\"می\u{200c}خواهم 👩\u{200d}👧\""), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).expect("JSON"), document);
    }

    #[test]
    fn joiners_stay_and_overrides_do_not() {
        // Persian "I want", a Hindi half letter, and a family of three, which are other words without their joiners.
        for text in ["می\u{200c}خواهم", "क\u{94d}\u{200d}ष", "👩\u{200d}👩\u{200d}👧", "한국어 e\u{301}"]
        {
            assert_eq!(shown(text), text);
        }
        for sign in [
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{200e}',
            '\u{200f}',
            '\u{61c}',
            '\u{200b}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert_eq!(shown(&sign.to_string()), sign.escape_unicode().to_string());
        }
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        for (text, width) in [
            ("abc", 3),
            ("日本語", 6),
            ("한국", 4),
            ("e\u{301}", 1),
            ("می\u{200c}خواهم", 7),
            ("👍🏽", 2),
            ("👩\u{200d}👩\u{200d}👧", 2),
            ("ＡＢ", 4),
        ] {
            assert_eq!((columns(text), columns(&padded(text, 9))), (width, 9), "{text}");
        }
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語です", 6), "日本…");
        assert_eq!(cut("日本語です", 5), "日本…");
        assert_eq!(cut("ae\u{301}e\u{301}e\u{301}", 3), "ae\u{301}…", "a letter keeps its marks");
        assert_eq!(cut("x👩\u{200d}👩\u{200d}👧yz", 3), "x…", "a family is not torn apart");
        assert!(cut(&"\u{301}".repeat(100_000), 10).len() < 1_000, "marks cannot be piled up without end");
        for width in 0..12 {
            assert!(columns(&cut("a日e\u{301}👍🏽本語xyz", width)) <= width.max(1), "{width}");
        }
    }

    #[test]
    fn cutting_and_wrapping_count_columns() {
        assert_eq!(wrapped("日本 語で す", 7, " "), " 日本\n 語で\n す\n");
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(wrapped("one two three", 9, "  "), "  one two\n  three\n");
        assert_eq!(wrapped("", 9, "  "), "");
        assert_eq!(
            sentences(["One.", "Two three.", "Four five six seven."], 15),
            "One. Two three.\nFour five six\nseven.\n"
        );
    }

    #[test]
    fn words_of_a_shell_stay_one_word() {
        assert_eq!(shell_word("/a/b-1.journal"), "/a/b-1.journal");
        assert_eq!(shell_word("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn numbers_are_grouped_and_durations_rounded() {
        assert_eq!((thousands(7).as_str(), thousands(1_234_567).as_str()), ("7", "1,234,567"));
        assert_eq!((duration(4.26).as_str(), duration(61.9).as_str()), ("4.3 s", "1 min 01 s"));
        assert_eq!(duration(7_384.0), "2 h 03 min");
    }
}
