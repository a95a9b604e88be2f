//! Text that others wrote, made fit to be shown.

pub use parallel_agents::text::dollars;

/// One line without anything that a terminal would obey: control characters and marks that turn the direction of writing
/// around are shown as escapes.
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

/// At most `width` characters, the sign of the cut included.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().nth(width).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Breaks a text at spaces into lines of at most `width` characters and indents each. A word that is longer stays whole.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.len()).max(1);
    filled(text.split_whitespace(), room).iter().map(|line| format!("{indent}{line}\n")).collect()
}

/// Sentences in lines of at most `width` characters. A line ends within a sentence only if that is longer than a line.
pub fn sentences<'a>(texts: impl IntoIterator<Item = &'a str>, width: usize) -> String {
    filled(texts, width).iter().map(|line| wrapped(line, width, "")).collect()
}

/// Puts as many parts into each line as have room there.
fn filled<'a>(parts: impl IntoIterator<Item = &'a str>, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + part.chars().count() <= room => {
                line.push(' ');
                line.push_str(part);
            }
            _ => lines.push(part.to_owned()),
        }
    }
    lines
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
    parallel_agents::text::duration((seconds * 1_000.0).round() as u64)
}

/// A count with its noun.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_obey() {
        assert_eq!(shown("a\u{1b}[31mred\u{7}\u{202e}b\nc"), "a\\u{1b}[31mred\\u{7}\\u{202e}b c");
    }

    #[test]
    fn cutting_and_wrapping_count_characters() {
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
    fn numbers_are_grouped_and_durations_rounded() {
        assert_eq!((thousands(7).as_str(), thousands(1_234_567).as_str()), ("7", "1,234,567"));
        assert_eq!((duration(4.26).as_str(), duration(61.9).as_str()), ("4.3 s", "1 min 01 s"));
        assert_eq!(duration(7_384.0), "2 h 03 min");
    }
}
