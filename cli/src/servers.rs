//! Which model server is asked when nobody names one: those that the environment names, then this machine's.

use std::env;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::anyhow;
use futures::future::join_all;
use host_sim::live::{KEY_VARIABLE, ModelServer, ServerError};
use parallel_agents_door::Token;
use reqwest::Url;

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::text::shown;

/// Where OpenAI's own server is; a key without an address is for that one.
const OPENAI: &str = "https://api.openai.com/v1";

/// The address of a server that is to be asked, in the words of OpenAI's own clients.
pub const ADDRESS_VARIABLE: &str = "OPENAI_BASE_URL";

/// How long a server may take to list its models: one that somebody named, and one that may not be there.
const NAMED_TIMEOUT: Duration = Duration::from_secs(10);
const GUESSED_TIMEOUT: Duration = Duration::from_millis(500);

/// What to do where no server is.
const START_ONE: &str = "start one (`ollama serve`, or `llama-server -m MODEL.gguf --port 8080`), set OPENAI_API_KEY, name one with \
                         --base-url URL, or take scripted answers with --backend script";

/// A place where a server may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Why it may be there.
    pub origin: &'static str,
    pub base_url: String,
    /// Whether somebody named it. Only such a server is sent the key: on a usual port anybody may listen.
    pub is_named: bool,
}

/// A server that was asked for its models.
pub struct Tried {
    pub candidate: Candidate,
    /// Whether it is on this machine.
    pub is_local: bool,
    /// The names of its models, or why there are none.
    pub models: Result<Vec<String>, String>,
}

/// The places to look at, by the environment of this program.
pub fn candidates() -> Vec<Candidate> {
    candidates_of(|name| env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()))
}

fn candidates_of(variable: impl Fn(&str) -> Option<String>) -> Vec<Candidate> {
    let named = |origin, base_url| Candidate { origin, base_url, is_named: true };
    if let Some(address) = variable(ADDRESS_VARIABLE) {
        // Source code must not go to another server than the one that was chosen.
        return vec![named(ADDRESS_VARIABLE, address)];
    }
    let guessed = |origin, base_url| Candidate { origin, base_url, is_named: false };
    let openai = variable(KEY_VARIABLE).map(|_| named(KEY_VARIABLE, OPENAI.to_owned()));
    let ollama = variable("OLLAMA_HOST").and_then(|host| ollama(&host));
    let llama_port = variable("LLAMA_ARG_PORT").and_then(|port| port.parse::<u16>().ok()).unwrap_or(8080);
    let local = [
        guessed("Ollama", ollama.unwrap_or_else(|| "http://127.0.0.1:11434/v1".to_owned())),
        guessed("llama.cpp", format!("http://127.0.0.1:{llama_port}/v1")),
    ];
    openai.into_iter().chain(local).collect()
}

/// The base address that a value of `OLLAMA_HOST` stands for: `HOST`, `HOST:PORT` or an address.
fn ollama(host: &str) -> Option<String> {
    let has_scheme = host.contains("://");
    let mut url = Url::parse(&if has_scheme { host.to_owned() } else { format!("http://{host}") }).ok()?;
    // What a server listens on is no place to ask.
    if matches!(url.host_str(), Some("0.0.0.0" | "[::]")) {
        url.set_host(Some("127.0.0.1")).ok()?;
    }
    if url.port().is_none() && !has_scheme {
        url.set_port(Some(11_434)).ok()?;
    }
    url.set_path("/v1");
    Some(url.to_string())
}

/// Asks all places at once, in vain for at most half a second where nobody named one.
pub async fn look(candidates: Vec<Candidate>) -> Vec<Tried> {
    join_all(candidates.into_iter().map(look_at)).await
}

async fn look_at(candidate: Candidate) -> Tried {
    let models = models(&candidate).await;
    Tried { is_local: is_local(&candidate.base_url), models, candidate }
}

async fn models(candidate: &Candidate) -> Result<Vec<String>, String> {
    let key = if candidate.is_named { env::var_os(KEY_VARIABLE) } else { None };
    let key = Token::new(&key.unwrap_or_default().to_string_lossy()).map_err(|error| error.to_string())?;
    let server = ModelServer::new(&candidate.base_url, key).map_err(|error| error.to_string())?;
    let timeout = if candidate.is_named { NAMED_TIMEOUT } else { GUESSED_TIMEOUT };
    match tokio::time::timeout(timeout, server.only_model(|_| ())).await {
        Ok(Ok(model)) => Ok(vec![model]),
        Ok(Err(ServerError::Choice { names, .. })) => Ok(names),
        // The address stands beside it.
        Ok(Err(ServerError::Unreachable { reason, .. })) => Err(reason),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
    }
}

/// Whether an address is one of this machine's own.
fn is_local(base_url: &str) -> bool {
    let url = Url::parse(base_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The first server that listed its models.
pub async fn find() -> Result<Tried, Failure> {
    let mut tried = look(candidates()).await;
    match tried.iter().position(|each| each.models.is_ok()) {
        Some(at) => Ok(tried.swap_remove(at)),
        None => Err(none(&tried)),
    }
}

fn none(tried: &[Tried]) -> Failure {
    let mut places = String::new();
    for Tried { candidate, models, .. } in tried {
        let why = models.as_ref().err().map(|why| shown(why)).unwrap_or_default();
        places.push_str(&format!("\n  {} at {}: {why}", candidate.origin, shown(&candidate.base_url)));
    }
    let fault = Fault::new("--base-url", format!("no model server was found; tried:{places}")).hint(START_ONE);
    Failure::Broken { code: "E_NO_MODEL_SERVER", error: anyhow!(fault) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Vec<(&'static str, String, bool)> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let of = |candidate: Candidate| (candidate.origin, candidate.base_url, candidate.is_named);
        candidates_of(variable).into_iter().map(of).collect()
    }

    #[test]
    fn the_environment_comes_before_this_machine() {
        let local = || {
            [
                ("Ollama", "http://127.0.0.1:11434/v1".to_owned(), false),
                ("llama.cpp", "http://127.0.0.1:8080/v1".to_owned(), false),
            ]
        };
        assert_eq!(found(&[]), local());
        let keyed = found(&[("OPENAI_API_KEY", "sk-1234567890")]);
        assert_eq!(keyed.first(), Some(&("OPENAI_API_KEY", OPENAI.to_owned(), true)));
        assert_eq!(keyed[1..], local());
        let both = found(&[("OPENAI_API_KEY", "sk-1234567890"), ("OPENAI_BASE_URL", "http://10.0.0.1:1/v1")]);
        assert_eq!(both, [("OPENAI_BASE_URL", "http://10.0.0.1:1/v1".to_owned(), true)], "and to no other");
    }

    #[test]
    fn local_servers_may_be_elsewhere() {
        for (host, base_url) in [
            ("10.0.0.5", "http://10.0.0.5:11434/v1"),
            ("127.0.0.1:12000", "http://127.0.0.1:12000/v1"),
            ("0.0.0.0", "http://127.0.0.1:11434/v1"),
            ("https://models.example.com", "https://models.example.com/v1"),
            ("::bad::", "http://127.0.0.1:11434/v1"),
        ] {
            assert_eq!(found(&[("OLLAMA_HOST", host)])[0].1, base_url, "{host}");
        }
        assert_eq!(found(&[("LLAMA_ARG_PORT", "9000")])[1].1, "http://127.0.0.1:9000/v1");
    }
}
