//! The configuration file: where Restate and the gateways are, and what a run may take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use parallel_agents_door::Door;
use parallel_agents_engine::host::OperatorLimits;
use parallel_agents_engine::task::Price;
use reqwest::Url;
use serde::Deserialize;

use crate::placement::GatewaySpec;
use crate::restate::Restate;
use crate::starting::Terms;

/// Sessions that a run may have at once on all gateways together. A run awaits the end of each, and Restate goes through all that is
/// awaited at each event.
const MOST_SLOTS: u32 = 2_000;

/// How long a run waits for its first gateway, in seconds.
const PATIENCE_SECONDS: u32 = 600;

/// Gateways of one configuration.
const MOST_GATEWAYS: usize = 100;

/// A configuration that was read and can be used.
pub struct Config {
    /// The server that keeps the runs.
    pub restate: Restate,
    /// Where a worker listens.
    pub listen: String,
    /// Where Restate reaches it. None: where it listens.
    pub address: Option<String>,
    /// What a run may take, whatever its request says.
    limits: OperatorLimits,
    /// How long a run waits for its first gateway, in seconds.
    patience_seconds: u32,
    /// All gateways, in the order of the file, in which runs number them.
    pub gateways: Vec<ConfiguredGateway>,
}

/// A gateway with the door to it.
pub struct ConfiguredGateway {
    /// As runs are told of it.
    pub spec: GatewaySpec,
    /// As workers reach it.
    pub door: Door,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    restate: RestateTable,
    #[serde(default)]
    worker: WorkerTable,
    #[serde(default)]
    limits: LimitsTable,
    #[serde(default)]
    prices: BTreeMap<String, Price>,
    patience_seconds: Option<u32>,
    #[serde(default)]
    gateways: Vec<GatewayTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RestateTable {
    ingress: String,
    admin: String,
}

impl Default for RestateTable {
    fn default() -> Self {
        Self { ingress: "http://127.0.0.1:8080".to_owned(), admin: "http://127.0.0.1:9070".to_owned() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WorkerTable {
    listen: String,
    address: Option<String>,
}

impl Default for WorkerTable {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9081".to_owned(), address: None }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsTable {
    tokens: Option<u64>,
    micro_usd: Option<u64>,
    spawns: Option<u32>,
    seconds: Option<u32>,
    tasks: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayTable {
    name: String,
    url: String,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    #[serde(default = "door_session")]
    session: String,
    slots: u32,
    #[serde(default = "one")]
    weight: u32,
    models: Option<Vec<String>>,
    lease_seconds: Option<u32>,
}

fn door_session() -> String {
    "agent:main:door".to_owned()
}

fn one() -> u32 {
    1
}

impl Config {
    /// What runs are started with.
    pub fn terms(&self) -> Terms {
        let gateways = self.gateways.iter().map(|gateway| gateway.spec.clone()).collect();
        Terms { gateways, limits: self.limits.clone(), patience_seconds: self.patience_seconds }
    }

    /// Reads a file. With `has_tokens` the tokens of the gateways are needed, which only workers are.
    ///
    /// # Errors
    /// All that is wrong with it, a line each.
    pub fn read(path: &Path, has_tokens: bool) -> Result<Self, Vec<String>> {
        let text = fs::read_to_string(path)
            .map_err(|error| vec![format!("the configuration {} cannot be read: {error}", path.display())])?;
        Self::parse(&text, has_tokens, |name| env::var(name).ok())
    }

    /// Reads a text; `variable` gives the environment's variables.
    ///
    /// # Errors
    /// All that is wrong with it, a line each.
    pub fn parse(text: &str, has_tokens: bool, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let file: File = toml::from_str(text).map_err(|error| vec![unread(text, &error)])?;
        let mut problems = Vec::new();
        let mut url = |field: &str, text: &str| url(field, text).map_err(|problem| problems.push(problem)).ok();
        let ingress = url("restate.ingress", &file.restate.ingress);
        let admin = url("restate.admin", &file.restate.admin);
        if let Some(address) = &file.worker.address {
            url("worker.address", address);
        }
        let gateways = file.read_gateways(has_tokens, &variable, &mut problems);
        let restate = match (ingress, admin) {
            (Some(ingress), Some(admin)) => Restate::new(ingress, admin).map_err(|words| problems.push(words)).ok(),
            _ => None,
        };
        let limits = OperatorLimits {
            tokens: file.limits.tokens,
            micro_usd: file.limits.micro_usd,
            spawns: file.limits.spawns,
            seconds: file.limits.seconds,
            session_tokens: None,
            prices: file.prices,
            tasks: file.limits.tasks,
        };
        match restate.filter(|_| problems.is_empty()) {
            Some(restate) => Ok(Self {
                restate,
                listen: file.worker.listen,
                address: file.worker.address,
                limits,
                patience_seconds: file.patience_seconds.unwrap_or(PATIENCE_SECONDS),
                gateways,
            }),
            None => Err(problems),
        }
    }
}

/// What is wrong with a file that cannot be read, and where. Nothing that stands there is repeated: it may be a token in the wrong place.
fn unread(text: &str, error: &toml::de::Error) -> String {
    // "invalid type: string "hush", expected u32": what was found is the value itself.
    let what = match error.message().rsplit_once(", expected ") {
        Some((found, need)) if found.starts_with("invalid type") || found.starts_with("invalid value") => {
            format!("need {need}")
        }
        _ => error.message().to_owned(),
    };
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|one| *one != '\n').count() + 1;
            format!("line {line}, column {column}: {what}")
        }
        None => what,
    }
}

fn url(field: &str, text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if url.has_host() && url.username().is_empty() && url.password().is_none() => Ok(url),
        _ => Err(format!("{field}: it is no address; one looks like http://127.0.0.1:8080")),
    }
}

impl File {
    /// The gateways that can be used, and what is wrong with them and the others.
    fn read_gateways(
        &self,
        has_tokens: bool,
        variable: &impl Fn(&str) -> Option<String>,
        problems: &mut Vec<String>,
    ) -> Vec<ConfiguredGateway> {
        if self.gateways.is_empty() || self.gateways.len() > MOST_GATEWAYS {
            problems.push(format!("gateways: there are {}, need 1 to {MOST_GATEWAYS}", self.gateways.len()));
        }
        let slots = self.gateways.iter().fold(0_u32, |sum, gateway| sum.saturating_add(gateway.slots));
        if slots > MOST_SLOTS {
            problems.push(format!("gateways: their slots are {slots} together, need at most {MOST_SLOTS}"));
        }
        let mut names = BTreeSet::new();
        let mut gateways = Vec::new();
        for gateway in &self.gateways {
            if !names.insert(gateway.name.as_str()) {
                problems.push(format!("gateways: two have the name {:?}", gateway.name));
            }
            match gateway.read(has_tokens, variable) {
                Ok(gateway) => gateways.push(gateway),
                Err(more) => problems.extend(more),
            }
        }
        gateways
    }
}

impl GatewayTable {
    fn read(
        &self,
        has_tokens: bool,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<ConfiguredGateway, Vec<String>> {
        let mut problems = Vec::new();
        let mut wrong = |what: String| problems.push(format!("gateway {:?}: {what}", self.name));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.name.is_empty() || self.name.len() > 60 || !self.name.bytes().all(plain) {
            wrong("name: need 1 to 60 letters, digits, hyphens, underscores and dots".to_owned());
        }
        if self.slots == 0 || self.weight == 0 {
            wrong("slots and weight: need at least 1".to_owned());
        }
        let token = match self.token(variable) {
            Ok(token) => token,
            Err(_) if !has_tokens => String::new(),
            Err(why) => {
                wrong(why);
                String::new()
            }
        };
        let door = Door::new(&self.url, &token, &self.session).map_err(|error| wrong(error.to_string())).ok();
        let spec = GatewaySpec {
            name: self.name.clone(),
            slots: self.slots,
            weight: self.weight,
            models: self.models.clone(),
            lease_seconds: self.lease_seconds.filter(|seconds| *seconds > 0),
        };
        match door.filter(|_| problems.is_empty()) {
            Some(door) => Ok(ConfiguredGateway { spec, door }),
            None => Err(problems),
        }
    }

    fn token(&self, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
        match (&self.token_env, &self.token_file) {
            (Some(name), None) => variable(name)
                .filter(|token| !token.trim().is_empty())
                .ok_or_else(|| format!("token_env: the environment has no {name}")),
            (None, Some(path)) => fs::read_to_string(path)
                .map_err(|error| format!("token_file: {} cannot be read: {error}", path.display())),
            _ => Err("it needs one of token_env and token_file".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
