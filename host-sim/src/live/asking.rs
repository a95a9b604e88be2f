//! The body of a request, and which of its optional members a server takes.
//!
//! A server that does not know a member refuses the whole request or passes it over. So each is sent until a refusal blames
//! it; then the server is asked again without it, and no later request to that model has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parallel_agents_engine::host::AnswerForm;
use serde_json::{Value, json};

use super::failure::Refusal;

/// What a session asks of the server.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) model: String,
    pub(super) prompt: String,
    /// The level of thinking, in the caller's words.
    pub(super) effort: Option<String>,
    pub(super) form: AnswerForm,
    pub(super) max_tokens: Option<u32>,
    pub(super) idempotency_key: String,
}

/// The member that holds the limit of tokens: the old one is understood by more servers, some models want the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LimitMember {
    #[default]
    Old,
    New,
    None,
}

/// What a model on a server takes, as far as it has refused anything.
#[derive(Clone, Debug, Default)]
struct Taken {
    no_usage: bool,
    no_stream: bool,
    no_effort: bool,
    no_schema: bool,
    no_json: bool,
    limit: LimitMember,
    /// Schemas that it could not make a grammar of.
    bad_schemas: BTreeSet<Arc<str>>,
}

/// The optional members of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Members {
    pub(super) stream: bool,
    usage: bool,
    effort: bool,
    form: Form,
    limit: LimitMember,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Schema,
    Json,
    None,
}

