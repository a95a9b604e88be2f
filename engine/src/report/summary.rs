//! A result for people, as short Markdown: who, status, time, and the first line of each answer.
//!
//! The words of agents and hosts are escaped, so that none of them is markup.

use serde_json::Value;

use super::digest::{MARKS, has_results, is_task_result};
use super::page::output_text;
use crate::text::{dollars, duration, escaped, first_chars};

/// Characters that a cell of the table may have.
const CELL_CHARS: usize = 120;

/// Characters of a text that is shown as a whole and has no page.
const TEXT_CHARS: usize = 2_000;

/// A result as Markdown of at most `max_chars` characters. What is left out is counted.
pub fn summary(document: &Value, max_chars: usize) -> String {
    let report = document.get("run").filter(|run| has_results(run)).unwrap_or(document);
    let single = [report];
    let rows: Vec<&Value> = match report.get("results").and_then(Value::as_array) {
        Some(rows) => rows.iter().collect(),
        None if is_task_result(report) => single.to_vec(),
        None => Vec::new(),
    };
    let mut lines = vec![headline(report)];
    if report != document {
        lines.extend(outcome(document));
    }
    if let Some(leaked) = report.get("leaked").and_then(Value::as_array).filter(|list| !list.is_empty()) {
        lines.push(format!("{} sessions did not stop.", leaked.len()));
    }
    lines.extend(["", "| Task | Agent | Status | Time | First line |", "|---|---|---|---|---|"].map(str::to_owned));
    let mut text = lines.join("\n");
    let mut shown = 0;
    // The last line, if not all rows have room, takes fewer characters than this.
    let mut room = max_chars.saturating_sub(text.chars().count() + 40);
    for row in rows.iter().map(|row| table_row(row)) {
        let size = row.chars().count() + 1;
        if size > room {
            break;
        }
        room -= size;
        text.push('\n');
        text.push_str(&row);
        shown += 1;
    }
    if shown < rows.len() {
        text.push_str(&format!("\n\n{} more tasks are not shown.", rows.len() - shown));
    }
    first_chars(&text, max_chars).to_owned()
}

/// Status, how many of how many, time and cost.
fn headline(report: &Value) -> String {
    let mut parts = vec![format!("**{}**", cell(&text_of(report, "/status")))];
    let count = |name: &str| report.pointer(&format!("/census/{name}")).and_then(Value::as_u64);
    if let (Some(completed), Some(tasks)) = (count("completed"), count("tasks")) {
        parts.push(format!("{completed} of {tasks} tasks completed"));
    }
    if let Some(seconds) = report.get("elapsed_seconds").and_then(Value::as_f64) {
        parts.push(time(seconds));
    }
    let tokens = |name: &str| report.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    if let (Some(read), Some(written)) = (tokens("input_tokens"), tokens("output_tokens")) {
        parts.push(format!("{} tokens", read.saturating_add(written)));
    }
    if let Some(cost) = report.pointer("/cost/micro_usd").and_then(Value::as_u64) {
        parts.push(dollars(cost, 4));
    }
    parts.join(", ")
}

/// What came of a workflow, a line for each thing that it made.
fn outcome(document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = document.get("reason").and_then(Value::as_str) {
        lines.push(format!("Outcome: {}", cell(reason)));
    }
    for name in ["drafts", "created", "refined"] {
        let made = document.get(name).and_then(Value::as_array).into_iter().flatten();
        lines.extend(made.map(|one| {
            let score = one.get("score").and_then(Value::as_f64).map(|score| format!(", score {score}"));
            let (name, reason) = (text_of(one, "/name"), text_of(one, "/reason"));
            format!("- {}: {}{}", cell(&name), cell(&reason), score.unwrap_or_default())
        }));
    }
    if let Some(report) = document.get("report").and_then(Value::as_str) {
        let quoted: Vec<String> =
            first_chars(report, TEXT_CHARS).lines().map(|line| format!("> {}", marked_up(line))).collect();
        lines.push(format!("\n{}", quoted.join("\n")));
    }
    lines
}

