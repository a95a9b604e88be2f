//! Runs a variant and holds it to what its file says.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::ids::TaskId;
use serde_json::{Value, json};

use super::{Scenario, Variant};
use gateway_sim::call::Called;
use gateway_sim::engine::Engine;
use gateway_sim::options::SimulationOptions;
use gateway_sim::simulation::Simulation;

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
    pub async fn run(&self, variant: Variant, engine: &dyn Engine) -> Outcome {
        let entry = self.file.variant(variant);
        let function = entry.function.as_ref().unwrap_or(&self.file.function);
        let options = SimulationOptions::default();
        let start_ms = options.start_ms;
        let mut simulation = Simulation::new(self.script.clone(), self.file.seed, options);
        for stop in &entry.stops {
            let task = stop.task.as_ref().map(TaskId::new);
            simulation.request_stop_at(start_ms.saturating_add(stop.at_ms), task, "nobody needs it any more");
        }
        let request = self.file.request(variant).to_string();
        let mut called = engine.call(function, &request, simulation).await;
        let mut document = document(&called);
        let mut violations = called.backend.checker().violations();
        let first = reply(&called);
        let mut steps = Vec::new();
        for step in &entry.then {
            let arguments = step.arguments(&first).to_string();
            called = engine.call(&step.function, &arguments, called.backend.continued()).await;
            steps.push(self::document(&called));
            violations.extend(called.backend.checker().violations());
        }
        document["then"] = steps.into();
        let mut checked: Vec<Checked> = entry
            .expect
            .iter()
            .map(|expectation| Checked { what: expectation.to_string(), broken: expectation.broken(&document) })
            .collect();
        // Promises hold with and without a policy.
        let broken = violations.first().map(|violation| format!("an invariant was broken: {violation}"));
        checked.push(Checked { what: "every invariant holds".to_owned(), broken });
        Outcome { variant, document, checked, trace: called.backend.trace().text().to_owned() }
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
    let checker = called.backend.checker();
    let mut host = json!(checker.summary());
    let spent = checker.spent();
    host["spent_tokens"] = spent.tokens.into();
    host["spent_micro_usd"] = spent.micro_usd.into();
    host["reply_chars"] = chars.into();
    if let Value::Object(members) = &mut document {
        members.insert("host".to_owned(), host);
    }
    document
}
