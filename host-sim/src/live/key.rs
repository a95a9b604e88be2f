//! The API key, which goes to the server and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;

/// A key shorter than this is no secret (local servers are given words such as `none`), and hiding it would spoil texts.
const SHORTEST_SECRET: usize = 8;

/// What stands where a server repeated the key.
const HIDDEN: &str = "[key]";

/// An API key. It is never shown, not even for debugging.
#[derive(Clone)]
pub struct ApiKey {
    secret: String,
    header: HeaderValue,
}

impl ApiKey {
    /// The environment variable that holds it.
    pub const VARIABLE: &str = "OPENAI_API_KEY";

    /// A key; space around it is left out. None if nothing is left, or if it cannot be sent in a header.
    pub fn new(secret: &str) -> Option<Self> {
        let secret = secret.trim();
        let mut header = HeaderValue::from_str(&format!("Bearer {secret}")).ok().filter(|_| !secret.is_empty())?;
        header.set_sensitive(true);
        Some(Self { secret: secret.to_owned(), header })
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The text without the key, and without the beginning of one at its end: a connection can break off within it.
    pub(super) fn hidden_in(&self, text: String) -> String {
        if self.secret.len() < SHORTEST_SECRET {
            return text;
        }
        let mut text = if text.contains(&self.secret) { text.replace(&self.secret, HIDDEN) } else { text };
        let begun = (SHORTEST_SECRET..self.secret.len()).rev().find(|end| text.ends_with(&self.secret[..*end]));
        if let Some(begun) = begun {
            text.truncate(text.len() - begun);
            text.push_str(HIDDEN);
        }
        text
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_neither_shown_nor_left_in_texts() {
        let key = ApiKey::new(" sk-canary-1234\n").expect("a key");
        assert_eq!(format!("{key:?} {:?}", key.header()), "ApiKey Sensitive");
        assert_eq!(key.hidden_in("wrong key sk-canary-1234!".to_owned()), "wrong key [key]!");
        assert_eq!(key.hidden_in("wrong key sk-canary-12".to_owned()), "wrong key [key]");
        assert_eq!(key.hidden_in("it begins with sk-".to_owned()), "it begins with sk-");
        let word = ApiKey::new("none").expect("a key");
        assert_eq!(word.hidden_in("none of it".to_owned()), "none of it");
    }

    #[test]
    fn what_no_header_can_hold_is_no_key() {
        assert!([" ", "", "a\nb", "a\u{1}"].iter().all(|text| ApiKey::new(text).is_none()));
    }
}
