//! The findings of all reviewers in one list, the most severe first.

use serde::Deserialize;

use crate::report::Report;
use crate::text::{count, shown, wrapped};
use crate::ui::{Tone, Ui};

/// What reviewers agree to call a finding; they add fields of their own.
#[derive(Clone, Debug, Deserialize)]
struct Finding {
    severity: Severity,
    #[serde(default)]
    location: String,
    #[serde(default)]
    quote: String,
    #[serde(default)]
    problem: String,
    #[serde(default)]
    suggestion: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

#[derive(Deserialize)]
struct Review {
    #[serde(default)]
    verdict: String,
    overall_score: Option<f64>,
    #[serde(default)]
    findings: Vec<Finding>,
}

/// The reviewers' verdicts, and what they found, one paragraph each.
pub fn text(ui: &Ui, report: &Report) -> String {
    let mut verdicts = String::new();
    let mut all: Vec<(Finding, &str)> = Vec::new();
    for task in &report.results {
        let review =
            task.error.is_none().then_some(()).and(task.output.as_ref()).and_then(|o| Review::deserialize(o).ok());
        let Some(review) = review else { continue };
        let score = review.overall_score.map(|score| format!("{score}/10")).unwrap_or_default();
        let findings = count(review.findings.len(), "finding", "findings");
        let line = format!("  {:<24}{:<16}{score:<8}{findings}", shown(&task.agent_type), shown(&review.verdict));
        verdicts.push_str(&format!("{}\n", line.trim_end()));
        all.extend(review.findings.into_iter().map(|finding| (finding, task.agent_type.as_str())));
    }
    // Stable: what stands at one place keeps the order of the reviewers.
    all.sort_by_key(|(finding, _)| (finding.severity, line_number(&finding.location)));
    let mut text = if verdicts.is_empty() { String::new() } else { format!("\nVerdicts:\n{verdicts}") };
    text.push_str(&format!("\n{}\n", headline(&all)));
    for (finding, reviewer) in &all {
        text.push_str(&paragraph(ui, finding, reviewer));
    }
    text
}

fn headline(all: &[(Finding, &str)]) -> String {
    let kinds: Vec<String> = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info]
        .into_iter()
        .filter_map(|severity| {
            let number = all.iter().filter(|(finding, _)| finding.severity == severity).count();
            (number > 0).then(|| format!("{number} {}", severity.name()))
        })
        .collect();
    match all.len() {
        0 => "No findings.".to_owned(),
        number => format!("{}: {}", count(number, "finding", "findings"), kinds.join(", ")),
    }
}

fn paragraph(ui: &Ui, finding: &Finding, reviewer: &str) -> String {
    let Finding { severity, location, quote, problem, suggestion } = finding;
    let mark = ui.tone(severity.tone(), &format!("{:<9}", severity.name().to_uppercase()));
    let place = if location.is_empty() { "no place named".to_owned() } else { shown(location) };
    let mut text = format!("\n{mark} {}  ({})\n", ui.tone(Tone::Strong, &place), shown(reviewer));
    for line in quote.lines().filter(|line| !line.trim().is_empty()) {
        text.push_str(&format!("    | {}\n", shown(line.trim_end())));
    }
    text.push_str(&wrapped(&shown(problem), ui.width(), "    "));
    if !suggestion.is_empty() {
        text.push_str(&wrapped(&format!("Suggestion: {}", shown(suggestion)), ui.width(), "    "));
    }
    text
}

/// The first number in a place, which is where a reader looks it up; places without one come last.
fn line_number(location: &str) -> u64 {
    let digits = location.split(|sign: char| !sign.is_ascii_digit()).find(|part| !part.is_empty());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Critical | Self::High => Tone::Bad,
            Self::Medium => Tone::Warn,
            Self::Low => Tone::Plain,
            Self::Info => Tone::Faint,
        }
    }
}