fn table_row(row: &Value) -> String {
    let mut status = text_of(row, "/status");
    if let Some(code) = row.pointer("/error/code").and_then(Value::as_str) {
        status.push_str(&format!(": {code}"));
    }
    for mark in MARKS {
        if row.pointer(&format!("/metadata/{mark}")) == Some(&Value::Bool(true)) {
            status.push_str(&format!(", {mark}"));
        }
    }
    let seconds = row.get("execution_time").and_then(Value::as_f64).map(time).unwrap_or_default();
    let output = output_text(row);
    // Without an answer it is the reason that is worth a line.
    let said = if output.is_empty() { text_of(row, "/error/message") } else { output };
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let cells = [text_of(row, "/task_id"), text_of(row, "/agent_type"), status, seconds, first.to_owned()];
    format!("| {} |", cells.map(|text| cell(&text)).join(" | "))
}

fn text_of(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Seconds as people say them; nothing for what is no time.
fn time(seconds: f64) -> String {
    let millis = (seconds * 1_000.0).round();
    // As large as a number of the report can be, and never negative.
    if (0.0..=9_007_199_254_740_992.0).contains(&millis) { duration(millis as u64) } else { String::new() }
}

/// A text as one cell of a table.
fn cell(text: &str) -> String {
    let shown = marked_up(first_chars(text.trim(), CELL_CHARS));
    if text.trim().chars().count() > CELL_CHARS { format!("{shown}…") } else { shown }
}

/// A line of foreign text in which nothing is markup.
fn marked_up(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in escaped(line).chars() {
        if matches!(character, '\\' | '|' | '*' | '`' | '[' | ']' | '<' | '>' | '~' | '#' | '!') {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(id: &str, output: Value, metadata: Value) -> Value {
        json!({"task_id": id, "agent_type": "critic", "status": "completed", "output": output, "execution_time": 1.5,
            "error": null, "metadata": metadata})
    }

    fn report(results: Vec<Value>) -> Value {
        let count = results.len();
        json!({"status": "partial", "results": results, "census": {"tasks": count, "completed": 1},
            "elapsed_seconds": 75, "usage": {"input_tokens": 40, "output_tokens": 2}, "cost": {"micro_usd": 1_500}})
    }

    #[test]
    fn people_see_who_status_time_and_the_first_line() {
        let mut failed = row("b", Value::Null, json!({}));
        failed["status"] = json!("failed");
        failed["error"] = json!({"code": "E_TIMEOUT", "message": "no answer in 9 s"});
        let answers =
            vec![row("a", json!("\n  It works.\nMore."), json!({"doubtful": true, "repaired": false})), failed];
        let shown = summary(&report(answers), 5_000);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "**partial**, 1 of 2 tasks completed, 1 min 15 s, 42 tokens, $0.0015");
        assert_eq!(lines[4], "| a | critic | completed, doubtful | 1.5 s | It works. |");
        assert_eq!(lines[5], "| b | critic | failed: E_TIMEOUT | 1.5 s | no answer in 9 s |");
    }

    #[test]
    fn no_answer_is_markup_and_none_breaks_the_table() {
        let hostile = "| <b>x</b> [a](http://b) ![c](d) **e** `f` \\ \u{202e}g";
        let shown = summary(&report(vec![row("a|b", json!(hostile), json!({}))]), 5_000);
        let last = shown.lines().last().expect("a row");
        assert!(last.starts_with("| a\\|b | critic |"), "{last}");
        let bare = last.replace("\\\\", "").replace("\\|", "").replace("\\<", "").replace("\\[", "").replace("\\!", "");
        assert!(!bare.contains('<') && !bare.contains('[') && !bare.contains('\u{202e}'), "{last}");
        assert_eq!(bare.matches('|').count(), 6, "{last}");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let rows = (0..200).map(|n| row(&format!("task-{n}"), json!("word ".repeat(90)), json!({}))).collect();
        let shown = summary(&report(rows), 1_000);
        assert!(shown.chars().count() <= 1_000, "{} characters", shown.chars().count());
        assert!(shown.ends_with("more tasks are not shown."), "{shown}");
    }

    #[test]
    fn of_a_workflow_it_says_what_was_made() {
        let outcome = json!({"status": "completed", "reason": "compiled", "report": "# All\nis well.",
            "created": [{"name": "poet", "reason": "target_reached", "score": 9.5}], "run": report(Vec::new())});
        let shown = summary(&outcome, 5_000);
        assert!(
            shown.contains("Outcome: compiled\n- poet: target_reached, score 9.5\n\n> \\# All\n> is well."),
            "{shown}"
        );
        assert!(summary(&json!({"sessions": []}), 1_000).starts_with("****"), "anything has a summary");
    }
}
