//! Turns a script file into rules, or into the list of everything that is wrong with it.

use parallel_agents_engine::host::FailureKind;

use super::error::ScriptProblem;
use super::faults::FaultProfile;
use super::file::{AnswerEntry, DamageName, FailureEntry, FailureName, LatencyEntry, OddsEntry, ScriptFile};
use super::host_profile::HostProfile;
use super::latency::{LONGEST_MS, Latency};
use super::model::Models;
use super::problems::Problems;
use super::rule::{Failure, Fate, Late, Matcher, Odds, Rule};
use super::template::Template;
use super::wire::WireProfile;

mod models;

/// What a tool says where a script names nothing.
const TOOL_TEXT: &str = "Scripted result {{ call }} of a tool for {{ task_id }}.";

use models::{check_tier, is_full_name, models};

/// The only version of the format so far.
const VERSION: u32 = 1;

/// A script file whose contents make sense.
pub(super) struct Checked {
    pub host: HostProfile,
    pub faults: FaultProfile,
    pub wire: WireProfile,
    pub models: Models,
    pub rules: Vec<Rule>,
    /// For what no rule matches.
    pub fallback: Rule,
}

/// Checks everything; `problems` are those that reading has already found.
pub(super) fn check(file: ScriptFile, problems: Vec<ScriptProblem>) -> Result<Checked, Vec<ScriptProblem>> {
    let mut problems = Problems::of(problems);
    if file.version != Some(VERSION) {
        problems.add("/version", format!("must be {VERSION}"));
    }
    check_host(&file.host, &mut problems);
    check_faults(&file.faults, &mut problems);
    for (name, value, low, high) in file.wire.ranges() {
        problems.range(format!("/wire/{name}"), value, low, high);
    }
    let models = models(file.models, file.default_model, &mut problems);
    let mut rules = Vec::new();
    for (index, entry) in file.answers.into_iter().enumerate() {
        rules.push(rule(entry, &format!("/answers/{index}"), &mut problems));
    }
    problems.finish().map(|()| Checked {
        host: file.host,
        faults: file.faults,
        wire: file.wire,
        models,
        rules,
        fallback: fallback(),
    })
}

/// What happens where no rule of the script matches: a good answer, made from the schema in the prompt.
fn fallback() -> Rule {
    rule(AnswerEntry::default(), "", &mut Problems::of(Vec::new()))
}

fn check_host(host: &HostProfile, problems: &mut Problems) {
    let numbers = [
        ("max_concurrent", u64::from(host.max_concurrent), 1, 1_000),
        ("max_children", u64::from(host.max_children), 1, 10_000),
        ("max_total", u64::from(host.max_total), 1, 100_000),
        ("history_block_chars", host.history_block_chars as u64, 1, 10_000_000),
        ("history_page_bytes", host.history_page_bytes as u64, 1, 100_000_000),
        ("completion_chars", host.completion_chars as u64, 0, 10_000_000),
        ("spawn_latency_ms", host.spawn_latency_ms, 0, LONGEST_MS),
        ("answer_latency_ms", host.answer_latency_ms, 0, LONGEST_MS),
        ("cancel_latency_ms", host.cancel_latency_ms, 0, LONGEST_MS),
        ("delete_latency_ms", host.delete_latency_ms, 0, LONGEST_MS),
    ];
    for (name, value, low, high) in numbers {
        problems.range(format!("/host/{name}"), value, low, high);
    }
}

fn check_faults(faults: &FaultProfile, problems: &mut Problems) {
    for (name, value, low, high) in faults.ranges() {
        problems.range(format!("/faults/{name}"), value, low, high);
    }
    for (index, swap) in faults.swaps.iter().enumerate() {
        for (field, name) in [("to", Some(&swap.to)), ("model", swap.model.as_ref())] {
            if name.is_some_and(|name| !is_full_name(name)) {
                problems.add(format!("/faults/swaps/{index}/{field}"), "must have the form provider/model");
            }
        }
    }
}

fn rule(entry: AnswerEntry, path: &str, problems: &mut Problems) -> Rule {
    check_tier(entry.tier.as_deref(), path, problems);
    problems.range(format!("{path}/max_attempt"), entry.max_attempt.unwrap_or(1).into(), 1, u32::MAX.into());
    let late = Late { factor: entry.late_factor.unwrap_or(40), min_ms: entry.late_min_ms.unwrap_or(600_000) };
    problems.range(format!("{path}/late_factor"), late.factor.into(), 2, 100_000);
    problems.range(format!("{path}/late_min_ms"), late.min_ms, 0, LONGEST_MS);
    let damage = entry.malformed_kinds.unwrap_or_else(|| {
        use DamageName::{MissingField, TrailingComma, Truncated, TwoObjects, WrongType};
        vec![TwoObjects, Truncated, WrongType, MissingField, TrailingComma]
    });
    if damage.is_empty() {
        problems.add(format!("{path}/malformed_kinds"), "must name at least one kind");
    }
    let mut read = |field: &str, source: String| {
        Template::new(source).map_err(|error| problems.add(format!("{path}/{field}"), error)).ok()
    };
    let template = entry.template.and_then(|source| read("template", source));
    let tool_text = read("tool_text", entry.tool_text.unwrap_or_else(|| TOOL_TEXT.to_owned()));
    problems.range(format!("{path}/tool_calls"), entry.tool_calls.unwrap_or(0).into(), 0, 1_000);
    Rule {
        matcher: Matcher {
            agent_type: entry.agent_type,
            tier: entry.tier,
            model: entry.model,
            task_contains: entry.task_contains,
            max_attempt: entry.max_attempt,
        },
        odds: odds(&entry.odds, &format!("{path}/odds"), problems),
        latency: latency(entry.latency, &format!("{path}/latency"), problems),
        late,
        input_tokens: entry.tokens.input,
        output_tokens: entry.tokens.output,
        damage,
        failures: failures(entry.failures, &format!("{path}/failures"), problems),
        template,
        tool_calls: entry.tool_calls.unwrap_or(0),
        tool_text,
    }
}

