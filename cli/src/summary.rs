//! What is said below the table of a run.

use parallel_agents_engine::task::{Census, CostReport, RunStatus, TaskStatus};

use crate::args::{BackendKind, ClockKind};
use crate::report::Report;
use crate::text::{count, dollars, duration, sentences, shown, thousands, wrapped};
use crate::ui::{Tone, Ui};

/// What kept tasks from being completed, in full.
pub fn not_completed(ui: &Ui, report: &Report) -> String {
    let mut text = String::new();
    for task in report.results.iter().filter(|task| task.status != TaskStatus::Completed) {
        let Some(error) = &task.error else { continue };
        let again = match error.code.as_str() {
            "E_BUDGET" => ". A larger budget helps.",
            _ if error.retryable => ". Running it again may help.",
            _ => ".",
        };
        let message = shown(&error.message);
        let heading = format!("{}  {}  {}", shown(&task.task_id), task.status.name(), shown(&error.code));
        text.push_str(&format!("  {}\n", ui.tone(Tone::Bad, &heading)));
        text.push_str(&wrapped(&format!("{}{again}", message.trim_end_matches('.')), ui.width(), "    "));
    }
    if text.is_empty() { text } else { format!("\nNot completed:\n{text}") }
}

/// The run in a few sentences.
pub fn totals(ui: &Ui, report: &Report, kind: BackendKind, clock: ClockKind) -> String {
    let lines = |texts: &[&str]| sentences(texts.iter().copied(), ui.width());
    let is_scripted = kind == BackendKind::Script;
    let is_simulated = is_scripted && clock == ClockKind::Virtual;
    let ran = format!(
        "{}{}, at most {} at once.",
        duration(report.elapsed_seconds),
        if is_simulated { " of simulated time" } else { "" },
        count(report.peak_in_flight as usize, "session", "sessions"),
    );
    let verdict = verdict(report.status);
    let head = lines(&[verdict, &census(report.census), &ran]);
    let mut text = format!("\n{}", head.replacen(verdict, &ui.tone(tone(report.status), verdict), 1));
    if let Some(usage) = report.usage {
        let gap = if report.usage_complete { "" } else { ", as far as the sessions said" };
        let (read, written) = (thousands(usage.input_tokens), thousands(usage.output_tokens));
        text.push_str(&lines(&[&format!("{read} tokens read, {written} written{gap}.")]));
    }
    if let Some(cost) = cost(&report.cost) {
        text.push_str(&lines(&[&cost]));
    }
    if let Some(words) = beyond_the_rules(report) {
        text.push_str(&lines(&[&words]));
    }
    if let Some(words) = cut(report) {
        text.push_str(&ui.tone(Tone::Warn, lines(&[&words]).trim_end()));
        text.push('\n');
    }
    if !report.leaked.is_empty() {
        let leaked: Vec<String> = report.leaked.iter().map(|session| shown(session)).collect();
        text.push_str(&lines(&["Sessions that could not be stopped or deleted:", &leaked.join(", ")]));
    }
    if is_scripted {
        let words = lines(&["The answers are scripted:", "no model was called and nothing was spent."]);
        text.push_str(&format!("{}\n", ui.tone(Tone::Faint, words.trim_end())));
    }
    text
}

/// A run that is completed by its rules although tasks are not. None: it is completed, and so are they, or it is not.
fn beyond_the_rules(report: &Report) -> Option<String> {
    let others = report.census.tasks.saturating_sub(report.census.completed) as usize;
    let is_meant = report.status == RunStatus::Completed && others > 0;
    is_meant.then(|| {
        let those = count(others, "task that is", "tasks that are");
        format!("The run did what its rules ask for (wait, required); they do not need {those} not completed.")
    })
}

