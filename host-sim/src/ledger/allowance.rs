//! What a request lets its call do, read by the host from the request itself and not from the component's plan.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents::task::{Cleanup, Usage};
use serde::{Deserialize, Serialize};

/// Sessions alive at once where a request names no number, as `wit/types.wit` has it. Not taken from the engine: this is
/// the host's own account. So are all defaults here.
const DEFAULT_MAX_CONCURRENT: u32 = 5;
const DEFAULT_DEADLINE_SECONDS: u64 = 1_800;
const DEFAULT_RETRIES: u32 = 1;
const DEFAULT_HELPER_RETRIES: u32 = 2;
const DEFAULT_CORRECTIONS: u32 = 1;
const DEFAULT_SESSION_TOKENS: u64 = 16_000;
const DEFAULT_MAX_PAUSE_MS: u64 = 60_000;

/// The tiers, from the cheapest on.
const TIERS: [&str; 3] = ["economy", "standard", "premium"];

/// Of a hundred tasks, so many may be hedged; rounded down.
const HEDGED_PER_CENT: u32 = 5;

/// Sessions of one task that may end because of a rate limit without costing a retry.
pub(super) const FREE_RATE_LIMITS: u32 = 3;

/// Reviews of one task that did not count and may be asked for again.
pub(super) const FREE_REVIEWS: u32 = 1;

/// Empty answers of one task that may be asked for again.
const FREE_BLANKS: u32 = 1;

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
    /// The models that sessions may ask for. None: any.
    pub models: Option<BTreeSet<String>>,
    /// What sessions are to be spawned with. None: anything.
    pub cleanup: Option<Cleanup>,
    /// Sessions of the whole call.
    pub spawns: Option<u64>,
    /// Tokens of the whole call.
    pub tokens: Option<u64>,
    /// Millionths of a dollar of the whole call, at `prices`.
    pub micro_usd: Option<u64>,
    /// Tokens that are reserved for one session beyond its prompt.
    pub session_tokens: u64,
    /// By model; `*` for all others.
    pub prices: BTreeMap<String, Price>,
    /// Retries of all tasks together.
    pub retry_budget: Option<u32>,
    /// Tasks that may have two sessions alive.
    pub hedges: u32,
    /// What fails again and again is not asked for again.
    pub has_breaker: bool,
    /// Milliseconds that a task may pause before it is tried again, what the host wishes aside.
    pub longest_pause_ms: Option<u64>,
    /// By task id. None: only what holds for every task is checked.
    pub tasks: Option<BTreeMap<String, TaskAllowance>>,
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

    /// What a function that runs given tasks may do by its arguments. None: they cannot be read, so they will be refused.
    ///
    /// `width`: sessions that the host runs at once, if it said so.
    pub fn of_run(function: &str, arguments: &str, width: Option<u32>) -> Option<Self> {
        let mut request: Request = serde_json::from_str(arguments).ok()?;
        let is_helper = function != "run_tasks";
        if is_helper {
            request.tasks.extend(request.task.take());
            request.retries = request.retries.or(request.max_retries).or(Some(DEFAULT_HELPER_RETRIES));
            request.escalate = request.escalate.or((function == "spawn_with_model_hierarchy").then_some(true));
        }
        let count = u32::try_from(request.tasks.len()).unwrap_or(u32::MAX);
        let budget = request.budget.clone().unwrap_or_default();
        let deadline = request.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS);
        let seconds = budget.seconds.map_or(deadline, |seconds| seconds.min(deadline));
        Some(Self {
            max_live: Some(cap(request.max_concurrent, width)),
            last_spawn_ms: Some(seconds.saturating_mul(1_000)),
            deadline_ms: Some(deadline.saturating_mul(1_000)),
            order: (!is_helper).then(|| request.tasks.iter().enumerate().map(|(at, task)| task.id(at)).collect()),
            models: request.named_models(),
            cleanup: Some(request.cleanup.unwrap_or_default()),
            spawns: budget.spawns,
            tokens: budget.tokens,
            micro_usd: budget.micro_usd,
            session_tokens: budget.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS),
            prices: request.prices.clone().unwrap_or_default(),
            retry_budget: match request.retry_budget {
                // Who asks for retries by name gets them.
                None if is_helper => None,
                budget => Some(budget.unwrap_or_else(|| count.div_ceil(10).max(2))),
            },
            has_breaker: request.breaker != Some(false) && request.judge.is_none(),
            longest_pause_ms: Some(longest_pause_ms(request.backoff.as_ref(), request.start_interval_ms)),
            hedges: if request.hedge == Some(true) { count * HEDGED_PER_CENT / 100 } else { 0 },
            tasks: Some(with_readers(
                request.tasks.iter().enumerate().map(|(index, task)| request.allows(index, task)).collect(),
            )),
        })
    }

    /// What a call of another function may do that spawns sessions.
    pub fn of_workflow(arguments: &str, width: Option<u32>) -> Option<Self> {
        let request: Cap = serde_json::from_str(arguments).ok()?;
        let pause_ms = longest_pause_ms(request.backoff.as_ref(), request.start_interval_ms);
        let cap = cap(request.max_concurrent, width);
        Some(Self {
            has_breaker: request.breaker != Some(false),
            longest_pause_ms: Some(pause_ms),
            ..Self::of_cap(cap)
        })
    }

    /// The cap of a run that names so many sessions, on a host that runs so many.
    pub fn capped(max_concurrent: Option<u32>, width: Option<u32>) -> Self {
        Self::of_cap(cap(max_concurrent, width))
    }

    /// The price of a model; nothing if the request names none.
    pub fn price(&self, model: Option<&str>) -> Price {
        let named = model.and_then(|model| {
            let by_bare_name = || self.prices.iter().find(|(name, _)| same_model(name, model));
            self.prices.get(model).or_else(|| by_bare_name().map(|(_, price)| price))
        });
        named.or_else(|| self.prices.get("*")).copied().unwrap_or_default()
    }

    /// Tokens that a session with this prompt may take before it counts as using more than was reserved.
    pub fn reserve(&self, prompt: &str) -> Usage {
        Usage { input_tokens: (prompt.len() as u64).div_ceil(BYTES_PER_TOKEN), output_tokens: self.session_tokens }
    }
}

