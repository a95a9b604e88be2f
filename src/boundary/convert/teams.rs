//! Teams and what they are made of, inwards.

use super::rules;
use crate::boundary::bindings::exports::parallel_agents::skill::teams as wit;
use crate::boundary::bindings::parallel_agents::skill::types as wt;
use parallel_agents_engine::task::Cleanup;
use parallel_agents_workflows::spec::Limits;
use parallel_agents_workflows::teams::Brief;
use parallel_agents_workflows::wish::Wish;

/// A team with all that it needs.
pub fn brief(brief: wit::TeamBrief) -> Brief {
    match brief {
        wit::TeamBrief::Content(given) => Brief::Content { topic: given.topic, platform: given.platform },
        wit::TeamBrief::Development(given) => Brief::Development { app_name: given.app_name, features: given.features },
        wit::TeamBrief::Review(given) => Brief::Review { code: given.code, file: given.file },
        wit::TeamBrief::Agents(purposes) => Brief::Agents(wishes(purposes)),
    }
}

/// What is wanted, one after the other.
pub fn wishes(wanted: Vec<wit::AgentWish>) -> Vec<Wish> {
    wanted.into_iter().map(wish).collect()
}

/// One agent type that is wanted.
pub fn wish(wanted: wit::AgentWish) -> Wish {
    Wish {
        name: wanted.name,
        purpose: wanted.purpose,
        domain: wanted.domain,
        capabilities: wanted.capabilities,
        constraints: wanted.constraints,
    }
}

/// What holds for every session.
pub fn limits(limits: wit::RunLimits) -> Limits {
    Limits {
        max_concurrent: limits.max_concurrent,
        deadline_seconds: limits.deadline_seconds,
        cleanup: limits.cleanup.map(|cleanup| match cleanup {
            wt::Cleanup::Keep => Cleanup::Keep,
            wt::Cleanup::Delete => Cleanup::Delete,
        }),
        model: limits.model,
        thinking: limits.thinking,
        rules: rules::rule_spec(limits.rules),
    }
}
