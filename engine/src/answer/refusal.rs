//! Whether an answer is a polite no.

use std::sync::LazyLock;

/// Beginnings of refusals, one a line, in lower case. A data file, so that languages and habits can be added.
const TEXTS: &str = include_str!("../../../schemas/data/refusals.txt");

/// The lines of the list.
static BEGINNINGS: LazyLock<Vec<&str>> = LazyLock::new(|| TEXTS.lines().filter(|line| !line.is_empty()).collect());

/// A refusal is short; a long text that begins like one goes on to do the work.
const MAX_BYTES: usize = 600;

/// Whether a short text begins like a refusal and holds nothing that could be an answer. Words are no proof; the price of
/// a mistake is another session or a failed task whose text is kept.
pub fn is_refusal(answer: &str) -> bool {
    let text = answer.trim();
    if text.is_empty() || text.len() > MAX_BYTES || text.contains(['{', '[']) || text.contains("```") {
        return false;
    }
    let text = text.to_lowercase().replace('\u{2019}', "'");
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_refusals_are_told_from_answers() {
        for text in
            ["I can't help with that.", "I\u{2019}m sorry, but I cannot do this.", "As an AI, I am unable to browse."]
        {
            assert!(is_refusal(text), "{text}");
        }
        let long = format!("I cannot help with less than this: {}", "word ".repeat(200));
        for text in ["I can do that: done.", "I cannot: {\"a\": 1}", "", &long, "Sorry seems to be the hardest word."] {
            assert!(!is_refusal(text), "{text}");
        }
    }
}