fn odds(entry: &OddsEntry, path: &str, problems: &mut Problems) -> Odds {
    let bad = [
        (Fate::Malformed, entry.malformed),
        (Fate::Empty, entry.empty),
        (Fate::Late, entry.late),
        (Fate::Failing, entry.failing),
        (Fate::Hanging, entry.hanging),
    ];
    let sum: u64 = bad.iter().map(|(_, chance)| u64::from(*chance)).sum();
    if sum > 1_000 || entry.good.is_some_and(|good| u64::from(good) + sum != 1_000) {
        problems.add(path, "are chances per mille and have to add up to 1000; `good` is the rest if it is left out");
    }
    let good = 1_000u64.saturating_sub(sum) as u32;
    let [malformed, empty, late, failing, hanging] = bad;
    Odds([malformed, empty, late, failing, hanging, (Fate::Good, good)])
}

fn latency(entry: Option<LatencyEntry>, path: &str, problems: &mut Problems) -> Latency {
    let typical = Latency::Lognormal { median_ms: 15_000, sigma: 0.4 };
    let Some(entry) = entry else { return typical };
    match (entry.constant_ms, entry.uniform_ms, entry.lognormal) {
        (Some(ms), None, None) => {
            problems.range(format!("{path}/constant_ms"), ms, 0, LONGEST_MS);
            Latency::Constant(ms)
        }
        (None, Some([low, high]), None) => {
            if low > high || high > LONGEST_MS {
                problems.add(format!("{path}/uniform_ms"), format!("must be two rising numbers up to {LONGEST_MS}"));
            }
            Latency::Uniform(low, high)
        }
        (None, None, Some(entry)) => {
            let median_ms = entry.median_ms.unwrap_or(0);
            let sigma = entry.sigma.unwrap_or(0.4);
            problems.range(format!("{path}/lognormal/median_ms"), median_ms, 1, LONGEST_MS);
            if !(0.0..=3.0).contains(&sigma) {
                problems.add(format!("{path}/lognormal/sigma"), format!("must be from 0 to 3, not {sigma}"));
            }
            Latency::Lognormal { median_ms, sigma }
        }
        _ => {
            if !problems.any_below(path) {
                problems.add(path, "needs exactly one of constant_ms, uniform_ms, lognormal");
            }
            typical
        }
    }
}

fn failures(entries: Option<Vec<FailureEntry>>, path: &str, problems: &mut Problems) -> Vec<Failure> {
    let entries = entries.unwrap_or_else(|| {
        use FailureName::{Infrastructure, RateLimited};
        [Infrastructure, RateLimited]
            .into_iter()
            .map(|kind| FailureEntry { kind: Some(kind), ..FailureEntry::default() })
            .collect()
    });
    let mut failures = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let path = format!("{path}/{index}");
        let Some(name) = entry.kind else {
            problems.add(format!("{path}/kind"), "is missing");
            continue;
        };
        let weight = entry.weight.unwrap_or(1);
        problems.range(format!("{path}/weight"), weight.into(), 1, 1_000_000);
        problems.range(format!("{path}/latency_ms"), entry.latency_ms.unwrap_or(0), 0, LONGEST_MS);
        let (kind, words) = failure(name);
        let message = entry.message.unwrap_or_else(|| words.to_owned());
        failures.push(Failure { kind, weight, message, latency_ms: entry.latency_ms });
    }
    if failures.is_empty() {
        problems.add(path, "must list at least one failure");
    }
    failures
}

/// The kind that the component knows, and words such as a gateway uses for it.
fn failure(name: FailureName) -> (FailureKind, &'static str) {
    match name {
        FailureName::Infrastructure => {
            (FailureKind::Infrastructure, "LLM request failed (provider internal error, HTTP 500).")
        }
        FailureName::RateLimited => (FailureKind::RateLimited, "The provider limits the request rate (HTTP 429)."),
        FailureName::Authentication => (FailureKind::Authentication, "Authentication failed, HTTP 401."),
        FailureName::Rejected => (FailureKind::Rejected, "The provider rejected the request schema or tool payload."),
        FailureName::ContextOverflow => {
            (FailureKind::ContextOverflow, "The prompt is too large for the context window of the model.")
        }
        FailureName::Other => (FailureKind::Other, "The agent run failed."),
    }
}
