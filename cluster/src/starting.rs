//! How a run is made of what somebody wants and of what the operator has configured: for the service [`Runs`](crate::runs::Runs) and
//! for the command line. It reads and decides, and asks nobody.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::OperatorLimits;
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::Price;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::clock::now_ms;
use crate::limits::{Allowed, narrower};
use crate::messages::RunInput;
use crate::placement::GatewaySpec;
use crate::stepper::{Stepper, Turn};

/// The fields of a request to start a run.
const FIELDS: [&str; 6] = ["key", "function", "request", "limits", "allowed_models", "allowed_agents"];

/// The field of a request in which models have their prices.
const PRICES: &str = "prices";

/// Where the function's own arguments stand.
const REQUEST: &str = "/request";

/// The pause before it is looked again whether a run has begun.
const PAUSE: Duration = Duration::from_millis(250);

/// What the operator of the cluster has configured for all runs.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Where runs may have sessions.
    pub gateways: Vec<GatewaySpec>,
    /// What a run may take.
    pub limits: OperatorLimits,
    /// How long a run waits for its first gateway, in seconds.
    pub patience_seconds: u32,
}

/// A run that somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its name, by which it is started once; 1 to 100 letters, digits, hyphens, underscores and dots.
    pub key: String,
    /// The function that is called.
    pub function: String,
    /// Its arguments, a JSON object.
    pub request: String,
    /// What it may take at the most; the operator's limits hold beside these.
    pub limits: OperatorLimits,
    /// What its sessions may ask for.
    pub allowed: Allowed,
}

/// What is drawn when a run is started, and what it was started with, so that it stays the same when another worker continues the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Drawn {
    seed: u64,
    at_ms: u64,
    gateways: Vec<GatewaySpec>,
    limits: OperatorLimits,
    patience_seconds: u32,
}

/// Limits as a caller writes them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    tokens: Option<u64>,
    micro_usd: Option<u64>,
    spawns: Option<u32>,
    seconds: Option<u32>,
    session_tokens: Option<u64>,
    tasks: Option<u32>,
    prices: BTreeMap<String, Price>,
}

impl Terms {
    /// Draws what a run needs beside what is wanted. Its chance is drawn too, if none is given.
    pub fn draw(&self, seed: Option<u64>) -> Drawn {
        let Self { gateways, limits, patience_seconds } = self.clone();
        Drawn { seed: seed.unwrap_or_else(chance), at_ms: now_ms(), gateways, limits, patience_seconds }
    }
}

impl Wanted {
    /// Reads a request to start a run.
    ///
    /// # Errors
    /// All that is wrong with its form.
    pub fn read(document: &Value) -> Result<Self, Vec<Problem>> {
        let Value::Object(all) = document else {
            return Err(vec![Problem::new("E_REQUEST_TYPE", "", "the request is no JSON object")]);
        };
        let mut problems = Vec::new();
        for name in all.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
            let problem =
                Problem::new("E_UNKNOWN_FIELD", format!("/{name}"), format!("{name}: no such field is known"));
            problems.push(problem.limit(FIELDS.join(", ")));
        }
        let key = text(all, "key", &mut problems);
        let function = text(all, "function", &mut problems);
        let request = match all.get("request") {
            Some(request @ Value::Object(_)) => request.to_string(),
            other => {
                problems.push(mistyped("request", other, "a JSON object"));
                String::new()
            }
        };
        let limits = optional::<Limits>(all, "limits", "an object with limits", &mut problems).unwrap_or_default();
        let names = "a list of names";
        let allowed = Allowed {
            models: optional(all, "allowed_models", names, &mut problems),
            agents: optional(all, "allowed_agents", names, &mut problems),
        };
        let Limits { tokens, micro_usd, spawns, seconds, session_tokens, tasks, prices } = limits;
        let limits = OperatorLimits { tokens, micro_usd, spawns, seconds, session_tokens, prices, tasks };
        if problems.is_empty() { Ok(Self { key, function, request, limits, allowed }) } else { Err(problems) }
    }

    /// What is wrong with it that can be known without any gateway: the key, and the request as the function itself reads it.
    pub fn problems(&self, terms: &Terms) -> Vec<Value> {
        let mut problems = Vec::new();
        if !is_plain(&self.key) {
            let message = "the key needs 1 to 100 letters, digits, hyphens, underscores and dots";
            problems.push(Problem::new("E_RUN_KEY", "/key", message).got(&self.key));
        }
        let mut errors = errors(problems);
        if let Turn::Over(DocumentReply::Refused(text)) =
            Stepper::new(self.function.clone(), self.priced(&narrower(terms.limits.clone(), self.limits.clone())))
                .step(None)
                .1
        {
            let refusal: Value = serde_json::from_str(&text).unwrap_or_default();
            errors.extend(refusal.get("errors").and_then(Value::as_array).into_iter().flatten().map(below_request));
        }
        errors
    }

    /// The run itself.
    pub fn input(self, drawn: Drawn) -> RunInput {
        let Drawn { seed, at_ms, gateways, limits, patience_seconds } = drawn;
        let limits = narrower(limits, self.limits.clone());
        let request = self.priced(&limits);
        RunInput {
            function: self.function,
            request,
            seed,
            at_ms,
            gateways,
            limits,
            patience_seconds,
            allowed: self.allowed,
        }
    }

    /// The request, with the operators' prices where it limits what may be spent and has no prices itself. Without any the function
    /// would refuse it, and whatever it says theirs count.
    fn priced(&self, limits: &OperatorLimits) -> String {
        let needs = |request: &Value| request.get(PRICES).is_none() && request.pointer("/budget/micro_usd").is_some();
        match serde_json::from_str::<Value>(&self.request) {
            Ok(mut request) if !limits.prices.is_empty() && needs(&request) => {
                request[PRICES] = json!(limits.prices);
                request.to_string()
            }
            _ => self.request.clone(),
        }
    }

    /// Whether a run that has the key is this one.
    ///
    /// # Errors
    /// It is another one, as callers read it.
    pub fn same(&self, known: &RunInput) -> Result<(), Vec<Value>> {
        if self.is(known) { Ok(()) } else { Err(errors(vec![self.taken(known)])) }
    }

    fn is(&self, known: &RunInput) -> bool {
        let same_text = || known.request == self.request;
        let same_value = || {
            let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
            let (mut known, own) = (read(&known.request)?, read(&self.request)?);
            // The operator's prices may have been added, and may have changed since.
            if !own.contains_key(PRICES) {
                known.shift_remove(PRICES);
            }
            Some(known == own)
        };
        known.function == self.function && (same_text() || same_value() == Some(true))
    }

    /// That it is not.
    fn taken(&self, known: &RunInput) -> Problem {
        let message = format!("{} is a run of another request, of {}", self.key, known.function);
        Problem::new("E_RUN_KEY_TAKEN", "/key", message).got(&self.key).hint("choose another key")
    }
}

