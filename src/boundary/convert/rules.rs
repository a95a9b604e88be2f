//! The rules of runs and tasks, both ways.

use serde_json::Value;

use crate::boundary::bindings::parallel_agents::skill::rules as wr;
use parallel_agents_engine::task::{
    BackoffSpec, BudgetSpec, JudgeSpec, OnDependencyFailure, Price, Proof, RuleSpec, Tier, TierModels, WaitMode,
    WaitSpec,
};

/// The rules of a run.
pub fn rule_spec(rules: wr::RunRules) -> RuleSpec {
    RuleSpec {
        wait: rules.wait.map(|wait| WaitSpec {
            mode: wait_mode(wait.mode),
            count: wait.count,
            pointer: wait.pointer,
            seconds: wait.seconds,
        }),
        retries: rules.retries,
        backoff: rules.backoff.map(|backoff| BackoffSpec { base_ms: backoff.base_ms, max_ms: backoff.max_ms }),
        retry_budget: rules.retry_budget,
        corrections: rules.corrections,
        models: rules.models.map(tier_models),
        escalate: rules.escalate,
        strict_model: rules.strict_model,
        judge: rules.judge.map(|judge| JudgeSpec { agent: judge.agent, threshold: Value::from(judge.threshold) }),
        budget: rules.budget.map(|budget| BudgetSpec {
            tokens: budget.tokens,
            micro_usd: budget.micro_usd,
            spawns: budget.spawns,
            seconds: budget.seconds,
            session_tokens: budget.session_tokens,
        }),
        prices: rules
            .prices
            .into_iter()
            .map(|price| (price.model, Price { input: price.input, output: price.output }))
            .collect(),
        canary: rules.canary,
        breaker: rules.breaker,
        hedge: rules.hedge,
        start_interval_ms: rules.start_interval_ms,
        task_timeout_seconds: rules.task_timeout_seconds,
        start_timeout_seconds: rules.start_timeout_seconds,
        on_dependency_failure: rules.on_dependency_failure.map(on_dependency_failure),
        accept_truncated: rules.accept_truncated,
        accept_error_text: rules.accept_error_text,
    }
}

/// Which model each tier means.
pub fn tier_models(models: wr::TierModels) -> TierModels {
    TierModels { economy: models.economy, standard: models.standard, premium: models.premium }
}

fn wait_mode(mode: wr::WaitMode) -> WaitMode {
    match mode {
        wr::WaitMode::All => WaitMode::All,
        wr::WaitMode::Any => WaitMode::Any,
        wr::WaitMode::First => WaitMode::First,
        wr::WaitMode::Quorum => WaitMode::Quorum,
        wr::WaitMode::Until => WaitMode::Until,
    }
}

pub fn wit_wait_mode(mode: WaitMode) -> wr::WaitMode {
    match mode {
        WaitMode::All => wr::WaitMode::All,
        WaitMode::Any => wr::WaitMode::Any,
        WaitMode::First => wr::WaitMode::First,
        WaitMode::Quorum => wr::WaitMode::Quorum,
        WaitMode::Until => wr::WaitMode::Until,
    }
}

pub fn tier(tier: wr::Tier) -> Tier {
    match tier {
        wr::Tier::Economy => Tier::Economy,
        wr::Tier::Standard => Tier::Standard,
        wr::Tier::Premium => Tier::Premium,
    }
}

pub fn wit_tier(tier: Tier) -> wr::Tier {
    match tier {
        Tier::Economy => wr::Tier::Economy,
        Tier::Standard => wr::Tier::Standard,
        Tier::Premium => wr::Tier::Premium,
    }
}

pub fn on_dependency_failure(what: wr::OnDependencyFailure) -> OnDependencyFailure {
    match what {
        wr::OnDependencyFailure::Skip => OnDependencyFailure::Skip,
        wr::OnDependencyFailure::Run => OnDependencyFailure::Run,
        wr::OnDependencyFailure::FailFast => OnDependencyFailure::FailFast,
    }
}

pub fn wit_on_dependency_failure(what: OnDependencyFailure) -> wr::OnDependencyFailure {
    match what {
        OnDependencyFailure::Skip => wr::OnDependencyFailure::Skip,
        OnDependencyFailure::Run => wr::OnDependencyFailure::Run,
        OnDependencyFailure::FailFast => wr::OnDependencyFailure::FailFast,
    }
}

pub fn proof(proof: wr::Proof) -> Proof {
    Proof { min_tool_calls: proof.min_tool_calls, fields: proof.fields, artefacts: proof.artefacts }
}

pub fn wit_proof(proof: Proof) -> wr::Proof {
    wr::Proof { min_tool_calls: proof.min_tool_calls, fields: proof.fields, artefacts: proof.artefacts }
}
