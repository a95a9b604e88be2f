//! Which model server is asked when nobody names one: those that the environment names, then this machine's.

use std::env;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::anyhow;
use futures::future::join_all;
use host_sim::live::{KEY_VARIABLE, Listing, ModelServer, ServerError};
use parallel_agents_door::Token;
use reqwest::Url;

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::text::shown;
use crate::ui::Ui;

/// Where OpenAI's own server is; a key without an address is for that one.
const OPENAI: &str = "https://api.openai.com/v1";

/// The address of a server that is to be asked, in the words of OpenAI's own clients.
pub const ADDRESS_VARIABLE: &str = "OPENAI_BASE_URL";

/// How long a server may take to say anything: one that somebody named, and one that may not be there.
const NAMED_TIMEOUT: Duration = Duration::from_secs(10);
const GUESSED_TIMEOUT: Duration = Duration::from_millis(500);

/// What to do where no server is.
const START_ONE: &str = "start one (`ollama serve`, or `llama-server -m MODEL.gguf --port 8080`), set OPENAI_API_KEY, name one with \
                         --base-url URL, or take scripted answers with --backend script";

/// What to do where a server was named that does not list its models.
const NAME_ONE: &str = "correct the address, or name a model of that server with --model NAME";

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
    pub answer: Answer,
}

/// What a server says when it is asked for its models.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The names of those that it lists, in its own order.
    Models(Vec<String>),
    /// It will list them later, as when it still loads one: what it says instead.
    NotReady(String),
    /// It is there and does not list them: why. Whoever knows the name of one can use it.
    Unlisted(String),
    /// It is not there, or of no use: why.
    Nothing(String),
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
    // Before any of them is asked: it takes time, which would be that of the others.
    let clients: Vec<_> = candidates.into_iter().map(|candidate| (server(&candidate), candidate)).collect();
    join_all(clients.into_iter().map(|(client, candidate)| look_at(candidate, client))).await
}

async fn look_at(candidate: Candidate, client: Result<ModelServer, ServerError>) -> Tried {
    let answer = ask(&candidate, client).await;
    Tried { is_local: is_local(&candidate.base_url), answer, candidate }
}

async fn ask(candidate: &Candidate, client: Result<ModelServer, ServerError>) -> Answer {
    let server = match client {
        Ok(server) => server,
        Err(error) => return Answer::Nothing(error.to_string()),
    };
    let timeout = if candidate.is_named { NAMED_TIMEOUT } else { GUESSED_TIMEOUT };
    match tokio::time::timeout(timeout, server.models()).await {
        Ok(Ok(Listing::Names(names))) => Answer::Models(names),
        Ok(Ok(Listing::NotReady(why))) => Answer::NotReady(why),
        // The address stands beside it.
        Ok(Err(ServerError::Unreachable { reason, .. })) => Answer::Nothing(reason),
        Ok(Err(
            error @ (ServerError::Models { .. }
            | ServerError::LongList { .. }
            | ServerError::Path { is_page: false, .. }),
        )) => Answer::Unlisted(error.to_string()),
        Ok(Err(error)) => Answer::Nothing(error.to_string()),
        Err(_) => Answer::Nothing(format!("no answer within {} ms", timeout.as_millis())),
    }
}

fn server(candidate: &Candidate) -> Result<ModelServer, ServerError> {
    let key = if candidate.is_named { env::var_os(KEY_VARIABLE) } else { None };
    let key = Token::new(&key.unwrap_or_default().to_string_lossy())?;
    ModelServer::new(&candidate.base_url, key)
}

/// Whether an address is one of this machine's own.
fn is_local(base_url: &str) -> bool {
    let url = Url::parse(base_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The first server that listed its models; where none has, the first that is not ready yet; where a model is `named`, also one that
/// somebody chose and that lists none.
pub async fn find(named: Option<&str>) -> Result<Tried, Failure> {
    choose(look(candidates()).await, named)
}

fn choose(mut tried: Vec<Tried>, named: Option<&str>) -> Result<Tried, Failure> {
    let lists = |each: &Tried| matches!(each.answer, Answer::Models(_));
    let is_late = |each: &Tried| matches!(each.answer, Answer::NotReady(_));
    let is_enough =
        |each: &Tried| named.is_some() && each.candidate.is_named && matches!(each.answer, Answer::Unlisted(_));
    let at = tried.iter().position(lists).or_else(|| tried.iter().position(is_late));
    match at.or_else(|| tried.iter().position(is_enough)) {
        Some(at) => Ok(tried.swap_remove(at)),
        None => Err(none(&tried)),
    }
}

/// The only model of a server that was found. One that is not ready yet is waited for, and standard error says so.
pub async fn only_model(ui: &Ui, found: &Tried) -> Result<String, Failure> {
    match &found.answer {
        Answer::Models(names) => match names.as_slice() {
            [only] => Ok(only.clone()),
            names => {
                let server = found.candidate.base_url.clone();
                Err(ServerError::Choice { server, names: names.to_vec() }.into())
            }
        },
        Answer::NotReady(_) | Answer::Unlisted(_) | Answer::Nothing(_) => {
            Ok(server(&found.candidate)?.only_model(|words| ui.note(&shown(words))).await?)
        }
    }
}

fn none(tried: &[Tried]) -> Failure {
    let mut places = String::new();
    for Tried { candidate, answer, .. } in tried {
        let why = match answer {
            Answer::NotReady(why) | Answer::Unlisted(why) | Answer::Nothing(why) => shown(why),
            Answer::Models(_) => String::new(),
        };
        places.push_str(&format!("\n  {} at {}: {why}", candidate.origin, shown(&candidate.base_url)));
    }
    let is_there = |each: &Tried| each.candidate.is_named && matches!(each.answer, Answer::Unlisted(_));
    let hint = if tried.iter().any(is_there) { NAME_ONE } else { START_ONE };
    let fault = Fault::new("--base-url", format!("no model server was found; tried:{places}")).hint(hint);
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
    fn who_lists_models_comes_before_who_will_and_a_name_is_enough_for_a_chosen_server() {
        let tried = |is_named, answer| {
            let base_url = "http://127.0.0.1:1/v1".to_owned();
            Tried { candidate: Candidate { origin: "x", base_url, is_named }, is_local: true, answer }
        };
        let late = || tried(false, Answer::NotReady("Loading model".to_owned()));
        let unlisted = |is_named| tried(is_named, Answer::Unlisted("HTTP 404".to_owned()));
        let there = || tried(false, Answer::Models(vec!["a".to_owned()]));
        let chosen = |all, named| choose(all, named).ok().map(|found| found.answer);
        assert_eq!(chosen(vec![late(), there()], None), Some(there().answer));
        assert_eq!(chosen(vec![unlisted(true), late()], None), Some(late().answer));
        assert_eq!(chosen(vec![unlisted(true)], Some("m")), Some(unlisted(true).answer));
        assert_eq!(chosen(vec![unlisted(true)], None), None);
        assert_eq!(
            chosen(vec![unlisted(false)], Some("m")),
            None,
            "whoever answers on a usual port is no server for it"
        );
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
