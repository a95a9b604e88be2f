//! The fields of a request that the host's own account depends on.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::json::number;
use parallel_agents_engine::task::Cleanup;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::allowance::{Allowance, Caps, ModelAllowance, Price, TaskAllowance};

/// Sessions alive at once where a request names no number, as `schemas/shared/session_rules.json` says. Not taken from the engine: this is
/// the host's own account. So are all defaults here.
const DEFAULT_MAX_CONCURRENT: u32 = 5;
const DEFAULT_DEADLINE_SECONDS: u64 = 1_800;
const DEFAULT_RETRIES: u32 = 1;
const DEFAULT_HELPER_RETRIES: u32 = 2;
const DEFAULT_CORRECTIONS: u32 = 1;
const DEFAULT_SESSION_TOKENS: u64 = 16_000;
const DEFAULT_MAX_PAUSE_MS: u64 = 60_000;

/// The models of a run that climbs and names none, as they are published.
const DEFAULT_MODELS: &str = include_str!("../../../../schemas/data/tiers.json");

/// The tiers, from the cheapest on.
pub(super) const TIERS: [&str; 3] = ["economy", "standard", "premium"];

/// Of a hundred tasks, so many may be hedged; rounded down.
const HEDGED_PER_CENT: u32 = 5;

/// Empty answers of one task that may be asked for again.
const FREE_BLANKS: u32 = 1;

/// What is read of a request. Null is the same as nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    tasks: Option<Vec<Task>>,
    /// Those of each item, and what makes one answer of all.
    steps: Option<Vec<Task>>,
    reduce: Option<Reduce>,
    items: Option<Vec<IgnoredAny>>,
    task: Option<Task>,
    max_retries: Option<u32>,
    max_concurrent: Option<u32>,
    deadline_seconds: Option<u64>,
    model: Option<String>,
    models: Option<BTreeMap<String, Option<String>>>,
    strict_model: Option<bool>,
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
    judge: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Backoff {
    max_ms: Option<u64>,
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reduce {
    task: Task,
}

/// Where a field of a task's input comes from.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    task: String,
}

impl Request {
    /// Reads the arguments of a call.
    fn read(arguments: &str) -> Option<Self> {
        serde_json::from_str(arguments).ok().or_else(|| Self::read_with_integers(arguments))
    }

    /// The same where integers may be written with a fraction: 120.0 is one for JSON Schema and none for serde.
    fn read_with_integers(arguments: &str) -> Option<Self> {
        let mut arguments: Value = serde_json::from_str(arguments).ok()?;
        write_integers(&mut arguments);
        serde_json::from_value(arguments).ok()
    }
}

fn write_integers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = number::integer(number) {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_integers),
        Value::Object(fields) => fields.values_mut().for_each(write_integers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Who judges where a request names nobody.
const DEFAULT_JUDGE: &str = "agent_design_reviewer";

impl Allowance {
    /// What a function that runs given tasks may do by its arguments. None: they cannot be read, so they will be refused.
    ///
    /// `width`: sessions that the host runs at once, if it said so.
    pub fn of_run(function: &str, arguments: &str, width: Option<u32>) -> Option<Self> {
        let mut request = Request::read(arguments)?;
        let is_helper = function != "run_tasks";
        let mut tasks = request.tasks.take().unwrap_or_default();
        if is_helper {
            tasks.extend(request.task.take());
            request.retries = request.retries.or(request.max_retries).or(Some(DEFAULT_HELPER_RETRIES));
            request.escalate = request.escalate.or((function == "spawn_with_model_hierarchy").then_some(true));
        }
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let (hedged, budget) = (request.hedge == Some(true), request.retry_budget);
        Some(Self {
            order: (!is_helper).then(|| tasks.iter().enumerate().map(|(at, task)| task.id(at)).collect()),
            retry_budget: match budget {
                // Who asks for retries by name gets them.
                None if is_helper => None,
                budget => Some(budget.unwrap_or_else(|| count.div_ceil(10).max(2))),
            },
            has_breaker: request.breaker != Some(false) && request.judge.is_none(),
            hedges: if hedged { count * HEDGED_PER_CENT / 100 } else { 0 },
            tasks: Some(with_readers(
                tasks.iter().enumerate().map(|(index, task)| request.allows(index, task)).collect(),
            )),
            ..request.of_any_run(&tasks, width)
        })
    }

    /// What a call of another function may do that spawns sessions. Which tasks it has is found out in the course of it.
    pub fn of_workflow(arguments: &str, width: Option<u32>) -> Option<Self> {
        let mut request = Request::read(arguments)?;
        let mut tasks = request.tasks.take().unwrap_or_default();
        tasks.extend(request.steps.take().unwrap_or_default());
        tasks.extend(request.reduce.take().map(|reduce| reduce.task));
        let items = request.items.as_ref().map(|items| u32::try_from(items.len()).unwrap_or(u32::MAX));
        Some(Self { items, ..request.of_any_run(&tasks, width) })
    }
}

fn cap(max_concurrent: Option<u32>, width: Option<u32>) -> u32 {
    let asked = max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT);
    width.map_or(asked, |width| width.min(asked))
}

