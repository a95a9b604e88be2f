//! What is said below the table of a run.

use parallel_agents::task::{Census, CostReport, RunStatus, TaskStatus};

use crate::args::BackendKind;
use crate::report::Report;
use crate::text::{count, dollars, duration, shown, thousands, wrapped};
use crate::ui::{Tone, Ui};

/// What kept tasks from being completed, in full.
pub fn not_completed(ui: &Ui, report: &Report) -> String {
    let mut text = String::new();
    for task in report.results.iter().filter(|task| task.status != TaskStatus::Completed) {
        let Some(error) = &task.error else { continue };
        let again = if error.retryable { ". Running it again may help." } else { "." };
        let message = shown(&error.message);
        let heading = format!("{}  {}  {}", shown(&task.task_id), task.status.name(), shown(&error.code));
        text.push_str(&format!("  {}\n", ui.tone(Tone::Bad, &heading)));
        text.push_str(&wrapped(&format!("{}{again}", message.trim_end_matches('.')), ui.width(), "    "));
    }
    if text.is_empty() { text } else { format!("\nNot completed:\n{text}") }
}

/// The run in a few sentences.
pub fn totals(ui: &Ui, report: &Report, backend: BackendKind) -> String {
    let mut text = format!("\n{} {}", ui.tone(tone(report.status), verdict(report.status)), census(report.census));
    text.push_str(&format!(
        "{}{}, at most {} at once.\n",
        duration(report.elapsed_seconds),
        if backend == BackendKind::Script { " of simulated time" } else { "" },
        count(report.peak_in_flight as usize, "session", "sessions"),
    ));
    if let Some(usage) = report.usage {
        let gap = if report.usage_complete { "" } else { ", as far as the sessions said" };
        let (read, written) = (thousands(usage.input_tokens), thousands(usage.output_tokens));
        text.push_str(&format!("{read} tokens read, {written} written{gap}.\n"));
    }
    text.push_str(&cost(&report.cost));
    if !report.leaked.is_empty() {
        let leaked: Vec<String> = report.leaked.iter().map(|session| shown(session)).collect();
        text.push_str(&format!("Sessions that could not be stopped or deleted: {}\n", leaked.join(", ")));
    }
    if backend == BackendKind::Script {
        let words = "The answers are scripted: no model was called and nothing was spent.";
        text.push_str(&format!("{}\n", ui.tone(Tone::Faint, words)));
    }
    text
}

/// What it would have cost by the request's prices; nothing if it names none.
fn cost(cost: &CostReport) -> String {
    let Some(paid) = cost.micro_usd else { return String::new() };
    let gap = if cost.complete { "" } else { ", as far as usage and prices are known" };
    let mut text = format!("{} by the request's prices{gap}", dollars(paid, 6));
    if let Some(saved) = cost.saved_micro_usd {
        let verb = if saved < 0 { "lost" } else { "saved" };
        let amount = dollars(saved.unsigned_abs(), 6);
        text.push_str(&format!("; {amount} {verb} against the best model for everything"));
    }
    text + ".\n"
}

fn verdict(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Completed => "Completed.",
        RunStatus::Partial => "Completed in part.",
        RunStatus::Failed => "Failed.",
        RunStatus::Cancelled => "Cancelled.",
        RunStatus::Deadline => "Stopped at the deadline.",
        RunStatus::Budget => "Stopped by the budget.",
    }
}

fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Completed => Tone::Good,
        RunStatus::Partial | RunStatus::Cancelled | RunStatus::Deadline | RunStatus::Budget => Tone::Warn,
        RunStatus::Failed => Tone::Bad,
    }
}

/// How many tasks ended how; a kind that did not occur is left out.
fn census(census: Census) -> String {
    let Census { tasks, completed, failed, timeout, cancelled, skipped } = census;
    let kinds = [
        (completed, "completed"),
        (failed, "failed"),
        (timeout, "timed out"),
        (cancelled, "cancelled"),
        (skipped, "skipped"),
    ];
    let kinds: Vec<String> =
        kinds.iter().filter(|(number, _)| *number > 0).map(|(number, name)| format!("{number} {name}")).collect();
    format!("{}: {}. ", count(tasks as usize, "task", "tasks"), kinds.join(", "))
}
