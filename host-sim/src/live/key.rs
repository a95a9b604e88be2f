//! The API key, which goes to the server and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;

use super::client::ServerError;

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

    /// A key; space around it is left out. None: nothing is left.
    ///
    /// # Errors
    /// It holds something else than the visible characters of ASCII, which are all that a bearer token can be made of.
    pub fn new(secret: &str) -> Result<Option<Self>, ServerError> {
        let secret = secret.trim();
        if secret.is_empty() {
            return Ok(None);
        }
        let sent = secret.bytes().all(|byte| byte.is_ascii_graphic()).then(|| format!("Bearer {secret}"));
        let mut header = sent.and_then(|sent| HeaderValue::from_str(&sent).ok()).ok_or(ServerError::Key)?;
        header.set_sensitive(true);
        Ok(Some(Self { secret: secret.to_owned(), header }))
    }

    /// The value of the header `Authorization`.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The text without the key, and without the beginning of one at its end: a connection can break off within it.
    pub(crate) fn hidden_in(&self, text: String) -> String {
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
        let key = |secret| ApiKey::new(secret).expect("it can be sent").expect("a key");
        let word = key("none");
        let key = key(" sk-canary-1234\n");
        assert_eq!(format!("{key:?} {:?}", key.header()), "ApiKey Sensitive");
        assert_eq!(key.hidden_in("wrong key sk-canary-1234!".to_owned()), "wrong key [key]!");
        assert_eq!(key.hidden_in("wrong key sk-canary-12".to_owned()), "wrong key [key]");
        assert_eq!(key.hidden_in("it begins with sk-".to_owned()), "it begins with sk-");
        assert_eq!(word.hidden_in("none of it".to_owned()), "none of it");
    }

    #[test]
    fn what_no_header_can_hold_is_refused_and_not_repeated() {
        for secret in ["sk-canary\n1234", "sk-canary-1234\u{1}", "sk-kanärie-1234", "sk canary 1234"] {
            let error = ApiKey::new(secret).expect_err(secret).to_string();
            assert!(error.contains(ApiKey::VARIABLE) && !error.contains("1234"), "{error}");
        }
        assert!([" ", ""].iter().all(|nothing| matches!(ApiKey::new(nothing), Ok(None))));
    }
}
