//! How the gateway shortens what it hands out.

use parallel_agents_engine::host::Message;

/// The sign that the gateway leaves where it cut.
const ELLIPSIS: char = '…';

/// Bytes of one text that a host hands out at most: more than the component ever reads of an answer, and far from what one
/// call may take in.
pub(super) const MAX_TEXT_BYTES: usize = 1 << 20;

/// Bytes of the host's own words about a failure, as the contract has it.
pub(super) const MAX_WORDS_BYTES: usize = 1 << 10;

/// Bytes of all texts of one page of a transcript.
pub(super) const MAX_PAGE_BYTES: usize = 8 << 20;

/// Cuts a text to `bytes` bytes, on the boundary of a character. Whether anything was cut.
pub(super) fn cut_bytes(text: &mut String, bytes: usize) -> bool {
    let is_long = text.len() > bytes;
    text.truncate(text.floor_char_boundary(bytes));
    is_long
}

/// Cuts a text to `chars` characters, the sign of the cut included. Whether anything was cut.
pub(super) fn cut_text(text: &mut String, chars: usize) -> bool {
    if text.chars().nth(chars).is_none() {
        return false;
    }
    let keep = text.char_indices().nth(chars.saturating_sub(1)).map_or(0, |(at, _)| at);
    text.truncate(keep);
    text.push(ELLIPSIS);
    true
}

/// Drops messages from the old end until the rest fits into `bytes`. The number of messages that went.
pub(super) fn cut_page(messages: &mut Vec<Message>, bytes: usize) -> u32 {
    let mut room = bytes;
    let mut keep = 0;
    for message in messages.iter().rev() {
        let Some(rest) = room.checked_sub(message.text.len()) else { break };
        room = rest;
        keep += 1;
    }
    let dropped = messages.len() - keep;
    messages.drain(..dropped);
    u32::try_from(dropped).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use parallel_agents_engine::host::MessageRole;

    use super::*;

    fn cut(text: &str, chars: usize) -> (String, bool) {
        let mut text = text.to_owned();
        let was_cut = cut_text(&mut text, chars);
        (text, was_cut)
    }

    #[test]
    fn texts_are_cut_by_characters_and_never_within_one() {
        assert_eq!(cut("äöü", 3), ("äöü".to_owned(), false));
        assert_eq!(cut("äöüß", 3), ("äö…".to_owned(), true));
        assert_eq!(cut("ab", 1), ("…".to_owned(), true));
        assert_eq!(cut("", 0), (String::new(), false));
    }

    #[test]
    fn long_texts_are_cut_by_bytes_and_never_within_a_character() {
        let mut text = "日本語".to_owned();
        assert!(!cut_bytes(&mut text, 9));
        assert!(cut_bytes(&mut text, 8));
        assert_eq!(text, "日本");
        assert!(cut_bytes(&mut text, 2));
        assert_eq!(text, "");
    }

    #[test]
    fn pages_lose_their_oldest_messages() {
        let message = |text: &str| Message {
            role: MessageRole::User,
            text: text.to_owned(),
            truncated: false,
            finish: Default::default(),
            model: None,
            usage: None,
        };
        let mut messages = vec![message("aaaa"), message("bb"), message("cc")];
        assert_eq!(cut_page(&mut messages, 5), 1);
        assert_eq!(messages, [message("bb"), message("cc")]);
        assert_eq!(cut_page(&mut messages, 100), 0);
    }
}
