//! Looks into a text under review, so that scripted reviews can quote what really stands there.

use serde::Serialize;

/// Characters of a line that are quoted; the review schemas allow 240.
const QUOTED_CHARS: usize = 200;

/// A line of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// Counted from 1.
    pub number: usize,
    /// Without the space around it, at most [`QUOTED_CHARS`] characters of it, exactly as it stands.
    pub text: String,
}

/// The lines worth quoting: those that say something, else those that are not blank.
pub(super) fn telling_lines(text: &str) -> Vec<Line> {
    let lines: Vec<Line> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| Line { number: index + 1, text: first_chars(line.trim(), QUOTED_CHARS).to_owned() })
        .collect();
    let telling: Vec<Line> = lines.iter().filter(|line| says_something(&line.text)).cloned().collect();
    if telling.is_empty() { lines } else { telling }
}

/// A brace or an `end` alone is no evidence of anything.
fn says_something(line: &str) -> bool {
    line.chars().filter(|c| c.is_alphanumeric()).count() >= 5
}

/// The first line that contains one of the words, in any case.
pub(super) fn line_with(text: &str, words: &[String]) -> Option<Line> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    telling_lines(text).into_iter().find(|line| {
        let line = line.text.to_lowercase();
        words.iter().any(|word| line.contains(word))
    })
}

/// The beginning of a text on one line, with an ellipsis if something is left out.
pub(super) fn excerpt(text: &str, chars: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= chars {
        return flat;
    }
    let kept = first_chars(&flat, chars.saturating_sub(1));
    // A word cut in two reads badly; one long word has to be cut all the same.
    let kept = match kept.rsplit_once(' ') {
        Some((whole, _)) if whole.len() * 2 > kept.len() => whole,
        _ => kept,
    };
    format!("{}…", kept.trim_end())
}

/// The first words of a text as one tag, for example `#OpeningNight`.
pub(super) fn hashtag(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2).take(3);
    let tag: String = words.map(capitalised).collect();
    format!("#{}", if tag.is_empty() { "Scripted".to_owned() } else { tag })
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let first = first_chars(text, 1);
    format!("{}{}", first.to_uppercase(), &text[first.len()..])
}

/// At most this many characters from the front.
pub(super) fn first_chars(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "fn main() {\n\n    let total = add(1, 2);\n}\n";

    #[test]
    fn lines_are_numbered_as_an_editor_numbers_them() {
        let lines = telling_lines(CODE);
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(lines[1].text, "let total = add(1, 2);");
    }

    #[test]
    fn a_text_of_braces_still_has_lines() {
        assert_eq!(telling_lines("{\n\n}\n").len(), 2);
        assert_eq!(telling_lines(" \n"), []);
    }

    #[test]
    fn a_line_is_found_by_any_word() {
        let found = line_with(CODE, &["missing".into(), "TOTAL".into()]);
        assert_eq!(found.map(|line| line.number), Some(3));
        assert_eq!(line_with(CODE, &["missing".into()]), None);
    }

    #[test]
    fn an_excerpt_keeps_to_its_length_and_to_characters() {
        assert_eq!(excerpt(" one\n two ", 20), "one two");
        assert_eq!(excerpt("one two three", 10), "one two…");
        assert_eq!(excerpt("ääääääääää", 4), "äää…");
        assert_eq!(excerpt("abc", 0), "…");
    }

    #[test]
    fn a_hashtag_is_one_word() {
        assert_eq!(hashtag("the opening of a bakery, at last"), "#TheOpeningBakery");
        assert_eq!(hashtag("…"), "#Scripted");
    }
}