/// Whether two names mean one model: `haiku` and `anthropic/haiku` do.
pub(super) fn same_model(one: &str, other: &str) -> bool {
    let within = |long: &str, short: &str| !short.contains('/') && long.rsplit('/').next() == Some(short);
    one == other || within(one, other) || within(other, one)
}

fn cap(max_concurrent: Option<u32>, width: Option<u32>) -> u32 {
    let asked = max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT);
    width.map_or(asked, |width| width.min(asked))
}

/// The longest pause that the rules of a request allow, in milliseconds: before a retry, or between two starts.
fn longest_pause_ms(backoff: Option<&Backoff>, start_interval_ms: Option<u64>) -> u64 {
    let backoff = backoff.and_then(|backoff| backoff.max_ms).unwrap_or(DEFAULT_MAX_PAUSE_MS);
    backoff.saturating_add(start_interval_ms.unwrap_or(0).saturating_mul(2))
}

#[derive(Deserialize)]
struct Cap {
    max_concurrent: Option<u32>,
    backoff: Option<Backoff>,
    start_interval_ms: Option<u64>,
    breaker: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Backoff {
    max_ms: Option<u64>,
}

/// The fields of a request that the host's own account depends on. Null is the same as nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    tasks: Vec<Task>,
    task: Option<Task>,
    max_retries: Option<u32>,
    max_concurrent: Option<u32>,
    deadline_seconds: Option<u64>,
    model: Option<String>,
    models: Option<BTreeMap<String, Option<String>>>,
    escalate: Option<bool>,
    retries: Option<u32>,
    retry_budget: Option<u32>,
    corrections: Option<u32>,
    budget: Option<Budget>,
    prices: Option<BTreeMap<String, Price>>,
    hedge: Option<bool>,
    cleanup: Option<Cleanup>,
    on_dependency_failure: Option<String>,
    backoff: Option<Backoff>,
    start_interval_ms: Option<u64>,
    breaker: Option<bool>,
    judge: Option<serde::de::IgnoredAny>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Budget {
    tokens: Option<u64>,
    micro_usd: Option<u64>,
    spawns: Option<u64>,
    seconds: Option<u64>,
    session_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Task {
    agent_type: String,
    task_id: Option<String>,
    model: Option<String>,
    tier: Option<String>,
    retries: Option<u32>,
    idempotent: Option<bool>,
    dependencies: Option<Vec<String>>,
    on_dependency_failure: Option<String>,
    timeout_seconds: Option<u32>,
    input_from: Option<Vec<Source>>,
}

/// Where a field of a task's input comes from.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    task: String,
}

impl Task {
    fn id(&self, index: usize) -> String {
        self.task_id.clone().unwrap_or_else(|| format!("task-{}", index + 1))
    }
}

/// Adds to what each task reads what those have read whom it reads.
fn with_readers(mut tasks: BTreeMap<String, TaskAllowance>) -> BTreeMap<String, TaskAllowance> {
    loop {
        let known: BTreeMap<String, BTreeSet<String>> =
            tasks.iter().map(|(id, task)| (id.clone(), task.reads.clone())).collect();
        let mut grew = false;
        for task in tasks.values_mut() {
            let more = task.reads.iter().filter_map(|read| known.get(read)).flatten().cloned();
            let all: BTreeSet<String> = more.chain(task.reads.iter().cloned()).collect();
            grew |= all.len() > task.reads.len();
            task.reads = all;
        }
        if !grew {
            return tasks;
        }
    }
}

impl Request {
    fn allows(&self, index: usize, task: &Task) -> (String, TaskAllowance) {
        let id = task.id(index);
        let climbs = self.tiers(task) - 1;
        let corrections = self.corrections.unwrap_or(DEFAULT_CORRECTIONS);
        let on_failure = task.on_dependency_failure.as_ref().or(self.on_dependency_failure.as_ref());
        let allowance = TaskAllowance {
            agent_type: task.agent_type.clone(),
            retries: task.retries.or(self.retries).unwrap_or(DEFAULT_RETRIES),
            second_chances: climbs + corrections + FREE_BLANKS,
            hedged: self.hedge == Some(true) && task.idempotent == Some(true),
            dependencies: task.dependencies.clone().unwrap_or_default(),
            runs_anyway: on_failure.is_some_and(|mode| mode == "run"),
            reads: task.input_from.iter().flatten().map(|source| source.task.clone()).collect(),
            timeout_seconds: task.timeout_seconds,
        };
        (id, allowance)
    }

