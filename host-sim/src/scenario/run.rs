//! Runs a variant and holds it to what its file says.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::ids::TaskId;
use serde_json::{Value, json};

use super::{Scenario, Variant};
use crate::call::Called;
use crate::clock::Clock;
use crate::component::ComponentHost;
use crate::native;
use crate::world::{World, WorldOptions};

/// Which code is run.
pub enum Subject<'a> {
    /// The component under wasmtime.
    Component(&'a ComponentHost),
    /// The engine that is compiled into this program.
    Native,
}

/// What came of a variant.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// With the policy, or without it.
    pub variant: Variant,
    /// The reply, and under `host` what the host counted.
    pub document: Value,
    /// Expectations that were checked, in their words.
    pub checked: Vec<Checked>,
    /// Everything that was said.
    pub trace: String,
}

/// An expectation that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was expected.
    pub what: String,
    /// What there was in its place. None: it held.
    pub broken: Option<String>,
}

impl Outcome {
    /// Expectations that held.
    pub fn held(&self) -> usize {
        self.checked.iter().filter(|checked| checked.broken.is_none()).count()
    }

    /// What did not hold, one sentence each.
    pub fn broken(&self) -> Vec<&str> {
        self.checked.iter().filter_map(|checked| checked.broken.as_deref()).collect()
    }
}

impl Scenario {
    /// Runs one variant.
    pub async fn run(&self, variant: Variant, subject: &Subject<'_>) -> Outcome {
        let entry = self.file.variant(variant);
        let function = entry.function.as_ref().unwrap_or(&self.file.function);
        let options = WorldOptions::default();
        let start_ms = options.start_ms;
        let mut world = World::new(self.script.clone(), self.file.seed, options);
        for stop in &entry.stops {
            let task = stop.task.as_ref().map(TaskId::new);
            world.request_stop_at(start_ms.saturating_add(stop.at_ms), task, "nobody needs it any more");
        }
        let request = self.file.request(variant).to_string();
        let mut called = call(subject, function, &request, world).await;
        let mut document = document(&called);
        let mut violations = called.world.ledger().violations();
        let first = reply(&called);
        let mut steps = Vec::new();
        for step in &entry.then {
            let arguments = step.arguments(&first).to_string();
            called = call(subject, &step.function, &arguments, called.world.continued()).await;
            steps.push(self::document(&called));
            violations.extend(called.world.ledger().violations());
        }
        document["then"] = steps.into();
        let mut checked: Vec<Checked> = entry
            .expect
            .iter()
            .map(|expectation| Checked { what: expectation.to_string(), broken: expectation.broken(&document) })
            .collect();
        // Promises hold with and without a policy.
        let broken = violations.first().map(|violation| format!("a promise was broken: {violation}"));
        checked.push(Checked { what: "every promise is kept".to_owned(), broken });
        Outcome { variant, document, checked, trace: called.world.trace().text().to_owned() }
    }
}

async fn call(subject: &Subject<'_>, function: &str, arguments: &str, world: World) -> Called<DocumentReply> {
    let clock = Clock::virtual_time();
    match subject {
        Subject::Component(host) => host.call(function, arguments, world, &clock).await,
        Subject::Native => native::call(function, arguments, world, &clock).await,
    }
}

/// The reply as a document, whatever it is.
fn reply(called: &Called<DocumentReply>) -> Value {
    match &called.result {
        Ok(DocumentReply::Answer(text) | DocumentReply::Refused(text)) => {
            serde_json::from_str(text).unwrap_or_default()
        }
        Err(error) => json!({ "error": { "code": error.code(), "message": error.to_string() } }),
    }
}

/// The reply with the host's account beside it.
fn document(called: &Called<DocumentReply>) -> Value {
    let mut document = reply(called);
    let chars = match &called.result {
        Ok(DocumentReply::Answer(text) | DocumentReply::Refused(text)) => text.chars().count(),
        Err(_) => 0,
    };
    let ledger = called.world.ledger();
    let mut host = json!(ledger.summary());
    let spent = ledger.spent();
    host["spent_tokens"] = spent.tokens.into();
    host["spent_micro_usd"] = spent.micro_usd.into();
    host["reply_chars"] = chars.into();
    if let Value::Object(members) = &mut document {
        members.insert("host".to_owned(), host);
    }
    document
}
