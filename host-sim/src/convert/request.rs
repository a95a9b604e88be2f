//! What a caller asks the component for.

use parallel_agents_engine::task::{AgentSource, Cleanup, InputSource, OutputFormat, RunSpec, TaskSpec};

use super::rules;
use crate::bindings::parallel_agents::skill::types as wit;

pub(crate) fn run_request(spec: RunSpec) -> wit::RunRequest {
    let RunSpec { tasks, agents, max_concurrent, deadline_seconds, cleanup, model, thinking, rules } = spec;
    wit::RunRequest {
        tasks: tasks.into_iter().map(task).collect(),
        agents: agents.into_iter().map(agent).collect(),
        max_concurrent,
        deadline_seconds,
        cleanup: cleanup.map(|cleanup| match cleanup {
            Cleanup::Keep => wit::Cleanup::Keep,
            Cleanup::Delete => wit::Cleanup::Delete,
        }),
        model,
        thinking,
        rules: rules::run_rules(rules),
    }
}

pub(super) fn agent(source: AgentSource) -> wit::AgentSource {
    match source {
        AgentSource::File(text) => wit::AgentSource::File(text),
        AgentSource::Definition(value) => wit::AgentSource::Definition(value.to_string()),
    }
}

pub(super) fn task(spec: TaskSpec) -> wit::Task {
    let TaskSpec {
        agent_type,
        task_description,
        input_data,
        input_from,
        task_id,
        timeout_seconds,
        output_format,
        output_schema,
        max_output_tokens,
        priority,
        dependencies,
        model,
        thinking,
        agent_id,
        tier,
        retries,
        start_timeout_seconds,
        on_dependency_failure,
        idempotent,
        required,
        proof,
        accept_truncated,
    } = spec;
    wit::Task {
        agent_type,
        task_description,
        input_data: input_data.map(|value| value.to_string()),
        input_from: input_from
            .into_iter()
            .map(|InputSource { field, task, pointer }| wit::InputSource { field, task, pointer })
            .collect(),
        task_id,
        timeout_seconds,
        output_format: output_format.map(|format| match format {
            OutputFormat::Json => wit::OutputFormat::Json,
            OutputFormat::Markdown => wit::OutputFormat::Markdown,
            OutputFormat::Code => wit::OutputFormat::Code,
            OutputFormat::Text => wit::OutputFormat::Text,
        }),
        output_schema: output_schema.map(|value| value.to_string()),
        max_output_tokens,
        priority,
        dependencies,
        model,
        thinking,
        agent_id,
        tier: tier.map(rules::wit_tier),
        retries,
        start_timeout_seconds,
        on_dependency_failure: on_dependency_failure.map(rules::on_dependency_failure),
        idempotent,
        required,
        proof: proof.map(rules::proof),
        accept_truncated,
    }
}
