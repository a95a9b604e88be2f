//! How many tasks a workflow may come to have, before anybody has seen a result.

use crate::create::FollowUpTasks;
use crate::improve::{Settings, Wanted};
use crate::orchestrate;

/// How many tasks a workflow may come to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// If all that agents make is good enough at once.
    pub expected: u64,
    /// If nothing is good enough, so that every limit is reached.
    pub most: u64,
}

impl Extent {
    /// Of drafts that are made or given, judged and improved, and of the tasks that follow.
    pub fn of_drafts(settings: &Settings, wanted: &[Wanted], follow_up_tasks: Option<&FollowUpTasks>) -> Self {
        let tasks = follow_up_tasks.map_or(0, |all| all.tasks.len()) as u64;
        let expected: u64 = wanted.iter().map(|draft| settings.sessions_at_best(draft)).sum();
        Self { expected: expected + tasks, most: wanted.len() as u64 * settings.sessions_for_one() + tasks }
    }

    /// Of a goal. Expected: one plan with all the tasks that it may have, no new agents, and one report. Most: two tries for each
    /// plan and one report; the plans' tasks; the making of agents; what is refined.
    pub fn of_goal(settings: &orchestrate::Settings) -> Self {
        let (tasks, plans) = (settings.max_tasks as u64, u64::from(1 + settings.max_replans));
        let refined = (settings.max_new_agents + orchestrate::MAX_REFINED) as u64;
        let most = 2 * plans + 1 + tasks * plans + refined * settings.improvement.sessions_for_one();
        Self { expected: tasks + 2, most }
    }
}
