//! What simulated agents answer, and when.
//!
//! A [`Script`] is read from a file and then only asked: [`Script::play`] is a function of its arguments, so the simulator
//! and the model server behind a real gateway give the same answer to the same task. Nothing here knows sessions, time
//! or the network.

mod about;
mod chance;
mod check;
mod damage;
mod error;
mod fault;
mod fault_document;
mod fault_settings;
pub mod fault_table;
mod faults;
mod file;
mod host_profile;
mod latency;
mod memory;
mod model;
mod problems;
pub mod prompt;
mod rule;
mod scripted;
mod source;
mod synth;
mod template;
#[cfg(test)]
mod tests;
mod wire;

use std::path::Path;
use std::sync::Arc;

use parallel_agents_engine::host::FailureKind;
use parallel_agents_engine::json::strict::{self, REQUEST_BOUNDS};
use parallel_agents_engine::task::Usage;

use about::About;
use chance::{Chance, Purpose};
use check::Checked;
use latency::LONGEST_MS;
use model::Models;
use prompt::Prompt;
use rule::{Fate, Odds, Rule, Spawned};

pub use error::{ScriptError, ScriptProblem};
pub use fault::Fault;
pub use fault_settings::{Burst, Delay, Huge, MoreUsage, Refusals, SpawnRate, Swap, Window};
pub use faults::FaultProfile;
pub use host_profile::HostProfile;
pub use model::ProviderLimit;
pub use scripted::{Scripted, ScriptedOutcome, SessionSource};
pub use wire::{WireFault, WireProfile};

/// A script: loaded, checked, ready to be played.
#[derive(Clone, Debug)]
pub struct Script {
    host: HostProfile,
    faults: FaultProfile,
    wire: WireProfile,
    models: Models,
    rules: Vec<Rule>,
    fallback: Rule,
    /// Set: what sessions do does not come from the rules.
    source: Option<Arc<dyn SessionSource>>,
}

/// Characters that count as one token where a script names no number.
const CHARS_PER_TOKEN: usize = 4;

impl Script {
    /// The script that comes with the simulator: every agent succeeds.
    pub fn bundled() -> Self {
        match Self::from_toml(include_str!("../../../scripts/default.toml")) {
            Ok(script) => script,
            // It is compiled in and a test loads it, so nothing outside can make it wrong.
            Err(error) => unreachable!("the bundled script is valid: {error}"),
        }
    }