/// The tasks whose answers are not whole. None: all are.
fn cut(report: &Report) -> Option<String> {
    let names: Vec<String> =
        report.results.iter().filter(|task| task.is_cut()).map(|task| shown(&task.task_id)).collect();
    (!names.is_empty()).then(|| {
        let answers = if names.len() == 1 { "answer is" } else { "answers are" };
        format!("{} {answers} cut, and something is missing at the end: {}.", names.len(), names.join(", "))
    })
}

/// What it would have cost by the request's prices. None: it names none.
fn cost(cost: &CostReport) -> Option<String> {
    let paid = cost.micro_usd?;
    let gap = if cost.complete { "" } else { ", as far as usage and prices are known" };
    let mut text = format!("{} by the request's prices{gap}", dollars(paid, 6));
    if let Some(saved) = cost.saved_micro_usd {
        let verb = if saved < 0 { "lost" } else { "saved" };
        let amount = dollars(saved.unsigned_abs(), 6);
        text.push_str(&format!("; {amount} {verb} against the best model for everything"));
    }
    Some(text + ".")
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
    format!("{}: {}.", count(tasks as usize, "task", "tasks"), kinds.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is said of a simulated run of five tasks.
    fn told(width: usize, clock: ClockKind) -> String {
        let report = json!({
            "status": "completed", "results": [], "elapsed_seconds": 22.6, "peak_in_flight": 5, "leaked": [],
            "census": {"tasks": 5, "completed": 5, "failed": 0, "timeout": 0, "cancelled": 0, "skipped": 0},
            "usage": {"input_tokens": 5_057, "output_tokens": 792}, "usage_complete": true,
            "cost": {"micro_usd": null, "complete": true, "all_premium_micro_usd": null, "saved_micro_usd": null},
        });
        totals(&Ui::plain(width), &Report::read(&report).expect("a report"), BackendKind::Script, clock)
    }

    #[test]
    fn totals_break_between_sentences_first() {
        insta::assert_snapshot!(
            [120, 80, 40].map(|width| format!("{width}:{}", told(width, ClockKind::Virtual))).join("\n")
        );
    }

    /// What is said of a run with two tasks, one of which has this result.
    fn of_two(status: &str, second: &serde_json::Value) -> String {
        let completed = if second["status"] == "completed" { 2 } else { 1 };
        let report = json!({
            "status": status, "results": [crate::report::tests::result("a", json!("yes")), second],
            "elapsed_seconds": 1.0, "peak_in_flight": 2, "leaked": [], "usage": null, "usage_complete": true,
            "census": {"tasks": 2, "completed": completed, "failed": 2 - completed, "timeout": 0, "cancelled": 0, "skipped": 0},
            "cost": {"micro_usd": null, "complete": true, "all_premium_micro_usd": null, "saved_micro_usd": null},
        });
        let report = Report::read(&report).expect("a report");
        totals(&Ui::plain(200), &report, BackendKind::Script, ClockKind::Virtual)
    }

    #[test]
    fn a_run_that_is_completed_without_all_of_its_tasks_says_so() {
        let mut failed = crate::report::tests::result("b", json!(null));
        failed["status"] = "failed".into();
        let told = of_two("completed", &failed);
        assert!(told.contains("they do not need 1 task that is not completed."), "{told}");
        assert!(!of_two("partial", &failed).contains("they do not need"));
        assert!(!of_two("completed", &crate::report::tests::result("b", json!("yes"))).contains("they do not need"));
    }

    #[test]
    fn an_answer_that_is_not_whole_is_named() {
        let mut cut = crate::report::tests::result("b", json!("# Half"));
        assert!(!of_two("completed", &cut).contains("cut"));
        cut["metadata"]["truncated"] = true.into();
        let told = of_two("completed", &cut);
        assert!(told.contains("1 answer is cut, and something is missing at the end: b."), "{told}");
    }

    #[test]
    fn time_that_passed_is_not_called_simulated() {
        assert!(told(80, ClockKind::Virtual).contains("22.6 s of simulated time"));
        let real = told(80, ClockKind::Real);
        assert!(real.contains("22.6 s, at most") && real.contains("The answers are scripted"), "{real}");
    }
}
