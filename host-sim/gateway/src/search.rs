//! Words in long texts: prompts have some thousand characters, and each is looked through several times.

use memchr::{memchr, memmem};

/// Whether a character of one byte is there.
pub(crate) fn has(text: &str, character: u8) -> bool {
    memchr(character, text.as_bytes()).is_some()
}

/// Where the words stand first.
pub(crate) fn find(text: &str, words: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), words.as_bytes())
}

/// Where the words stand, from the front; no two places overlap.
pub(crate) fn places<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = usize> + use<'a> {
    memmem::find_iter(text.as_bytes(), words)
}

/// What stands before and behind the first place of the words.
pub(crate) fn around<'a>(text: &'a str, words: &str) -> Option<(&'a str, &'a str)> {
    let (before, rest) = text.split_at_checked(find(text, words)?)?;
    Some((before, rest.strip_prefix(words)?))
}

/// What stands behind the last place of the words.
pub(crate) fn behind_last<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    // Forwards: only this direction has vector instructions.
    text.get(places(text, words).last()?..)?.strip_prefix(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_places_are_found_as_by_the_standard_library() {
        for text in ["", "é", "né–né–", "–né", "nénéné", "a\nné\n"] {
            assert_eq!(has(text, b'\n'), text.contains('\n'), "{text}");
            for words in ["né", "–", "\nné\n", "nénén"] {
                assert_eq!(find(text, words), text.find(words), "{text} {words}");
                assert!(places(text, words).eq(text.match_indices(words).map(|(at, _)| at)), "{text} {words}");
                assert_eq!(around(text, words), text.split_once(words), "{text} {words}");
                assert_eq!(behind_last(text, words), text.rsplit_once(words).map(|(_, rest)| rest), "{text} {words}");
            }
        }
    }
}
