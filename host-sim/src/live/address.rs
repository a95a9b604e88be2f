//! The base address of a server, as people write it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use super::server_error::{KEY_VARIABLE, ServerError};

/// Ends of addresses that name an endpoint, below which nothing is.
const ENDPOINTS: [&str; 5] = ["/chat/completions", "/completions", "/responses", "/embeddings", "/models"];

/// Where most servers have their endpoints.
const VERSION: &str = "v1";

/// A base address. Clones share what is found out about it.
#[derive(Clone, Debug)]
pub(super) struct Address {
    given: Url,
    version: Arc<Mutex<Version>>,
}

/// Whether the endpoints are below [`VERSION`], which the address does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Version {
    #[default]
    Untried,
    Added,
    /// Nothing was there either.
    Wrong,
}

impl Address {
    pub(super) fn read(text: &str) -> Result<Self, ServerError> {
        let wrong =
            |text: &str, reason: &str| ServerError::Address { text: text.to_owned(), reason: reason.to_owned() };
        // What cannot be read may hold a password all the same, so it is not repeated.
        let mut url = Url::parse(text.trim()).map_err(|error| wrong("…", &error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            let reason = format!("it holds more than a place; a key belongs into {}", KEY_VARIABLE);
            return Err(wrong("…", &reason));
        }
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong(text, "neither http nor https"));
        }
        let path = url.path().trim_end_matches('/');
        let base = ENDPOINTS.iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path).to_owned();
        url.set_path(&base);
        Ok(Self { given: url, version: Arc::default() })
    }

    fn version(&self) -> MutexGuard<'_, Version> {
        self.version.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of something below it.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut base = self.given.path().trim_end_matches('/').to_owned();
        if *self.version() == Version::Added {
            base = format!("{base}/{VERSION}");
        }
        let mut url = self.given.clone();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    /// Nothing is at `tried`, where `path` was looked for. Whether it may be somewhere else now.
    pub(super) fn moves(&self, tried: &Url, path: &str) -> bool {
        if self.at(path) != *tried {
            return true;
        }
        let mut version = self.version();
        *version = match *version {
            Version::Untried if !self.has_version() => Version::Added,
            _ => Version::Wrong,
        };
        *version == Version::Added
    }

    /// Whether a part of it is a version, such as `v1` or `v1beta`.
    fn has_version(&self) -> bool {
        let is_version = |part: &str| {
            part == VERSION || part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        self.given.path().split('/').any(is_version)
    }

    /// The address that is used, if it is not the one that was given.
    pub(super) fn corrected(&self) -> Option<String> {
        let is_added = *self.version() == Version::Added;
        is_added.then(|| self.shown())
    }

    /// As messages show it: without a slash at its end.
    pub(super) fn shown(&self) -> String {
        self.at("").to_string().trim_end_matches('/').to_owned()
    }

    pub(super) fn given(&self) -> &Url {
        &self.given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_added_to_the_base_address() {
        let rows = [
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/models"),
            ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/models"),
            (" http://127.0.0.1:8080/v1// ", "http://127.0.0.1:8080/v1/models"),
            ("http://[::1]:8080", "http://[::1]:8080/models"),
            ("http://h/v1/chat/completions", "http://h/v1/models"),
            ("http://h/v1/chat/completions/", "http://h/v1/models"),
            ("http://h/api/v1/models", "http://h/api/v1/models"),
            ("https://h/openai/deployments/m", "https://h/openai/deployments/m/models"),
        ];
        for (base, models) in rows {
            assert_eq!(Address::read(base).expect(base).at("models").as_str(), models, "{base}");
        }
    }

    #[test]
    fn a_version_is_added_once_and_only_where_there_is_none() {
        let moved = |base: &str| {
            let address = Address::read(base).expect(base);
            address.moves(&address.at("models"), "models").then(|| address.at("models").to_string())
        };
        assert_eq!(moved("http://h:1").as_deref(), Some("http://h:1/v1/models"));
        assert_eq!(moved("http://h/vllm/").as_deref(), Some("http://h/vllm/v1/models"), "no version");
        for base in ["http://h/v1", "http://h/api/v1", "http://h/v1beta/openai", "http://h/v4"] {
            assert_eq!(moved(base), None, "{base}");
        }
        let bare = Address::read("http://h:1").expect("an address");
        let first = bare.at("models");
        assert!(bare.moves(&first, "models") && bare.moves(&first, "models"), "one that was asked before");
        assert_eq!(bare.corrected().as_deref(), Some("http://h:1/v1"));
        assert!(!bare.moves(&bare.at("models"), "models"), "it is nowhere");
        assert_eq!((bare.at("models"), bare.corrected()), (first, None));
    }

    #[test]
    fn an_address_holds_a_place_and_no_secret() {
        for base in
            ["http://user:hush@h/v1", "http://h/v1?key=hush", "http://h/v1#hush", "hush", "http://hush:x", "ftp://h"]
        {
            let error = Address::read(base).expect_err(base).to_string();
            assert!(!error.contains("hush") && error.contains("base address"), "{error}");
        }
    }
}
