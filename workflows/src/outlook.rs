//! What a checked request may cost, whether its tasks are known or follow from results.

use parallel_agents_engine::plan::{Plan, PlannedTask, forecast};
use parallel_agents_engine::task::Forecast;

use crate::extent::Extent;
use crate::improve::Improve;
use crate::map::Mapping;
use crate::orchestrate::Orchestrate;
use crate::request::{Goal, Improvement};

/// What may run, and what it may cost. Later tasks are taken to be like those that the workflow begins with.
pub struct Outlook {
    /// The run with its first tasks.
    pub plan: Plan,
    /// How many tasks it may come to have.
    pub extent: Extent,
}

impl Outlook {
    /// Of a run whose tasks are known.
    pub fn of_plan(plan: Plan) -> Self {
        let tasks = plan.tasks.len() as u64;
        Self { plan, extent: Extent { expected: tasks, most: tasks } }
    }

    /// Of a run over many items. What is made of their answers is in its plan, as foreseen.
    pub fn of_mapping(what: Mapping) -> Self {
        Self::of_plan(what.plan)
    }

    /// Of a refinement, or of the making of agents.
    pub fn of_improvement(what: Improvement) -> Self {
        let extent = Extent::of_drafts(&what.settings, &what.wanted, what.follow_up_tasks.as_ref());
        let common = what.settings.common.clone();
        let (_, first) = Improve::new(what.settings, what.wanted);
        Self { plan: common.plan(first), extent }
    }

    /// What reaching a goal may need.
    pub fn of_goal((settings, registry): Goal) -> Self {
        let extent = Extent::of_goal(&settings);
        let common = settings.common.clone();
        let (_, first) = Orchestrate::new(settings, registry);
        Self { plan: common.plan(first), extent }
    }

    /// What it may cost, under the rules that its plan has now.
    pub fn forecast(&self) -> Forecast {
        let of = |tasks: u64| forecast(self.tasks(tasks), self.plan.foreseen.as_ref(), &self.plan.rules);
        let (expected, most) = (of(self.extent.expected), of(self.extent.most));
        Forecast {
            sessions_expected: expected.sessions_expected,
            tokens_expected: expected.tokens_expected,
            micro_usd_expected: expected.micro_usd_expected,
            ..most
        }
    }

    /// The models that tasks name, of those too that are foreseen; None is the run's own choice.
    pub fn models_named(&self) -> impl Iterator<Item = Option<String>> {
        let foreseen = self.plan.foreseen.iter().map(|foreseen| foreseen.worst.model.clone());
        self.plan.tasks.iter().map(|task| task.model.clone()).chain(foreseen)
    }

    /// So many tasks, as those that there are.
    fn tasks(&self, count: u64) -> impl ExactSizeIterator<Item = &PlannedTask> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        // `cycle` of nothing is nothing, and no request allows for more tasks than some thousand.
        self.plan.tasks.iter().cycle().take(count).collect::<Vec<_>>().into_iter()
    }
}
