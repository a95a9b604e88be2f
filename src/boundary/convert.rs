//! WIT on one side, the engine's types on the other. Matches are exhaustive: a case that is added on one side has to be
//! thought about here.

use serde_json::Value;

use super::bindings::exports::parallel_agents::skill::agents::{AgentDescription, AgentSummary};
use super::bindings::parallel_agents::skill::{events as we, sessions as ws, types as wt};
use crate::agents::AgentDefinition;
use crate::host;
use crate::ids::{RequestId, SessionKey, TaskId};
use crate::json::strict::{self, ANSWER_BOUNDS};
use crate::problem::{CallError, Problem};
use crate::task::{
    AgentSource, Cleanup, InputSource, OutputFormat, RunReport, RunSpec, RunStatus, TaskError, TaskResult, TaskSpec,
    TaskStatus, Usage,
};

/// Texts that have to be JSON are read here; what is not JSON is a problem like any other.
pub fn run_spec(request: wt::RunRequest) -> Result<RunSpec, CallError> {
    let mut problems = Vec::new();
    let agents = agent_sources(request.agents, &mut problems);
    let tasks =
        request.tasks.into_iter().enumerate().map(|(index, task)| task_spec(index, task, &mut problems)).collect();
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    Ok(RunSpec {
        tasks,
        agents,
        max_concurrent: request.max_concurrent,
        deadline_seconds: request.deadline_seconds,
        cleanup: request.cleanup.map(|cleanup| match cleanup {
            wt::Cleanup::Keep => Cleanup::Keep,
            wt::Cleanup::Delete => Cleanup::Delete,
        }),
        model: request.model,
        thinking: request.thinking,
    })
}

/// One task and the agent types that come with it.
pub fn one_task(task: wt::Task, agents: Vec<wt::AgentSource>) -> Result<(TaskSpec, Vec<AgentSource>), CallError> {
    let mut problems = Vec::new();
    let agents = agent_sources(agents, &mut problems);
    let task = task_spec(0, task, &mut problems);
    if problems.is_empty() { Ok((task, agents)) } else { Err(CallError::invalid(problems)) }
}

fn agent_sources(sources: Vec<wt::AgentSource>, problems: &mut Vec<Problem>) -> Vec<AgentSource> {
    let mut read = |(index, source)| match source {
        wt::AgentSource::File(text) => Some(AgentSource::File(text)),
        wt::AgentSource::Definition(text) => strict::parse(&text, ANSWER_BOUNDS)
            .map_err(|error| {
                let message = format!("agents: is not acceptable JSON: {error}");
                problems.push(Problem::new("E_AGENT_DEFINITION", format!("/agents/{index}"), message));
            })
            .ok()
            .map(AgentSource::Definition),
    };
    sources.into_iter().enumerate().filter_map(&mut read).collect()
}

fn task_spec(index: usize, task: wt::Task, problems: &mut Vec<Problem>) -> TaskSpec {
    let mut read = |field: &str, code: &str, text: Option<String>| -> Option<Value> {
        strict::parse(&text?, ANSWER_BOUNDS)
            .map_err(|error| {
                let path = format!("/tasks/{index}/{field}");
                problems.push(Problem::new(code, path, format!("{field}: is not acceptable JSON: {error}")));
            })
            .ok()
    };
    TaskSpec {
        input_data: read("input_data", "E_INPUT_TYPE", task.input_data),
        output_schema: read("output_schema", "E_SCHEMA", task.output_schema),
        agent_type: task.agent_type,
        task_description: task.task_description,
        input_from: task
            .input_from
            .into_iter()
            .map(|source| InputSource { field: source.field, task: source.task, pointer: source.pointer })
            .collect(),
        task_id: task.task_id,
        timeout_seconds: task.timeout_seconds,
        output_format: task.output_format.map(|format| match format {
            wt::OutputFormat::Json => OutputFormat::Json,
            wt::OutputFormat::Markdown => OutputFormat::Markdown,
            wt::OutputFormat::Code => OutputFormat::Code,
            wt::OutputFormat::Text => OutputFormat::Text,
        }),
        priority: task.priority,
        dependencies: task.dependencies,
        model: task.model,
        thinking: task.thinking,
        agent_id: task.agent_id,
    }
}