    /// All models that the request names. None: it climbs the component's own ladder.
    fn named_models(&self) -> Option<BTreeSet<String>> {
        let named = self.models.iter().flat_map(|models| models.values()).flatten().count();
        if (self.escalate == Some(true) || self.models.is_some()) && named < TIERS.len() {
            return None;
        }
        let of_tasks = self.tasks.iter().filter_map(|task| task.model.clone());
        let of_tiers = self.models.iter().flat_map(|models| models.values().flatten().cloned());
        Some(of_tasks.chain(of_tiers).chain(self.model.clone()).collect())
    }

    /// Tiers that a task may use. Where it starts is the agent type's affair unless the task says so.
    fn tiers(&self, task: &Task) -> u32 {
        let may_climb = self.escalate.unwrap_or(self.models.is_some());
        if !may_climb || task.model.is_some() || self.model.is_some() {
            return 1;
        }
        let start = task.tier.as_deref().and_then(|tier| TIERS.iter().position(|known| *known == tier)).unwrap_or(0);
        u32::try_from(TIERS.len() - start).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_contract() {
        let allowed = Allowance::of_run("run_tasks", r#"{"tasks": [{"agent_type": "x"}, {"agent_type": "y"}]}"#, None)
            .expect("read");
        assert_eq!((allowed.max_live, allowed.last_spawn_ms), (Some(5), Some(1_800_000)));
        assert_eq!((allowed.retry_budget, allowed.hedges, allowed.spawns), (Some(2), 0, None));
        let first = TaskAllowance { agent_type: "x".into(), retries: 1, second_chances: 2, ..TaskAllowance::default() };
        assert_eq!(allowed.tasks.expect("tasks").get("task-1"), Some(&first));
    }

    #[test]
    fn what_a_task_says_comes_before_what_the_run_says() {
        let text = r#"{"max_concurrent": 9, "retries": 3, "corrections": 0, "hedge": true, "escalate": true,
            "budget": {"seconds": 60, "spawns": 4}, "deadline_seconds": 90, "tasks": [
            {"agent_type": "x", "task_id": "a", "retries": 0, "tier": "standard", "idempotent": true},
            {"agent_type": "x", "task_id": "b", "model": "m", "on_dependency_failure": "run", "dependencies": ["a"]}]}"#;
        let allowed = Allowance::of_run("run_tasks", text, Some(4)).expect("read");
        assert_eq!((allowed.max_live, allowed.last_spawn_ms, allowed.spawns), (Some(4), Some(60_000), Some(4)));
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
