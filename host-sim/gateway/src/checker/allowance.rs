//! What a request lets its call do, read by the host from the request itself and not from the component's plan.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::task::{Cleanup, Usage};
use serde::{Deserialize, Serialize};

/// Sessions of one task that may end because of a rate limit without costing a retry.
pub(super) const FREE_RATE_LIMITS: u32 = 3;

/// Sessions of one task that a restart of the host may cut off and that are done again at no cost.
pub(super) const FREE_INTERRUPTIONS: u32 = 10;

/// Reviews of one task that did not count and may be asked for again.
pub(super) const FREE_REVIEWS: u32 = 1;

/// Times that one task may be put back because the host was locked or limited the rate of spawns, at no cost.
pub(super) const FREE_REFUSALS: u32 = 6;

/// Bytes of a prompt that count as one token when tokens are reserved: fewer than any tokeniser needs on average, so that
/// the estimate errs upwards.
const BYTES_PER_TOKEN: u64 = 3;

/// What a call is held to. What is not named is not checked.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    /// Sessions alive at once.
    pub max_live: Option<u32>,
    /// Milliseconds after opening from which nothing may be spawned: the deadline, or the end of the budget of time.
    pub last_spawn_ms: Option<u64>,
    /// Milliseconds after opening at which the run is to be over, but for cleaning up.
    pub deadline_ms: Option<u64>,
    /// The tasks in order, where the call comes back with one result for each.
    pub order: Option<Vec<String>>,
    /// Which models may do the work.
    pub models: ModelAllowance,
    /// What sessions are to be spawned with. None: anything.
    pub cleanup: Option<Cleanup>,
    /// What the whole call may use.
    pub caps: Caps,
    /// Retries of all tasks together.
    pub retry_budget: Option<u32>,
    /// Tasks that may have two sessions alive.
    pub hedges: u32,
    /// What fails again and again is not asked for again.
    pub has_breaker: bool,
    /// The agent type that judges each answer, if the request wants that.
    pub judge_agent: Option<String>,
    /// Milliseconds that a task may pause before it is tried again, what the host asks for aside.
    pub longest_pause_ms: Option<u64>,
    /// Items of a run over many. None: it has none.
    pub items: Option<u32>,
    /// By task id. None: only what holds for every task is checked.
    pub tasks: Option<BTreeMap<String, TaskAllowance>>,
}

/// The models that may do the work of a call.
#[derive(Clone, Debug, Default)]
pub struct ModelAllowance {
    /// Those that sessions may ask for. None: any.
    pub named: Option<BTreeSet<String>>,
    /// Those of the tiers, each with the tier's place, the cheapest first.
    pub ladder: Vec<(usize, String)>,
    /// What another model did does not count.
    pub is_strict: bool,
}

/// What a whole call may use, and how that is counted.
#[derive(Clone, Debug, Default)]
pub struct Caps {
    /// Sessions that may be spawned, all tasks and tries together. None: any number.
    pub spawns: Option<u64>,
    /// Tokens, read and written. None: any number.
    pub tokens: Option<u64>,
    /// Millionths of a dollar, at `prices`. None: any amount.
    pub micro_usd: Option<u64>,
    /// Tokens that are reserved for one session beyond its prompt.
    pub session_tokens: u64,
    /// By model; `*` for all others.
    pub prices: BTreeMap<String, Price>,
}

/// What one task may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskAllowance {
    /// Its agent type; sessions of another type for it are judges.
    pub agent_type: String,
    /// Further sessions after one that failed through no fault of the answer.
    pub retries: u32,
    /// Further sessions after an answer that was not good enough: climbs, corrections, and one after an empty answer.
    pub second_chances: u32,
    /// It may have two sessions alive.
    pub hedged: bool,
    /// Tasks that have to be over before it starts.
    pub dependencies: Vec<String>,
    /// Whether it may start although one of them is not completed.
    pub runs_anyway: bool,
    /// Tasks whose outputs may get to it, by whatever way.
    pub reads: BTreeSet<String>,
    /// What its own sessions are given. None: the agent type's time.
    pub timeout_seconds: Option<u32>,
    /// The tier that the request promises it. None: that of its agent type, or a model of its own.
    pub tier: Option<usize>,
}

/// The price of a model in millionths of a dollar per 1,000 tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// Of tokens read.
    pub input: u64,
    /// Of tokens written.
    pub output: u64,
}