/// Tasks of a team, as a caller would write them.
pub fn tasks(tasks: Vec<TaskSpec>) -> Vec<wt::Task> {
    tasks
        .into_iter()
        .map(|task| wt::Task {
            agent_type: task.agent_type,
            task_description: task.task_description,
            input_data: task.input_data.map(|input| input.to_string()),
            input_from: task
                .input_from
                .into_iter()
                .map(|source| wt::InputSource { field: source.field, task: source.task, pointer: source.pointer })
                .collect(),
            task_id: task.task_id,
            timeout_seconds: task.timeout_seconds,
            output_format: task.output_format.map(output_format),
            output_schema: task.output_schema.map(|schema| schema.to_string()),
            priority: task.priority,
            dependencies: task.dependencies,
            model: task.model,
            thinking: task.thinking,
            agent_id: task.agent_id,
        })
        .collect()
}

fn output_format(format: OutputFormat) -> wt::OutputFormat {
    match format {
        OutputFormat::Json => wt::OutputFormat::Json,
        OutputFormat::Markdown => wt::OutputFormat::Markdown,
        OutputFormat::Code => wt::OutputFormat::Code,
        OutputFormat::Text => wt::OutputFormat::Text,
    }
}

/// A run's report.
pub fn run_report(report: RunReport) -> wt::RunReport {
    let census = report.census;
    wt::RunReport {
        status: match report.status {
            RunStatus::Completed => wt::RunStatus::Completed,
            RunStatus::Partial => wt::RunStatus::Partial,
            RunStatus::Failed => wt::RunStatus::Failed,
            RunStatus::Cancelled => wt::RunStatus::Cancelled,
            RunStatus::Deadline => wt::RunStatus::Deadline,
        },
        results: report.results.into_iter().map(task_result).collect(),
        census: wt::Census {
            tasks: census.tasks,
            completed: census.completed,
            failed: census.failed,
            timeout: census.timeout,
            cancelled: census.cancelled,
            skipped: census.skipped,
        },
        elapsed_ms: report.elapsed_ms,
        spawn_calls: report.spawn_calls,
        peak_in_flight: report.peak_in_flight,
        usage: report.usage.map(usage),
        usage_complete: report.usage_complete,
        ignored_events: report.ignored_events,
        leaked: report.leaked.iter().map(ToString::to_string).collect(),
    }
}

fn task_result(result: TaskResult) -> wt::TaskResult {
    let metadata = result.metadata;
    wt::TaskResult {
        task_id: result.task_id.to_string(),
        agent_type: result.agent_type,
        status: task_status(result.status),
        output: result.output.map(|output| output.to_string()),
        execution_ms: result.execution_ms,
        error: result.error.map(|TaskError { code, message, retryable }| wt::TaskError { code, message, retryable }),
        session_key: result.session_key.map(|session| session.to_string()),
        metadata: wt::ResultMetadata {
            label: metadata.label,
            attempts: metadata.attempts,
            model_requested: metadata.model_requested,
            model_applied: metadata.model_applied,
            model_mismatch: metadata.model_mismatch,
            usage: metadata.usage.map(usage),
            queued_ms: metadata.queued_ms,
            output_bytes: metadata.output_bytes,
            truncated: metadata.truncated,
            redacted: metadata.redacted,
            unwrapped: metadata.unwrapped,
            deleted: metadata.deleted,
        },
    }
}

fn task_status(status: TaskStatus) -> wt::TaskStatus {
    match status {
        TaskStatus::Pending => wt::TaskStatus::Pending,
        TaskStatus::Running => wt::TaskStatus::Running,
        TaskStatus::Completed => wt::TaskStatus::Completed,
        TaskStatus::Failed => wt::TaskStatus::Failed,
        TaskStatus::Timeout => wt::TaskStatus::Timeout,
        TaskStatus::Cancelled => wt::TaskStatus::Cancelled,
        TaskStatus::Skipped => wt::TaskStatus::Skipped,
    }
}

fn usage(usage: Usage) -> wt::Usage {
    wt::Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}

fn usage_in(usage: wt::Usage) -> Usage {
    Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
}

