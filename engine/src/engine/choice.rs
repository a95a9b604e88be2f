//! Which task is next, and with which model.

use super::tasks::Task;
use super::work::Work;
use crate::ids::TaskIndex;
use crate::schedule::{Group, Verdict};
use crate::task::{AttemptKind, Tier};

/// Ready tasks that are looked at for one that may start. In a run with more, what holds so many of them back mostly holds back the
/// rest as well, and to look at all of them after each event would cost the square of their number.
const MAX_LOOKAHEAD: usize = 200;

/// The model of a task's next session.
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

impl Work<'_> {
    /// The first ready task that nothing holds back.
    pub(super) fn choose(&mut self) -> Option<Choice> {
        let mut held: Vec<(TaskIndex, &'static str)> = Vec::new();
        let mut choice = None;
        for task in self.scheduler.in_order().take(MAX_LOOKAHEAD) {
            match self.verdict(task) {
                Ok(found) => {
                    choice = Some(found);
                    break;
                }
                Err(why) => held.push((task, why)),
            }
        }
        for (task, why) in held {
            self.tasks[task].run.held_by = why;
        }
        choice
    }

    /// What to do with a ready task, or what holds it back.
    fn verdict(&self, task: TaskIndex) -> Result<Choice, &'static str> {
        if self.tasks[task].run.attempts == 0 && self.scheduler.waits_for_canary_tasks() {
            return Err("the first tasks, which have to show that the run can work");
        }
        let now = self.run.now();
        let mut target = self.target(task, self.tasks[task].run.next.tier);
        loop {
            match self.scheduler.circuit(&target.group, now) {
                Verdict::Closed => break,
                Verdict::Open(_) => return Err("an open circuit: its agent type fails under this model"),
                // A model that cannot do it is no reason to give up while there is a better one.
                Verdict::Dead(why) => match self.above(&target) {
                    Some(tier) => {
                        let better = self.target(task, Some(tier));
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
        if !self.scheduler.admits(&target.group, now) {
            return Err("the limit of its model, lowered because of rate limits");
        }
        Ok(Choice::Start(task, target))
    }

    /// The model of the task's next session, if it were of this tier.
    fn target(&self, task: TaskIndex, tier: Option<Tier>) -> Target {
        let Task { planned, run } = &self.tasks[task];
        let rules = &self.run.rules;
        let judge = rules.judge.as_ref().filter(|_| run.next.kind == AttemptKind::Judge);
        let agent = judge.map_or(&planned.agent, |judge| &judge.agent);
        let group = |model: &Option<String>| (agent.name.clone(), model.clone().unwrap_or_default());
        let Some(ladder) = &rules.ladder else {
            return Target { tier: None, group: group(&planned.model), model: planned.model.clone() };
        };
        if judge.is_none() && planned.model.is_some() {
            let tier = planned.model.as_deref().and_then(|model| ladder.tier_of(model));
            return Target { tier, group: group(&planned.model), model: planned.model.clone() };
        }
        let wanted = planned.handling.tier;
        let tier = match (tier, rules.judge_tier().filter(|_| judge.is_some())) {
            (_, Some(tier)) | (Some(tier), None) => tier,
            (None, None) if rules.escalate => ladder.start(wanted, &rules.prices, |tier| {
                let model = ladder.model(tier).map(str::to_owned);
                self.scheduler.record(&group(&model))
            }),
            (None, None) => ladder.at_least(wanted),
        };
        // What was asked for once, if only for a session that the host had no room for, stays promised.
        let reached = run.reached.filter(|_| judge.is_none());
        let tier = reached.map_or(tier, |reached| tier.max(reached));
        let model = ladder.model(tier).map(str::to_owned);
        Target { tier: Some(tier), group: group(&model), model }
    }

    /// The tier above a target, if the run climbs.
    fn above(&self, target: &Target) -> Option<Tier> {
        let ladder = self.run.rules.ladder.as_ref().filter(|_| self.run.rules.escalate)?;
        ladder.above(target.tier?)
    }
}
