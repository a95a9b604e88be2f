//! Which task is next, and who does it.

use super::Engine;
use crate::ids::TaskIndex;
use crate::schedule::{Group, Verdict};
use crate::task::Tier;

/// Ready tasks that are looked at for one that may start; a request has no more.
const MAX_LOOKAHEAD: usize = 200;

/// Who would do a task's next session.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) tier: Option<Tier>,
    pub(super) model: Option<String>,
    pub(super) group: Group,
}

/// What to do with the next ready task.
pub(super) enum Choice {
    Start(TaskIndex, Target),
    /// Its circuit will not close again.
    GiveUp(TaskIndex, String),
}

impl Engine {
    /// The first ready task that nothing holds back.
    pub(super) fn choose(&mut self) -> Option<Choice> {
        let mut held: Vec<(TaskIndex, &'static str)> = Vec::new();
        let mut choice = None;
        for task in self.ready.in_order().take(MAX_LOOKAHEAD) {
            match self.verdict(task) {
                Ok(found) => {
                    choice = Some(found);
                    break;
                }
                Err(why) => held.push((task, why)),
            }
        }
        for (task, why) in held {
            if let Some(run) = self.tasks.get_mut(task.0) {
                run.held_by = why;
            }
        }
        choice
    }

    /// What to do with a ready task, or what holds it back.
    fn verdict(&self, task: TaskIndex) -> Result<Choice, &'static str> {
        if self.waits_for_canaries(task) {
            return Err("the first tasks, which have to show that the run can work");
        }
        let mut target = self.target(task);
        loop {
            match self.breaker.verdict(&target.group, self.now) {
                Verdict::Closed => break,
                Verdict::Open(_) => return Err("an open circuit: its agent type fails under this model"),
                // A model that cannot do it is no reason to give up while there is a better one.
                Verdict::Dead(why) => match self.above(&target) {
                    Some(tier) => {
                        let better = self.target_with(task, Some(tier));
                        // A judge stays with its model, whatever the ladder has above it.
                        if better.group == target.group {
                            return Ok(Choice::GiveUp(task, why));
                        }
                        target = better;
                    }
                    None => return Ok(Choice::GiveUp(task, why)),
                },
            }
        }
        if !self.admission.has_room(&target.group.1, self.now) {
            return Err("the limit of its model, lowered because of rate limits");
        }
        Ok(Choice::Start(task, target))
    }

    fn waits_for_canaries(&self, task: TaskIndex) -> bool {
        let Some(canary) = &self.canary else { return false };
        let begun = self.tasks.get(task.0).is_some_and(|run| run.attempts > 0);
        !begun && canary.begun >= self.plan.rules.canary.unwrap_or(0)
    }

    /// Who does the task's next session.
    pub(super) fn target(&self, task: TaskIndex) -> Target {
        self.target_with(task, self.tasks.get(task.0).and_then(|run| run.next.tier))
    }

    fn target_with(&self, task: TaskIndex, tier: Option<Tier>) -> Target {
        let Some(planned) = self.plan.tasks.get(task.0) else {
            return Target { tier, model: None, group: Group::default() };
        };
        let judge = self.plan.rules.judge.as_ref().filter(|_| self.is_judging(task));
        let agent = judge.map_or(&planned.agent, |judge| &judge.agent);
        let rules = &self.plan.rules;
        let group = |model: &Option<String>| (agent.name.clone(), model.clone().unwrap_or_default());
        let Some(ladder) = &rules.ladder else {
            return Target { tier: None, group: group(&planned.model), model: planned.model.clone() };
        };
        if judge.is_none() && planned.model.is_some() {
            let tier = planned.model.as_deref().and_then(|model| ladder.tier_of(model));
            return Target { tier, group: group(&planned.model), model: planned.model.clone() };
        }
        let wanted = if judge.is_some() { agent.tier } else { planned.handling.tier };
        let tier = match (tier, judge) {
            (Some(tier), None) => tier,
            (_, Some(_)) => ladder.at_least(wanted),
            (None, None) if rules.escalate => ladder.start(wanted, &rules.prices, |tier| {
                let model = ladder.model(tier).map(str::to_owned);
                self.breaker.record(&group(&model))
            }),
            (None, None) => ladder.at_least(wanted),
        };
        // What was asked for once, if only for a session that the host had no room for, stays promised.
        let reached = self.tasks.get(task.0).and_then(|run| run.reached).filter(|_| judge.is_none());
        let tier = reached.map_or(tier, |reached| tier.max(reached));
        let model = ladder.model(tier).map(str::to_owned);
        Target { tier: Some(tier), group: group(&model), model }
    }

    /// The tier above a target, if the run climbs.
    pub(super) fn above(&self, target: &Target) -> Option<Tier> {
        let ladder = self.plan.rules.ladder.as_ref().filter(|_| self.plan.rules.escalate)?;
        ladder.above(target.tier?)
    }
}