/// What is known of a server's models. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<BTreeMap<String, Taken>>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Taken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is sent with an order. `unlimited`: without a limit of tokens, since the one of this order was too much.
    pub(super) fn members(&self, order: &Order, unlimited: bool) -> Members {
        let models = self.lock();
        let none = Taken::default();
        let taken = models.get(&order.model).unwrap_or(&none);
        let json = if taken.no_json { Form::None } else { Form::Json };
        let form = match &order.form {
            AnswerForm::Text => Form::None,
            AnswerForm::Json(Some(schema)) if !taken.no_schema && !taken.bad_schemas.contains(schema) => Form::Schema,
            AnswerForm::Json(_) => json,
        };
        let is_limited = order.max_tokens.is_some() && !unlimited;
        Members {
            stream: !taken.no_stream,
            usage: !taken.no_stream && !taken.no_usage,
            effort: order.effort.is_some() && !taken.no_effort,
            form,
            limit: if is_limited { taken.limit } else { LimitMember::None },
        }
    }

    /// Notes which of the members that were sent a refusal blames. Whether the next request differs; `unlimited` is set if
    /// only this order's limit was too much.
    pub(super) fn learn(&self, order: &Order, sent: &Members, refusal: &Refusal, unlimited: &mut bool) -> bool {
        // Nothing else blames the form of a request.
        if !matches!(refusal.status, None | Some(400 | 405 | 415 | 422 | 500 | 501)) {
            return false;
        }
        let Some(member) = blamed(order, sent, refusal) else { return false };
        let mut models = self.lock();
        let taken = models.entry(order.model.clone()).or_default();
        match member {
            Blamed::Usage => taken.no_usage = true,
            Blamed::Stream => taken.no_stream = true,
            Blamed::Effort => taken.no_effort = true,
            Blamed::Form if sent.form == Form::Json => taken.no_json = true,
            Blamed::Form if is_about_grammar(refusal) => {
                if let AnswerForm::Json(Some(schema)) = &order.form {
                    taken.bad_schemas.insert(schema.clone());
                }
            }
            Blamed::Form => taken.no_schema = true,
            Blamed::Limit if is_too_much(order, refusal) => *unlimited = true,
            Blamed::Limit if sent.limit == LimitMember::Old && refusal.told.says(&["max completion tokens"]) => {
                taken.limit = LimitMember::New;
            }
            Blamed::Limit => taken.limit = LimitMember::None,
        }
        true
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blamed {
    Usage,
    Stream,
    Effort,
    Form,
    Limit,
}

/// The words by which each member is blamed. The first of them are the member's own names; `stream` is the beginning of
/// `stream_options`, so it comes last.
const BLAMES: [(Blamed, &[&str]); 5] = [
    (Blamed::Usage, &["stream options", "include usage"]),
    (
        Blamed::Form,
        &[
            "response format",
            "json schema",
            "json object",
            "json mode",
            "structured output",
            "guided",
            "grammar",
            "text.format",
        ],
    ),
    (Blamed::Limit, &["max tokens", "max completion tokens", "max new tokens", "max output tokens"]),
    (Blamed::Effort, &["reasoning effort", "reasoning.effort", "thinking"]),
    (Blamed::Stream, &["stream"]),
];

/// Words with which something is refused, and did not just fail.
const REFUSES: [&str; 9] = [
    "not support",
    "unsupported",
    "not allow",
    "not permitted",
    "not implement",
    "not available",
    "unexpected keyword",
    "unknown",
    "disabled",
];

/// Words of refusals that blame some member without naming it.
const UNNAMED: [&str; 8] = [
    "unknown parameter",
    "unknown field",
    "unrecognized",
    "unsupported parameter",
    "unexpected keyword",
    "extra inputs",
    "additional properties",
    "not permitted",
];

impl Members {
    fn has(&self, member: Blamed) -> bool {
        match member {
            Blamed::Usage => self.usage,
            Blamed::Stream => self.stream,
            Blamed::Effort => self.effort,
            Blamed::Form => self.form != Form::None,
            Blamed::Limit => self.limit != LimitMember::None,
        }
    }

    /// The JSON document of a request, with the members that the server takes.
    pub(super) fn body(&self, order: &Order) -> Value {
        let mut body = json!({
            "model": order.model,
            "messages": [{ "role": "user", "content": order.prompt }],
            "stream": self.stream,
        });
        if self.usage {
            body["stream_options"] = json!({ "include_usage": true });
        }
        if let Some(effort) = order.effort.as_ref().filter(|_| self.effort) {
            body["reasoning_effort"] = json!(effort);
        }
        match (self.form, &order.form) {
            (Form::Schema, AnswerForm::Json(Some(schema))) => {
                if let Ok(schema) = serde_json::from_str::<Value>(schema) {
                    let named = json!({ "name": "answer", "strict": false, "schema": acceptable(schema) });
                    body["response_format"] = json!({ "type": "json_schema", "json_schema": named });
                }
            }
            (Form::Json, _) => body["response_format"] = json!({ "type": "json_object" }),
            (Form::Schema | Form::None, _) => {}
        }
        match self.limit {
            LimitMember::Old => body["max_tokens"] = json!(order.max_tokens),
            LimitMember::New => body["max_completion_tokens"] = json!(order.max_tokens),
            LimitMember::None => {}
        }
        body
    }
}

/// Which member is blamed: by its path, else by words, else by elimination.
fn blamed(order: &Order, sent: &Members, refusal: &Refusal) -> Option<Blamed> {
    let told = &refusal.told;
    let places: Vec<String> = told.blamed.iter().map(|place| place.replace('_', " ")).collect();
    let by_place = BLAMES.iter().find(|(member, names)| {
        sent.has(*member) && places.iter().any(|place| names.iter().any(|name| place.starts_with(name)))
    });
    if let Some((member, _)) = by_place {
        return Some(*member);
    }
    // Whatever else is blamed is not sent any more. A form is blamed for the prompt too, which has to name JSON.
    if !places.is_empty() && !places.iter().any(|place| place.starts_with("messages")) {
        return None;
    }
    // A prompt that is too long is told with the limit of tokens, whether or not that had to do with it.
    if refusal.is_overflow() {
        return (sent.has(Blamed::Limit) && is_too_much(order, refusal)).then_some(Blamed::Limit);
    }
    // Streams are also what breaks, which says nothing of the next one.
    let is_plain = !matches!(refusal.status, None | Some(500)) || told.says(&REFUSES);
    let is_said = |member: Blamed, names: &[&str]| match member {
        Blamed::Stream => is_plain && told.says(names) && !told.says(&["upstream", "stream options"]),
        _ => told.says(names),
    };
    let by_words = BLAMES.iter().find(|(member, names)| sent.has(*member) && is_said(*member, names));
    if let Some((member, _)) = by_words {
        return Some(*member);
    }
    let is_unnamed = told.says(&UNNAMED) || (told.words.is_empty() && matches!(refusal.status, Some(400 | 422)));
    let order = [Blamed::Usage, Blamed::Effort, Blamed::Form, Blamed::Limit];
    order.into_iter().find(|member| is_unnamed && sent.has(*member))
}

/// Whether a schema was understood and could not be kept to; another one may be.
fn is_about_grammar(refusal: &Refusal) -> bool {
    refusal.told.says(&["grammar", "invalid schema", "schema conversion", "in context=", "unsupported schema", "regex"])
        || refusal.told.is_named(&["invalid_json_schema", "schema"])
}

/// Whether this order's limit, a number, was too high for what else it asks for.
fn is_too_much(order: &Order, refusal: &Refusal) -> bool {
    let Some(limit) = order.max_tokens else { return false };
    let words = &refusal.told.words;
    words.split(|c: char| !c.is_ascii_digit()).any(|number| number == limit.to_string())
        || refusal.told.says(&["less than or equal to", "at most", "valid range"])
}

/// A schema without what some servers refuse and what no model needs.
fn acceptable(schema: Value) -> Value {
    match schema {
        Value::Object(mut members) => {
            members.retain(|name, _| {
                !matches!(name.as_str(), "$schema" | "$id" | "$comment" | "examples") && !name.starts_with("x-")
            });
            Value::Object(members)
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "tests/asking.rs"]
mod tests;