impl Price {
    /// What tokens cost, rounded up.
    pub fn of(self, usage: Usage) -> u64 {
        let price = u128::from(usage.input_tokens) * u128::from(self.input)
            + u128::from(usage.output_tokens) * u128::from(self.output);
        u64::try_from(price.div_ceil(1_000)).unwrap_or(u64::MAX)
    }
}

impl Allowance {
    /// A call that may have so many sessions alive, and nothing else is known.
    pub fn of_cap(max_live: u32) -> Self {
        Self { max_live: Some(max_live), ..Self::default() }
    }

    /// The price of a model; nothing if the request names none.
    pub fn price(&self, model: Option<&str>) -> Price {
        let named = model.and_then(|model| {
            let by_bare_name = || self.caps.prices.iter().find(|(name, _)| same_model(name, model));
            self.caps.prices.get(model).or_else(|| by_bare_name().map(|(_, price)| price))
        });
        named.or_else(|| self.caps.prices.get("*")).copied().unwrap_or_default()
    }

    /// Tokens that a session with this prompt may take before it counts as using more than was reserved.
    pub fn reserve(&self, prompt: &str) -> Usage {
        Usage { input_tokens: (prompt.len() as u64).div_ceil(BYTES_PER_TOKEN), output_tokens: self.caps.session_tokens }
    }
}

/// Whether two names mean one model: `haiku` and `anthropic/haiku` do.
pub(super) fn same_model(one: &str, other: &str) -> bool {
    let within = |long: &str, short: &str| !short.contains('/') && long.rsplit('/').next() == Some(short);
    one == other || within(one, other) || within(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_contract() {
        let allowed = Allowance::of_run("run_tasks", r#"{"tasks": [{"agent_type": "x"}, {"agent_type": "y"}]}"#, None)
            .expect("read");
        assert_eq!((allowed.max_live, allowed.last_spawn_ms), (Some(5), Some(1_800_000)));
        assert_eq!((allowed.retry_budget, allowed.hedges, allowed.caps.spawns), (Some(2), 0, None));
        let first = TaskAllowance { agent_type: "x".into(), retries: 1, second_chances: 2, ..TaskAllowance::default() };
        assert_eq!(allowed.tasks.expect("tasks").get("task-1"), Some(&first));
    }

    #[test]
    fn judges_say_nothing_about_their_kind_so_no_breaker_is_checked_beside_them() {
        for (function, what) in [("run_tasks", r#""tasks": []"#), ("create_agents", r#""new_agents": []"#)] {
            let has_breaker = |more: &str| {
                let text = format!("{{{what}{more}}}");
                Allowance::of_run(function, &text, None).expect("read").has_breaker
            };
            assert!(has_breaker("") && !has_breaker(r#", "judge": {"agent": "x"}"#), "{function}");
        }
    }

    #[test]
    fn what_a_task_says_comes_before_what_the_run_says() {
        let text = r#"{"max_concurrent": 9, "retries": 3, "corrections": 0, "hedge": true, "escalate": true,
            "budget": {"seconds": 60, "spawns": 4}, "deadline_seconds": 90, "tasks": [
            {"agent_type": "x", "task_id": "a", "retries": 0, "tier": "standard", "idempotent": true},
            {"agent_type": "x", "task_id": "b", "model": "m", "on_dependency_failure": "run", "dependencies": ["a"]}]}"#;
        let allowed = Allowance::of_run("run_tasks", text, Some(4)).expect("read");
        assert_eq!((allowed.max_live, allowed.last_spawn_ms, allowed.caps.spawns), (Some(4), Some(60_000), Some(4)));
        assert_eq!(allowed.hedges, 0, "a twentieth of two");
        let tasks = allowed.tasks.expect("tasks");
        assert_eq!((tasks["a"].retries, tasks["a"].second_chances, tasks["a"].hedged), (0, 2, true));
        assert_eq!((tasks["b"].retries, tasks["b"].second_chances, tasks["b"].runs_anyway), (3, 1, true));
    }

    #[test]
    fn prices_are_rounded_up_and_have_a_default() {
        let text = r#"{"tasks": [], "prices": {"a/b": {"input": 1500, "output": 7000}, "*": {"input": 1}}}"#;
        let allowed = Allowance::of_run("run_tasks", text, None).expect("read");
        let usage = Usage { input_tokens: 1_001, output_tokens: 2 };
        assert_eq!(allowed.price(Some("a/b")).of(usage), 1_516);
        assert_eq!(allowed.price(Some("c/d")).of(usage), 2);
        assert_eq!(allowed.price(None).of(usage), 2);
    }
}
