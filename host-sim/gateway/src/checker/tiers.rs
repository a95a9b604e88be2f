//! The tier of a task's model goes up and never down: not below what its request promised it, nor below what it has had.
//!
//! Only the tiers of the request's own models are known here, and of the published ones where it climbs without naming any. A
//! model that stands for two tiers counts as the better one.

use parallel_agents_engine::host::SpawnOptions;
use parallel_agents_engine::ids::SessionKey;

use super::allowance::same_model;
use super::invariant::Invariant;
use super::request::TIERS;
use super::state::Checker;
use crate::label::{LONG_LABEL, agent_of, id_of, task_of};

impl Checker {
    /// The place of the tier that a model stands for.
    fn tier_of(&self, model: &str) -> Option<usize> {
        let rungs = self.allowed.models.ladder.iter().filter(|(_, rung)| same_model(rung, model));
        rungs.map(|(tier, _)| *tier).max()
    }

    /// Holds a spawn call to what its task was promised and has had.
    pub(super) fn check_tier(&mut self, options: &SpawnOptions) {
        let label = &options.label;
        let asked = options.model.as_deref().and_then(|model| self.tier_of(model));
        // The end of a long label is cut off, and with it what tells the task.
        let Some(asked) = asked.filter(|_| label.chars().count() < LONG_LABEL) else { return };
        // A task that has the type of its own judge: whose session this is, its label does not say.
        if self.allowed.judge_agent.as_deref() == Some(agent_of(label)) {
            return;
        }
        let task = self.allowed.tasks.as_ref().and_then(|tasks| tasks.get(id_of(label)));
        // Without a model for the tier it is the next better one, or else the best.
        let best = self.allowed.models.ladder.last().map_or(0, |(tier, _)| *tier);
        let promised = task.filter(|task| task.agent_type == agent_of(label)).and_then(|task| task.tier);
        let promised = promised.unwrap_or(0).min(best);
        let had = self.models.tiers.entry(task_of(label).to_owned()).or_insert(promised);
        let least = (*had).max(promised);
        *had = least.max(asked);
        if asked < least {
            let [asked, least] = [asked, least].map(|tier| TIERS.get(tier).copied().unwrap_or("unknown"));
            let what = format!("{label} was spawned on the tier {asked}, and has had or was promised {least}");
            self.note(Invariant::Tier, what);
        }
    }

    /// What is wrong with the model of the session whose answer counts, where nothing but the model that was asked for does.
    pub(super) fn check_answering_model(&self, task: &str, session: &str) -> Option<String> {
        let key = SessionKey::new(session);
        let told = self.accounts.sessions.get(&key)?.told.model.as_deref()?;
        let (_, asked) = self.holder_of(&key)?;
        let asked = asked.filter(|asked| self.allowed.models.is_strict && !same_model(asked, told))?;
        Some(format!("{task} is completed by {told}, as the host said, and {asked} was asked for"))
    }
}