/// One problem of a request.
pub fn problem(problem: Problem) -> wt::Problem {
    let Problem { code, message, path, got, limit, hint } = problem;
    wt::Problem { code, message, path, got, limit, hint }
}

/// Why a call was refused.
pub fn call_error(error: CallError) -> wt::CallError {
    match error {
        CallError::InvalidRequest(problems) => {
            wt::CallError::InvalidRequest(problems.into_iter().map(problem).collect())
        }
        CallError::HostProtocol(message) => wt::CallError::HostProtocol(message),
    }
}

/// One row of the catalogue.
pub fn agent_summary(agent: &AgentDefinition) -> AgentSummary {
    AgentSummary { name: agent.name.clone(), description: agent.description.clone(), category: agent.category.clone() }
}

/// One agent type in full.
pub fn agent_description(agent: &AgentDefinition) -> AgentDescription {
    AgentDescription {
        summary: agent_summary(agent),
        tier: agent.tier.name().to_owned(),
        tool_free: agent.tool_free,
        timeout_seconds: agent.timeout_seconds,
        output_format: output_format(agent.output_format),
        prompt: agent.prompt.clone(),
        input: agent.input.clone(),
        output_schema: agent.output_schema.to_string(),
        example_input: agent.example_input.to_string(),
    }
}

/// What a spawn is given.
pub fn spawn_options(options: host::SpawnOptions) -> ws::SpawnOptions {
    ws::SpawnOptions {
        task: options.task,
        label: options.label,
        task_name: options.task_name,
        agent_id: options.agent_id,
        model: options.model,
        thinking: options.thinking,
        run_timeout_seconds: options.run_timeout_seconds,
        cleanup: match options.cleanup {
            Cleanup::Keep => wt::Cleanup::Keep,
            Cleanup::Delete => wt::Cleanup::Delete,
        },
        tool_free: options.tool_free,
        idempotency_key: options.idempotency_key,
    }
}

/// Which sessions to list.
pub fn list_filter(filter: host::ListFilter) -> ws::ListFilter {
    ws::ListFilter {
        search: filter.search,
        spawned_by: filter.spawned_by.map(|session| session.to_string()),
        offset: filter.offset,
        limit: filter.limit,
    }
}

/// Which messages to read.
pub fn history_query(query: host::HistoryQuery) -> ws::HistoryQuery {
    ws::HistoryQuery {
        session_key: query.session_key.to_string(),
        offset: query.offset,
        limit: query.limit,
        include_tools: query.include_tools,
    }
}

/// How far a run is.
pub fn progress(progress: host::Progress) -> we::Progress {
    we::Progress {
        seq: progress.seq,
        at_ms: progress.at_ms,
        task: progress.task.to_string(),
        agent_type: progress.agent_type,
        status: task_status(progress.status),
        ended: progress.ended,
        running: progress.running,
        total: progress.total,
    }
}

/// What happened.
pub fn event(event: we::Event) -> host::Event {
    let what = match event.what {
        we::Happening::Opened(facts) => host::Happening::Opened(host::HostFacts {
            name: facts.name,
            seed: facts.seed,
            max_concurrent: facts.max_concurrent,
            reports_starts: facts.reports_starts,
        }),
        we::Happening::Answered(answer) => host::Happening::Answered {
            request: RequestId(answer.request),
            outcome: answer.outcome.map(reply).map_err(host_error),
        },
        we::Happening::SessionStarted(session) => host::Happening::SessionStarted(SessionKey::new(session)),
        we::Happening::SessionEnded(end) => host::Happening::SessionEnded(session_end(end)),
        we::Happening::StopRequested(stop) => {
            host::Happening::StopRequested { task: stop.task.map(TaskId::new), reason: stop.reason }
        }
        we::Happening::Woke => host::Happening::Woke,
    };
    host::Event { seq: event.seq, at_ms: event.at_ms, what }
}