    /// Reads a script from a `.toml` or `.json` file.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        let read =
            || std::fs::read_to_string(path).map_err(|source| ScriptError::Read { path: path.to_owned(), source });
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Self::from_toml(&read()?),
            Some("json") => Self::from_json(&read()?),
            _ => Err(ScriptError::Extension { path: path.to_owned() }),
        }
    }

    /// Reads a script from TOML. All problems of its contents are reported at once.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        Self::from_document(toml::from_str(text)?)
    }

    /// Reads a script from JSON. All problems of its contents are reported at once.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        Self::from_document(strict::parse(text, REQUEST_BOUNDS).map_err(ScriptError::Json)?)
    }

    fn from_document(document: serde_json::Value) -> Result<Self, ScriptError> {
        let (file, problems) = file::read(document);
        let Checked { host, faults, wire, models, rules, fallback } =
            check::check(file, problems).map_err(ScriptError::Invalid)?;
        Ok(Self { host, faults, wire, models, rules, fallback, source: None })
    }

    /// A script without rules: `source` says what every session does.
    pub fn of_source(host: HostProfile, source: Arc<dyn SessionSource>) -> Self {
        Self { host, source: Some(source), ..Self::bundled() }
    }

    /// The model that really runs when `requested` is asked for, as `provider/model`.
    ///
    /// None gives the script's default model. An unknown model is passed on as it is, as gateways do.
    pub fn applied_model(&self, requested: Option<&str>) -> String {
        match &self.source {
            Some(source) => source.applied_model(requested),
            None => self.models.applied(requested),
        }
    }

    /// The models that can run, as `provider/model`, in order; aliases are not among them.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.names()
    }

    /// What the agent does with `prompt` under `model`. The first attempt is 1.
    ///
    /// Chance depends only on `seed`, `attempt`, the model's name without its provider, and the agent type and task id that
    /// the prompt names. A prompt that is not the component's gets a plain sentence.
    pub fn play(&self, seed: u64, prompt: &str, model: &str, attempt: u32) -> Scripted {
        let parsed = Prompt::parse(prompt);
        let (agent_type, task_id) =
            parsed.as_ref().map_or(("", ""), |prompt| (prompt.agent_type.as_str(), prompt.task_id.as_str()));
        if let Some(source) = &self.source {
            return source.play(agent_type, task_id, model, attempt);
        }
        let model = self.models.applied(Some(model));
        let chance = Chance::of(seed, agent_type, task_id, rule::bare(&model), attempt);
        let tier = self.models.tier(&model);
        let rule = self.rule(Spawned {
            agent_type,
            task: parsed.as_ref().map_or(prompt, |prompt| prompt.description.as_str()),
            model: &model,
            tier,
            attempt,
        });
        let about = About { model: &model, tier, attempt, call: 0 };
        let fate = rule.odds.draw(&mut chance.dice(Purpose::Fate));
        let latency_ms = rule.latency.draw(&mut chance.dice(Purpose::Latency));
        let good = || match &parsed {
            Some(parsed) => rule.good_answer(parsed, about, chance.dice(Purpose::Text)),
            None => ScriptedOutcome::Answer(synth::plain(prompt)),
        };
        let mut fault = fate.fault();
        let (latency_ms, outcome) = match fate {
            Fate::Good => (latency_ms, good()),
            Fate::Late => (rule.late_ms(latency_ms), good()),
            Fate::Malformed => {
                let schema = parsed.as_ref().and_then(Prompt::schema);
                let spoil = |answer: String| {
                    let (spoilt, how) =
                        damage::spoil(&answer, schema.as_ref(), &rule.damage, &mut chance.dice(Purpose::Damage));
                    fault = Some(how);
                    spoilt
                };
                (latency_ms, good().map_answer(spoil))
            }
            Fate::Empty => (latency_ms, ScriptedOutcome::Answer(String::new())),
            Fate::Failing => rule.failure(latency_ms, chance.dice(Purpose::Damage)),
            Fate::Hanging => (latency_ms, ScriptedOutcome::Hang),
        };
        let usage = rule.usage(prompt, &outcome);
        let tools = match (&parsed, &outcome) {
            (Some(parsed), ScriptedOutcome::Answer(_)) => rule.tool_texts(parsed, about, chance),
            _ => Vec::new(),
        };
        Scripted { latency_ms, outcome, usage, cost_micro_usd: self.models.cost(&model, usage), tools, fault }
    }

    /// The first rule that matches, else the one for everything.
    fn rule(&self, spawned: Spawned<'_>) -> &Rule {
        self.rules.iter().find(|rule| rule.matcher.matches(spawned)).unwrap_or(&self.fallback)
    }

    /// The price of tokens of a model in millionths of a dollar, rounded up.
    pub fn cost(&self, model: &str, usage: Usage) -> u64 {
        self.models.cost(model, usage)
    }

    /// What the provider allows of a model.
    pub fn provider_limit(&self, model: &str) -> ProviderLimit {
        self.models.limit(model)
    }

    /// What goes wrong with gateway and provider.
    pub fn faults(&self) -> &FaultProfile {
        &self.faults
    }

    /// What goes wrong between the model server and its clients.
    pub fn wire(&self) -> &WireProfile {
        &self.wire
    }

    /// The same script on a model server with this habit.
    #[must_use]
    pub fn with_quirk(mut self, quirk: &str) -> Self {
        self.wire.quirk = Some(quirk.to_owned());
        self
    }

    /// The same script on a gateway that was set up for as many sessions as OpenClaw allows at once, and more in all.
    #[must_use]
    pub fn with_room(mut self) -> Self {
        (self.host.max_concurrent, self.host.max_children, self.host.max_total) = (1_000, 1_000, 100_000);
        self
    }

    /// The same script with other faults.
    #[must_use]
    pub fn with_faults(self, faults: FaultProfile) -> Self {
        Self { faults, ..self }
    }

    /// The same script with agents to whom nothing goes wrong.
    #[must_use]
    pub fn with_good_answers(mut self) -> Self {
        self.rules.iter_mut().for_each(|rule| rule.odds = Odds::GOOD);
        self
    }

    /// The same script, whose agents give the good answers of another one; how often they do, and when, stays. The last rule
    /// says so for all of them.
    #[must_use]
    pub fn answering_like(mut self, other: &Self) -> Self {
        let Some(all) = self.rules.last().cloned() else { return self };
        let rules = other.rules.iter().map(|rule| Rule {
            odds: all.odds,
            failures: all.failures.clone(),
            latency: all.latency.clone(),
            ..rule.clone()
        });
        self.rules = rules.chain(self.rules.clone()).collect();
        self
    }

    /// The gateway that the script describes.
    pub fn host(&self) -> &HostProfile {
        &self.host
    }
}

impl Rule {
    fn good_answer(&self, prompt: &Prompt, about: About<'_>, dice: chance::Dice) -> ScriptedOutcome {
        let Some(template) = &self.template else {
            return ScriptedOutcome::Answer(synth::answer(prompt, dice));
        };
        match template.render(prompt, about, dice) {
            Ok(answer) => ScriptedOutcome::Answer(answer.trim().to_owned()),
            Err(error) => ScriptedOutcome::Fail {
                kind: FailureKind::Other,
                message: format!("the template of the script failed: {error}"),
                retry_after_ms: None,
            },
        }
    }

    /// What the tools say. A template that fails is shown as what went wrong, as tools do.
    fn tool_texts(&self, prompt: &Prompt, about: About<'_>, chance: Chance) -> Vec<String> {
        let Some(text) = &self.tool_text else { return Vec::new() };
        (1..=self.tool_calls)
            .map(|call| {
                text.render(prompt, About { call, ..about }, chance.dice(Purpose::Tools))
                    .unwrap_or_else(|error| format!("error: {error}"))
            })
            .collect()
    }

    fn late_ms(&self, latency_ms: u64) -> u64 {
        latency_ms.saturating_mul(self.late.factor.into()).max(self.late.min_ms).min(LONGEST_MS)
    }

    fn failure(&self, latency_ms: u64, mut dice: chance::Dice) -> (u64, ScriptedOutcome) {
        let Some(failure) = rule::draw_failure(&self.failures, &mut dice) else {
            return (latency_ms, ScriptedOutcome::Hang);
        };
        let outcome =
            ScriptedOutcome::Fail { kind: failure.kind, message: failure.message.clone(), retry_after_ms: None };
        (failure.latency_ms.unwrap_or(latency_ms), outcome)
    }

    fn usage(&self, prompt: &str, outcome: &ScriptedOutcome) -> Usage {
        let ScriptedOutcome::Answer(answer) = outcome else {
            return Usage::default();
        };
        let tokens = |text: &str| text.chars().count().div_ceil(CHARS_PER_TOKEN) as u64;
        Usage {
            input_tokens: self.input_tokens.unwrap_or_else(|| tokens(prompt)),
            output_tokens: self.output_tokens.unwrap_or_else(|| tokens(answer)),
        }
    }
}
