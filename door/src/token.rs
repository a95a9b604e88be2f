//! A secret that goes to its server and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;

/// A token shorter than this is no secret (local servers are given words such as `none`), and hiding it would spoil texts.
const SHORTEST_SECRET: usize = 8;

/// What stands where a server repeated the token.
const HIDDEN: &str = "[key]";

/// It holds a character that no token has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token holds a character that no token has: only visible ASCII can be sent")]
pub struct Unsendable;

/// A bearer token, which is an API key for some servers. It is never shown, not even for debugging.
#[derive(Clone)]
pub struct Token {
    secret: String,
    header: HeaderValue,
}

impl Token {
    /// A token; space around it is left out. None: nothing is left.
    ///
    /// # Errors
    /// It holds something else than the visible characters of ASCII, which are all that a bearer token can be made of.
    pub fn new(secret: &str) -> Result<Option<Self>, Unsendable> {
        let secret = secret.trim();
        if secret.is_empty() {
            return Ok(None);
        }
        let sent = secret.bytes().all(|byte| byte.is_ascii_graphic()).then(|| format!("Bearer {secret}"));
        let mut header = sent.and_then(|sent| HeaderValue::from_str(&sent).ok()).ok_or(Unsendable)?;
        header.set_sensitive(true);
        Ok(Some(Self { secret: secret.to_owned(), header }))
    }

    /// The value of the header `Authorization`.
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The text without the token, and without the beginning of one at its end: a connection can break off within it.
    pub fn hidden_in(&self, text: String) -> String {
        if self.secret.len() < SHORTEST_SECRET {
            return text;
        }
        let mut text = if text.contains(&self.secret) { text.replace(&self.secret, HIDDEN) } else { text };
        let beginnings = (SHORTEST_SECRET..self.secret.len()).rev().filter_map(|end| self.secret.get(..end));
        let begun = beginnings.into_iter().find(|begun| text.ends_with(begun));
        if let Some(begun) = begun {
            text.truncate(text.len() - begun.len());
            text.push_str(HIDDEN);
        }
        text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_neither_shown_nor_left_in_texts() {
        let key = |secret| Token::new(secret).expect("it can be sent").expect("a key");
        let word = key("none");
        let key = key(" sk-canary-1234\n");
        assert_eq!(format!("{key:?} {:?}", key.header()), "Token Sensitive");
        assert_eq!(key.hidden_in("wrong key sk-canary-1234!".to_owned()), "wrong key [key]!");
        assert_eq!(key.hidden_in("wrong key sk-canary-12".to_owned()), "wrong key [key]");
        assert_eq!(key.hidden_in("it begins with sk-".to_owned()), "it begins with sk-");
        assert_eq!(word.hidden_in("none of it".to_owned()), "none of it");
    }

    #[test]
    fn what_no_header_can_hold_is_refused_and_not_repeated() {
        for secret in ["sk-canary\n1234", "sk-canary-1234\u{1}", "sk-kanärie-1234", "sk canary 1234"] {
            let error = Token::new(secret).expect_err(secret).to_string();
            assert!(!error.contains("1234"), "{error}");
        }
        assert!([" ", ""].iter().all(|nothing| matches!(Token::new(nothing), Ok(None))));
    }
}
