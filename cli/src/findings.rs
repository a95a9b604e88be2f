//! The findings of all reviewers in one list, the most severe first.

use serde::Deserialize;

use crate::report::{Report, TaskReport};
use crate::text::{count, padded, shown, wrapped};
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
    findings: Vec<Finding>,
}

/// What became of a review: who said what, and who said nothing.
pub struct Findings<'a> {
    reviews: Vec<(&'a str, Review)>,
    /// Reviewers without an answer, or with one that is no review.
    silent: Vec<&'a str>,
}

impl<'a> Findings<'a> {
    /// Reads the reviewers' answers.
    pub fn of(report: &'a Report) -> Self {
        let (mut reviews, mut silent) = (Vec::new(), Vec::new());
        for task in &report.results {
            match review(task) {
                Some(review) => reviews.push((task.agent_type.as_str(), review)),
                None => silent.push(task.agent_type.as_str()),
            }
        }
        Self { reviews, silent }
    }

    /// Whether every reviewer gave a review.
    pub fn is_whole(&self) -> bool {
        self.silent.is_empty()
    }

    /// The reviewers' verdicts, and what they found, one paragraph each, and who did not answer.
    pub fn text(&self, ui: &Ui) -> String {
        let mut text = if self.reviews.is_empty() { String::new() } else { "\nVerdicts:\n".to_owned() };
        let mut all: Vec<(&Finding, &str)> = Vec::new();
        for (agent, review) in &self.reviews {
            let score = review.overall_score.map(|score| format!("{score}/10")).unwrap_or_default();
            let findings = count(review.findings.len(), "finding", "findings");
            let (agent_shown, verdict) = (padded(&shown(agent), 24), padded(&shown(&review.verdict), 16));
            text.push_str(&format!("{}\n", format!("  {agent_shown}{verdict}{score:<8}{findings}").trim_end()));
            all.extend(review.findings.iter().map(|finding| (finding, *agent)));
        }
        // Stable: what stands at one place keeps the order of the reviewers.
        all.sort_by_key(|(finding, _)| (finding.severity, line_number(&finding.location)));
        if let Some(missing) = self.missing() {
            text.push_str(&format!("\n{}", ui.tone(Tone::Bad, wrapped(&missing, ui.width(), "").trim_end())));
        }
        if let Some(headline) = self.headline(&all) {
            text.push_str(&format!("\n{headline}\n"));
        }
        for (finding, reviewer) in &all {
            text.push_str(&paragraph(ui, finding, reviewer));
        }
        text
    }

    /// Who gave no review. None: everybody did.
    fn missing(&self) -> Option<String> {
        if self.is_whole() {
            return None;
        }
        let names: Vec<String> = self.silent.iter().map(|agent| shown(agent)).collect();
        let (silent, asked) = (names.len(), self.silent.len() + self.reviews.len());
        let names = names.join(", ");
        Some(match silent == asked {
            true => format!("None of {asked} reviewers answered ({names}): the file was not reviewed."),
            false => {
                format!("{silent} of {asked} reviewers did not answer: {names}. What they look for was not reviewed.")
            }
        })
    }

    /// How many findings of which kind. None: nobody looked.
    fn headline(&self, all: &[(&Finding, &str)]) -> Option<String> {
        match (self.reviews.is_empty(), self.is_whole()) {
            (true, _) => None,
            (false, false) if all.is_empty() => Some("No findings of those who answered.".to_owned()),
            _ => Some(headline(all)),
        }
    }
}

/// The review that a task's answer is, if it is one.
fn review(task: &TaskReport) -> Option<Review> {
    let output = task.output.as_ref().filter(|_| task.error.is_none())?;
    Review::deserialize(output).ok()
}

fn headline(all: &[(&Finding, &str)]) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The text of a review by reviewers with these outputs; null is one who did not answer.
    fn told(outputs: &[Value]) -> (String, bool) {
        let results: Vec<Value> = outputs.iter().enumerate().map(|(nth, output)| result(nth, output)).collect();
        let report = json!({
            "status": "partial", "results": results, "elapsed_seconds": 1.0, "peak_in_flight": 1, "leaked": [],
            "census": {"tasks": 5, "completed": 5, "failed": 0, "timeout": 0, "cancelled": 0, "skipped": 0},
            "usage": null, "usage_complete": true,
            "cost": {"micro_usd": null, "complete": true, "all_premium_micro_usd": null, "saved_micro_usd": null},
        });
        let report = Report::read(&report).expect("a report");
        let findings = Findings::of(&report);
        (findings.text(&Ui::plain(200)), findings.is_whole())
    }

    fn result(nth: usize, output: &Value) -> Value {
        let mut result = crate::report::tests::result(&format!("r{nth}"), output.clone());
        if output.is_null() {
            result["status"] = "failed".into();
            result["error"] = json!({ "code": "E_MODEL_REJECTED", "message": "no such model", "retryable": false });
        }
        result
    }

    #[test]
    fn who_did_not_answer_is_named_and_nobody_is_taken_for_content() {
        let good = json!({ "verdict": "approve", "overall_score": 9.0, "findings": [] });
        let (text, is_whole) = told(&[good.clone(), good.clone()]);
        assert!(is_whole && text.contains("No findings.") && !text.contains("answer"), "{text}");
        let (text, is_whole) = told(&[good.clone(), Value::Null, json!("I would rather not.")]);
        assert!(!is_whole && text.contains("2 of 3 reviewers did not answer: r1_reviewer, r2_reviewer."), "{text}");
        assert!(text.contains("No findings of those who answered."), "{text}");
        for none in [vec![Value::Null; 5], vec![json!(7)], vec![json!(["x"]), Value::Null]] {
            let (text, is_whole) = told(&none);
            assert!(!is_whole && text.contains(&format!("None of {} reviewers answered", none.len())), "{text}");
            assert!(!text.contains("No findings"), "{text}");
        }
    }
}
