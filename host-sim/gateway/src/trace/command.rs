//! What the component says.

use parallel_agents_engine::host::{AnswerForm, Command, HistoryQuery, ListFilter, Progress, SpawnOptions};
use parallel_agents_engine::ids::RequestId;
use parallel_agents_engine::task::Cleanup;

use super::words::{Long, Maybe, Short, maybe_short, since};

/// The words of a command.
pub(super) fn words(command: &Command, start_ms: u64) -> String {
    match command {
        Command::Spawn(request, options) => spawn(*request, options),
        Command::List(request, filter) => list(*request, filter),
        Command::History(request, query) => history(*request, query),
        Command::Cancel(request, key) => format!("cancel {request} session={key}"),
        Command::Attach(request, key) => format!("attach {request} session={key}"),
        Command::Delete(request, key) => format!("delete {request} session={key}"),
        Command::Progress(report) => progress(report, start_ms),
        Command::Item(item) => format!("item {} document={}", item.item, Long(&item.document)),
    }
}

fn spawn(request: RequestId, options: &SpawnOptions) -> String {
    let SpawnOptions {
        task,
        label,
        task_name,
        agent_id,
        model,
        thinking,
        run_timeout_seconds,
        cleanup,
        tool_free,
        form,
        max_output_tokens,
        idempotency_key,
    } = options;
    format!(
        "spawn {request} label={} name={} agent={} model={} thinking={} limit={run_timeout_seconds}s cleanup={} \
         tool-free={tool_free} form={} tokens={} key={} task={}",
        Short(label),
        Short(task_name),
        maybe_short(agent_id.as_deref()),
        maybe_short(model.as_deref()),
        maybe_short(thinking.as_deref()),
        match cleanup {
            Cleanup::Keep => "keep",
            Cleanup::Delete => "delete",
        },
        match form {
            AnswerForm::Text => "text".to_owned(),
            AnswerForm::Json(schema) => format!("json({})", Maybe(schema.as_deref().map(Long))),
        },
        Maybe(*max_output_tokens),
        Short(idempotency_key),
        Long(task),
    )
}

fn list(request: RequestId, filter: &ListFilter) -> String {
    let ListFilter { search, spawned_by, offset, limit } = filter;
    format!(
        "list {request} search={} spawned-by={} offset={offset} limit={limit}",
        maybe_short(search.as_deref()),
        maybe_short(spawned_by.as_ref().map(|key| key.as_str())),
    )
}

fn history(request: RequestId, query: &HistoryQuery) -> String {
    let HistoryQuery { session_key, offset, limit, include_tools } = query;
    format!("history {request} session={session_key} offset={offset} limit={limit} tools={include_tools}")
}

fn progress(report: &Progress, start_ms: u64) -> String {
    let Progress { seq, at_ms, task, agent_type, status, ended, running, total } = report;
    format!(
        "progress #{seq} at={} task={} agent={} status={} ended={ended} running={running} total={total}",
        since(start_ms, *at_ms),
        Short(task.as_str()),
        Short(agent_type.as_str()),
        status.name(),
    )
}
