//! The rules of runs and tasks, and what reports say of them.

use parallel_agents_engine::task::{OnDependencyFailure, Proof, RuleSpec, Tier, TierModels, WaitMode};

use crate::bindings::parallel_agents::skill::rules as wit;

/// The rules of a run.
pub(super) fn run_rules(rules: RuleSpec) -> wit::RunRules {
    let RuleSpec {
        wait,
        retries,
        backoff,
        retry_budget,
        corrections,
        models,
        escalate,
        strict_model,
        judge,
        budget,
        prices,
        canary,
        breaker,
        hedge,
        start_interval_ms,
        task_timeout_seconds,
        start_timeout_seconds,
        on_dependency_failure,
        accept_truncated,
        accept_error_text,
    } = rules;
    wit::RunRules {
        wait: wait.map(|wait| wit::WaitRule {
            mode: wit_wait_mode(wait.mode),
            count: wait.count,
            pointer: wait.pointer,
            seconds: wait.seconds,
        }),
        retries,
        backoff: backoff.map(|backoff| wit::Backoff { base_ms: backoff.base_ms, max_ms: backoff.max_ms }),
        retry_budget,
        corrections,
        models: models.map(tier_models),
        escalate,
        strict_model,
        judge: judge.map(|judge| wit::JudgeRule {
            agent: judge.agent,
            // What is no number has no place in a record; it stands below every score.
            threshold: judge.threshold.as_f64().unwrap_or(-1.0),
        }),
        budget: budget.map(|budget| wit::Budget {
            tokens: budget.tokens,
            micro_usd: budget.micro_usd,
            spawns: budget.spawns,
            seconds: budget.seconds,
            session_tokens: budget.session_tokens,
        }),
        prices: prices
            .into_iter()
            .map(|(model, price)| wit::Price { model, input: price.input, output: price.output })
            .collect(),
        canary,
        breaker,
        hedge,
        start_interval_ms,
        task_timeout_seconds,
        start_timeout_seconds,
        on_dependency_failure: on_dependency_failure.map(self::on_dependency_failure),
        accept_truncated,
        accept_error_text,
    }
}

fn tier_models(models: TierModels) -> wit::TierModels {
    wit::TierModels { economy: models.economy, standard: models.standard, premium: models.premium }
}

fn wit_wait_mode(mode: WaitMode) -> wit::WaitMode {
    match mode {
        WaitMode::All => wit::WaitMode::All,
        WaitMode::Any => wit::WaitMode::Any,
        WaitMode::First => wit::WaitMode::First,
        WaitMode::Quorum => wit::WaitMode::Quorum,
        WaitMode::Until => wit::WaitMode::Until,
    }
}

pub(super) fn wait_mode(mode: wit::WaitMode) -> WaitMode {
    match mode {
        wit::WaitMode::All => WaitMode::All,
        wit::WaitMode::Any => WaitMode::Any,
        wit::WaitMode::First => WaitMode::First,
        wit::WaitMode::Quorum => WaitMode::Quorum,
        wit::WaitMode::Until => WaitMode::Until,
    }
}

pub(super) fn wit_tier(tier: Tier) -> wit::Tier {
    match tier {
        Tier::Economy => wit::Tier::Economy,
        Tier::Standard => wit::Tier::Standard,
        Tier::Premium => wit::Tier::Premium,
    }
}

pub(super) fn tier(tier: wit::Tier) -> Tier {
    match tier {
        wit::Tier::Economy => Tier::Economy,
        wit::Tier::Standard => Tier::Standard,
        wit::Tier::Premium => Tier::Premium,
    }
}

pub(super) fn on_dependency_failure(what: OnDependencyFailure) -> wit::OnDependencyFailure {
    match what {
        OnDependencyFailure::Skip => wit::OnDependencyFailure::Skip,
        OnDependencyFailure::Run => wit::OnDependencyFailure::Run,
        OnDependencyFailure::FailFast => wit::OnDependencyFailure::FailFast,
    }
}

pub(super) fn proof(proof: Proof) -> wit::Proof {
    wit::Proof { min_tool_calls: proof.min_tool_calls, fields: proof.fields, artefacts: proof.artefacts }
}