/// The input of a run that was only just started, which is not there before a worker has begun it. It is looked for so many times;
/// None if it never was there.
///
/// # Errors
/// Those of a look or a pause.
pub async fn input<E, L, P>(
    looks: u32,
    mut look: impl FnMut() -> L,
    mut pause: impl FnMut(Duration) -> P,
) -> Result<Option<RunInput>, E>
where
    L: Future<Output = Result<Option<RunInput>, E>>,
    P: Future<Output = Result<(), E>>,
{
    for _ in 0..looks {
        if let Some(known) = look().await? {
            return Ok(Some(known));
        }
        pause(PAUSE).await?;
    }
    Ok(None)
}

/// Problems as callers read them.
pub fn errors(problems: Vec<Problem>) -> Vec<Value> {
    if problems.is_empty() {
        return Vec::new();
    }
    let refusal = document::refusal(&CallError::invalid(problems));
    let mut refusal: Value = serde_json::from_str(&refusal).unwrap_or_default();
    match refusal.get_mut("errors").map(Value::take) {
        Some(Value::Array(errors)) => errors,
        _ => Vec::new(),
    }
}

/// A problem of the function's arguments, which stand in a field here.
fn below_request(problem: &Value) -> Value {
    let mut problem = problem.clone();
    let path = problem.get("path").and_then(Value::as_str).unwrap_or_default();
    let path = if problem.get("code") == Some(&json!("E_FUNCTION_UNKNOWN")) {
        "/function".to_owned()
    } else {
        format!("{REQUEST}{path}")
    };
    if let Some(fields) = problem.as_object_mut() {
        fields.insert("path".to_owned(), Value::String(path));
    }
    problem
}

fn text(all: &Map<String, Value>, name: &str, problems: &mut Vec<Problem>) -> String {
    match all.get(name) {
        Some(Value::String(text)) => text.clone(),
        other => {
            problems.push(mistyped(name, other, "a text"));
            String::new()
        }
    }
}

/// A field that may be missing or null.
fn optional<T: for<'a> Deserialize<'a>>(
    all: &Map<String, Value>,
    name: &str,
    need: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = all.get(name).filter(|value| !value.is_null())?;
    match serde_json::from_value(value.clone()) {
        Ok(read) => Some(read),
        Err(error) => {
            problems.push(mistyped(name, Some(value), need).hint(error.to_string()));
            None
        }
    }
}

fn mistyped(name: &str, got: Option<&Value>, need: &str) -> Problem {
    let path = format!("/{name}");
    match got {
        Some(got) => Problem::new("E_TYPE", path, format!("{name}: need {need}")).got(got),
        None => Problem::new("E_FIELD_MISSING", path, format!("{name}: it is missing; need {need}")),
    }
}

fn is_plain(key: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=100).contains(&key.len()) && key.bytes().all(byte)
}

/// A number that the standard library draws from the system.
pub fn chance() -> u64 {
    RandomState::new().hash_one(now_ms())
}

/// The chance of a run by a number that was given. Sessions have their keys from it, so no other run may have the same.
pub fn of_run(seed: u64, key: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(key);
    hash.finalize().iter().take(8).fold(0, |chance, byte| chance << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