/// The place of a tier among all.
fn tier(name: &str) -> Option<usize> {
    TIERS.iter().position(|known| *known == name)
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
    /// What holds for every run, whether its tasks are known beforehand or not.
    fn of_any_run(&self, tasks: &[Task], width: Option<u32>) -> Allowance {
        let budget = self.budget.clone().unwrap_or_default();
        let deadline = self.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS);
        let seconds = budget.seconds.map_or(deadline, |seconds| seconds.min(deadline));
        let ladder = self.ladder();
        let of_tasks = tasks.iter().filter_map(|task| task.model.clone());
        let named = of_tasks.chain(ladder.iter().map(|(_, model)| model.clone())).chain(self.model.clone()).collect();
        Allowance {
            last_spawn_ms: Some(seconds.saturating_mul(1_000)),
            deadline_ms: Some(deadline.saturating_mul(1_000)),
            models: ModelAllowance { named: Some(named), ladder, is_strict: self.strict_model == Some(true) },
            cleanup: Some(self.cleanup.unwrap_or_default()),
            caps: Caps {
                spawns: budget.spawns,
                tokens: budget.tokens,
                micro_usd: budget.micro_usd,
                session_tokens: budget.session_tokens.unwrap_or(DEFAULT_SESSION_TOKENS),
                prices: self.prices.clone().unwrap_or_default(),
            },
            has_breaker: self.breaker != Some(false) && self.judge.is_none(),
            judge_agent: self.judge.as_ref().map(|judge| judge["agent"].as_str().unwrap_or(DEFAULT_JUDGE).to_owned()),
            longest_pause_ms: Some(self.longest_pause_ms()),
            ..Allowance::of_cap(cap(self.max_concurrent, width))
        }
    }

    fn allows(&self, index: usize, task: &Task) -> (String, TaskAllowance) {
        let id = task.id(index);
        let climbs = self.tiers(task) - 1;
        let corrections = self.corrections.unwrap_or(DEFAULT_CORRECTIONS);
        let on_failure = task.on_dependency_failure.as_ref().or(self.on_dependency_failure.as_ref());
        let is_free = task.model.is_none() && self.model.is_none();
        let allowance = TaskAllowance {
            agent_type: task.agent_type.clone(),
            retries: task.retries.or(self.retries).unwrap_or(DEFAULT_RETRIES),
            second_chances: climbs + corrections + FREE_BLANKS,
            hedged: self.hedge == Some(true) && task.idempotent == Some(true),
            dependencies: task.dependencies.clone().unwrap_or_default(),
            runs_anyway: on_failure.is_some_and(|mode| mode == "run"),
            reads: task.input_from.iter().flatten().map(|source| source.task.clone()).collect(),
            timeout_seconds: task.timeout_seconds,
            tier: task.tier.as_deref().filter(|_| is_free).and_then(tier),
        };
        (id, allowance)
    }

    /// The models of the tiers, the cheapest first.
    fn ladder(&self) -> Vec<(usize, String)> {
        let of = |models: &BTreeMap<String, Option<String>>| -> Vec<(usize, String)> {
            let named = models.iter().filter_map(|(name, model)| Some((tier(name)?, model.clone()?)));
            let mut ladder: Vec<_> = named.collect();
            ladder.sort_unstable();
            ladder
        };
        let named = self.models.as_ref().map(of).unwrap_or_default();
        if named.is_empty() && self.escalate == Some(true) {
            return of(&serde_json::from_str(DEFAULT_MODELS).unwrap_or_default());
        }
        named
    }

    /// Tiers that a task may use. Where it starts is the agent type's affair unless the task says so.
    fn tiers(&self, task: &Task) -> u32 {
        let may_climb = self.escalate.unwrap_or(self.models.is_some());
        if !may_climb || task.model.is_some() || self.model.is_some() {
            return 1;
        }
        let start = task.tier.as_deref().and_then(tier).unwrap_or(0);
        u32::try_from(TIERS.len() - start).unwrap_or(1)
    }

    /// The longest pause that the rules of a request allow, in milliseconds: before a retry, or between two starts.
    fn longest_pause_ms(&self) -> u64 {
        let backoff = self.backoff.as_ref().and_then(|backoff| backoff.max_ms).unwrap_or(DEFAULT_MAX_PAUSE_MS);
        backoff.saturating_add(self.start_interval_ms.unwrap_or(0).saturating_mul(2))
    }
}
