//! From the rules of a request to those of a plan.

use super::names::check_name;
use super::planned::{Judge, PlannedTask, Retries, Rules};
use crate::agents::Catalogue;
use crate::order;
use crate::policy::caps::Caps;
use crate::policy::ladder::Ladder;
use crate::policy::price::Prices;
use crate::policy::retry::{Backoff, DEFAULT_BASE_MS, DEFAULT_MAX_MS};
use crate::policy::wait::Wait;
use crate::problem::Problem;
use crate::score::Score;
use crate::task::{BudgetSpec, JudgeSpec, RuleSpec, WaitMode, WaitSpec};

/// Who judges when a request names nobody.
const DEFAULT_JUDGE: &str = "agent_design_reviewer";

/// Checks what the schema alone cannot tell.
pub fn rules(spec: RuleSpec, catalogue: &mut Catalogue, problems: &mut Vec<Problem>) -> Rules {
    let models = spec.models.unwrap_or_default();
    for (tier, model) in [("economy", &models.economy), ("standard", &models.standard), ("premium", &models.premium)] {
        check_name("E_MODEL_FORMAT", format_args!("/models/{tier}"), model.as_deref(), problems);
    }
    let ladder = Ladder::of(&models)
        .or_else(|| spec.escalate.filter(|wanted| *wanted).and_then(|_| Ladder::of(&Ladder::default_models())));
    let backoff = spec.backoff.unwrap_or_default();
    let base_ms = backoff.base_ms.unwrap_or(DEFAULT_BASE_MS);
    Rules {
        wait: wait(spec.wait.unwrap_or_default(), problems),
        retries: Retries {
            backoff: Backoff { base_ms, max_ms: backoff.max_ms.unwrap_or(DEFAULT_MAX_MS).max(base_ms) },
            budget: spec.retry_budget,
        },
        corrections: spec.corrections.unwrap_or(1),
        ladder,
        escalate: spec.escalate.unwrap_or(true),
        strict_model: spec.strict_model.unwrap_or(false),
        accept_error_text: spec.accept_error_text.unwrap_or(true),
        judge: spec.judge.and_then(|judge| judge_of(judge, catalogue, problems)),
        caps: caps(spec.budget.unwrap_or_default()),
        prices: Prices(spec.prices),
        canary: spec.canary,
        breaker: spec.breaker.unwrap_or(true),
        hedge: spec.hedge.unwrap_or(false),
        start_interval_ms: spec.start_interval_ms.unwrap_or(0),
        task_timeout_seconds: spec.task_timeout_seconds,
    }
}

fn wait(spec: WaitSpec, problems: &mut Vec<Problem>) -> Wait {
    let needs = |field: &str, present: bool, modes: &[WaitMode], problems: &mut Vec<Problem>| {
        let wanted = modes.contains(&spec.mode);
        if wanted != present {
            let (verb, hint) = if wanted { ("needs", "say it") } else { ("takes no", "leave it out") };
            let message = format!("wait: {} {verb} {field}", spec.mode.name());
            problems.push(Problem::new("E_WAIT", format!("/wait/{field}"), message).hint(hint));
        }
    };
    needs("count", spec.count.is_some(), &[WaitMode::First, WaitMode::Quorum], problems);
    needs("pointer", spec.pointer.is_some(), &[WaitMode::Quorum], problems);
    needs("seconds", spec.seconds.is_some(), &[WaitMode::Until], problems);
    let pointer = spec.pointer.unwrap_or_default();
    check_pointer("E_WAIT", "/wait/pointer", &pointer, problems);
    Wait { mode: spec.mode, count: spec.count.unwrap_or(1) as usize, pointer, seconds: spec.seconds.unwrap_or(0) }
}

/// A JSON pointer is empty or begins with a slash.
pub fn check_pointer(code: &str, path: &str, pointer: &str, problems: &mut Vec<Problem>) {
    if !(pointer.is_empty() || pointer.starts_with('/')) {
        let field = path.trim_start_matches('/').replace('/', ".");
        let message = format!("{field}: a JSON pointer is empty or begins with /");
        problems.push(Problem::new(code, path, message).got(pointer));
    }
}