fn session_end(end: we::SessionEnd) -> host::SessionEnd {
    host::SessionEnd {
        session: SessionKey::new(end.session),
        outcome: match end.outcome {
            we::SessionOutcome::Completed => host::SessionOutcome::Completed,
            we::SessionOutcome::Failed(failure) => host::SessionOutcome::Failed {
                kind: match failure.kind {
                    we::FailureKind::Infrastructure => host::FailureKind::Infrastructure,
                    we::FailureKind::RateLimited => host::FailureKind::RateLimited,
                    we::FailureKind::Authentication => host::FailureKind::Authentication,
                    we::FailureKind::Rejected => host::FailureKind::Rejected,
                    we::FailureKind::ContextOverflow => host::FailureKind::ContextOverflow,
                    we::FailureKind::Other => host::FailureKind::Other,
                },
                message: failure.message,
            },
            we::SessionOutcome::TimedOut => host::SessionOutcome::TimedOut,
            we::SessionOutcome::Cancelled => host::SessionOutcome::Cancelled,
            we::SessionOutcome::Interrupted => host::SessionOutcome::Interrupted,
        },
        completion: end
            .completion
            .map(|completion| host::Completion { text: completion.text, truncated: completion.truncated }),
        usage: end.usage.map(usage_in),
        model: end.model,
    }
}

fn reply(reply: ws::Reply) -> host::Reply {
    match reply {
        ws::Reply::Spawned(receipt) => host::Reply::Spawned(host::Receipt {
            session_key: SessionKey::new(receipt.session_key),
            run_id: receipt.run_id,
            applied_model: receipt.applied_model,
            tool_free: receipt.tool_free,
        }),
        ws::Reply::Listed(page) => host::Reply::Listed(host::SessionPage {
            sessions: page.sessions.into_iter().map(session_row).collect(),
            has_more: page.has_more,
        }),
        ws::Reply::History(page) => host::Reply::History(host::HistoryPage {
            messages: page.messages.into_iter().map(message).collect(),
            has_more: page.has_more,
            dropped_messages: page.dropped_messages,
            redacted: page.redacted,
        }),
        ws::Reply::Cancelled => host::Reply::Cancelled,
        ws::Reply::Deleted => host::Reply::Deleted,
    }
}

fn session_row(row: ws::SessionRow) -> host::SessionRow {
    host::SessionRow {
        session_key: SessionKey::new(row.session_key),
        label: row.label,
        state: match row.state {
            ws::SessionState::Queued => host::SessionState::Queued,
            ws::SessionState::Running => host::SessionState::Running,
            ws::SessionState::Completed => host::SessionState::Completed,
            ws::SessionState::Failed => host::SessionState::Failed,
            ws::SessionState::TimedOut => host::SessionState::TimedOut,
            ws::SessionState::Cancelled => host::SessionState::Cancelled,
            ws::SessionState::Unknown => host::SessionState::Unknown,
        },
        model: row.model,
        usage: row.usage.map(usage_in),
    }
}

fn message(message: ws::Message) -> host::Message {
    host::Message {
        role: match message.role {
            ws::MessageRole::User => host::MessageRole::User,
            ws::MessageRole::Assistant => host::MessageRole::Assistant,
            ws::MessageRole::Tool => host::MessageRole::Tool,
            ws::MessageRole::System => host::MessageRole::System,
        },
        text: message.text,
        truncated: message.truncated,
        model: message.model,
        usage: message.usage.map(usage_in),
    }
}

fn host_error(error: ws::HostError) -> host::HostError {
    match error {
        ws::HostError::Forbidden(text) => host::HostError::Forbidden(text),
        ws::HostError::Invalid(text) => host::HostError::Invalid(text),
        ws::HostError::AtCapacity(text) => host::HostError::AtCapacity(text),
        ws::HostError::Exhausted(text) => host::HostError::Exhausted(text),
        ws::HostError::RateLimited(limit) => {
            host::HostError::RateLimited { retry_after_ms: limit.retry_after_ms, message: limit.message }
        }
        ws::HostError::Unavailable(text) => host::HostError::Unavailable(text),
        ws::HostError::Busy(text) => host::HostError::Busy(text),
        ws::HostError::NotFound(text) => host::HostError::NotFound(text),
        ws::HostError::NotOwner(text) => host::HostError::NotOwner(text),
        ws::HostError::Unsupported(text) => host::HostError::Unsupported(text),
        ws::HostError::InDoubt(text) => host::HostError::InDoubt(text),
    }
}