fn judge_of(spec: JudgeSpec, catalogue: &mut Catalogue, problems: &mut Vec<Problem>) -> Option<Judge> {
    let name = spec.agent.as_deref().unwrap_or(DEFAULT_JUDGE);
    let agent = catalogue.find_reader(name, "/judge/agent").map_err(|problem| problems.push(problem)).ok()?;
    let has_score = agent.output_schema.value().pointer("/properties/overall_score").is_some();
    if !has_score {
        let message = format!("judge.agent: {name} gives no overall_score");
        problems.push(Problem::new("E_REVIEWERS", "/judge/agent", message).got(name).hint("choose a type that scores"));
    }
    let threshold = Score::read(&spec.threshold).filter(|_| has_score)?;
    Some(Judge { agent, threshold })
}

/// A time for each task has to fit into that of the run.
pub fn check_task_timeout(seconds: Option<u32>, deadline: u32, problems: &mut Vec<Problem>) {
    if let Some(seconds) = seconds.filter(|seconds| *seconds > deadline) {
        let message = format!("task_timeout_seconds: got {seconds}, but the whole run ends after {deadline}");
        let problem = Problem::new("E_TIMEOUT_GT_DEADLINE", "/task_timeout_seconds", message).got(seconds);
        problems.push(problem.limit(format!("1..={deadline}")).hint("lower it or raise deadline_seconds"));
    }
}

fn caps(budget: BudgetSpec) -> Caps {
    Caps {
        tokens: budget.tokens,
        micro_usd: budget.micro_usd,
        spawns: budget.spawns.map(u64::from),
        seconds: budget.seconds,
        session_tokens: budget.session_tokens,
    }
}

/// A cap on money can be kept only if everybody's price is known. `models` are those that tasks name; None stands for a
/// task that names none.
pub fn check_prices(rules: &Rules, models: impl IntoIterator<Item = Option<String>>, problems: &mut Vec<Problem>) {
    if rules.caps.micro_usd.is_none() {
        return;
    }
    let unpriced = unpriced_models(rules, models);
    if !unpriced.is_empty() {
        let message = format!("budget.micro_usd: nobody knows what {} costs", unpriced.join(", "));
        let problem = Problem::new("E_BUDGET_UNENFORCEABLE", "/budget/micro_usd", message);
        problems.push(problem.hint("name its price in `prices`, or one for every model under \"*\""));
    }
}

/// Whether the budget can be kept at all, and allows for the smallest session.
pub fn check_budget(rules: &Rules, tasks: &[PlannedTask], problems: &mut Vec<Problem>) {
    let caps = &rules.caps;
    check_prices(rules, tasks.iter().map(|task| task.model.clone()), problems);
    if caps.tokens.is_none() && caps.micro_usd.is_none() {
        return;
    }
    let least = tasks.iter().map(|task| {
        let (prompt, rest) = caps.tokens_for(task.estimated_bytes());
        prompt.saturating_add(rest)
    });
    if let (Some(cap), Some(least)) = (caps.tokens, least.min())
        && cap < least
    {
        let message = format!("budget.tokens: got {cap}, but the smallest session alone is counted with {least}");
        let problem = Problem::new("E_BUDGET_TOO_SMALL", "/budget/tokens", message).got(cap);
        problems.push(problem.limit(format!("{least}..")).hint("raise it, or lower budget.session_tokens"));
    }
}

/// The models that tasks may run under which name these, without repetition; None is the host's own choice.
pub fn models(rules: &Rules, models: impl IntoIterator<Item = Option<String>>) -> Vec<Option<String>> {
    let mut names: Vec<Option<String>> = Vec::new();
    for model in models {
        match (model, &rules.ladder) {
            (None, Some(ladder)) => names.extend(ladder.models().map(|model| Some(model.to_owned()))),
            (model, _) => names.push(model),
        }
    }
    // A judge keeps to the tiers, also where a task names a model of its own.
    let judge = rules.ladder.as_ref().zip(rules.judge_tier()).and_then(|(ladder, tier)| ladder.model(tier));
    names.extend(judge.map(|model| Some(model.to_owned())));
    names = order::sorted(names);
    names.dedup();
    names
}

fn unpriced_models(rules: &Rules, named: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    let unpriced = models(rules, named).into_iter().filter(|model| rules.prices.of(model.as_deref()).is_none());
    unpriced.map(|model| model.unwrap_or_else(|| "the host's own choice of a model".to_owned())).take(4).collect()
}
