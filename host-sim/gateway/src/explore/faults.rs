//! A random gateway: a subset of the faults, each at a random rate. Most runs have a few kinds at once, so that each kind is
//! also seen without the others.

use crate::script::{Burst, Delay, Fault, FaultProfile, Huge, MoreUsage, Refusals, Script, SpawnRate, Swap, Window};

use super::draws::Draws;

/// How often a kind of fault is part of a run, in per cent.
const PRESENT: u64 = 15;

/// Faults that end a call or its journal at once: what else goes wrong would not be seen any more.
const NOT_DRAWN: [Fault; 3] = [Fault::HostTrap, Fault::StopRequested, Fault::JournalFull];

/// The ways in which an answer may be spoilt.
const DAMAGES: [&str; 14] = [
    "two_objects",
    "truncated",
    "wrong_type",
    "missing_field",
    "trailing_comma",
    "wrapped",
    "single_quotes",
    "comments",
    "duplicate_key",
    "too_deep",
    "not_a_number",
    "odd_number",
    "control_chars",
    "forged_marker",
];

/// A script with a drawn gateway, drawn answers and drawn faults. A calm gateway has no faults, and room for whoever waits.
pub(super) fn script(draws: &mut Draws, is_calm: bool) -> Script {
    let text = format!("{}{}{}", host(draws, is_calm), MODELS, answers(draws));
    let faults = if is_calm { FaultProfile::default() } else { profile(draws) };
    match Script::from_toml(&text) {
        Ok(script) => script.with_faults(faults),
        // It is made from fixed parts and numbers within their ranges, and a test draws many.
        Err(error) => unreachable!("the drawn script is valid: {error}\n{text}"),
    }
}

const MODELS: &str = r#"
[models."sim/economy"]
tier = "economy"
input_price = 1_000
output_price = 5_000
[models."sim/standard"]
tier = "standard"
input_price = 3_000
output_price = 15_000
[models."sim/premium"]
tier = "premium"
input_price = 15_000
output_price = 75_000
[models."sim/retired"]
applied_as = "sim/economy"
"#;

fn host(draws: &mut Draws, is_calm: bool) -> String {
    let mut lines = vec![
        "version = 1".to_owned(),
        "default_model = \"sim/standard\"".to_owned(),
        "[host]".to_owned(),
        format!("max_concurrent = {}", draws.between(1, 10)),
        format!("max_children = {}", draws.between(2, 50)),
        format!("spawn_latency_ms = {}", draws.between(1, 2_000)),
        format!("cancel_latency_ms = {}", draws.between(1, 1_500)),
        format!("delete_latency_ms = {}", draws.between(1, 3_000)),
    ];
    let mut sometimes = |per_cent, line: String| {
        if draws.happens(per_cent) {
            lines.push(line);
        }
    };
    if !is_calm {
        sometimes(5, "max_total = 12".to_owned());
        sometimes(15, "queue = false".to_owned());
    }
    sometimes(20, "full_history = false".to_owned());
    sometimes(20, "completion_chars = 20".to_owned());
    sometimes(20, "reports_starts = false".to_owned());
    sometimes(10, "reports_usage = false".to_owned());
    sometimes(10, "reports_model = false".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

/// How answers go: the same odds for all tasks of a run.
fn answers(draws: &mut Draws) -> String {
    let mut odds = Vec::new();
    for kind in ["malformed", "empty", "late", "failing", "hanging"] {
        // Five kinds of at most 190 per mille leave something good.
        if draws.happens(2 * PRESENT) {
            odds.push(format!("{kind} = {}", draws.between(10, 190)));
        }
    }
    let odds = odds.join(", ");
    let latency = draws.between(200, 40_000);
    let (input, output) = (draws.between(50, 3_000), draws.between(10, 3_000));
    let tools = draws.between(0, 4);
    let failures = ["infrastructure", "rate_limited", "authentication", "rejected", "context_overflow", "other"]
        .map(|kind| format!("{{ kind = \"{kind}\", latency_ms = {} }}", draws.between(100, 30_000)))
        .join(", ");
    let kinds: Vec<String> = (0..4).map(|_| format!("\"{}\"", draws.pick(&DAMAGES))).collect();
    let kinds = kinds.join(", ");
    let rule = format!(
        "odds = {{ {odds} }}\nmalformed_kinds = [{kinds}]\nfailures = [{failures}]\nlatency = {{ lognormal = {{ median_ms = {latency} }} }}\n"
    );
    let mut text = String::new();
    for agent in ["content_writer_funny", "api_designer", "backend_developer"] {
        text.push_str(&format!("[[answers]]\nagent_type = \"{agent}\"\n{rule}"));
        text.push_str(&format!("tokens = {{ input = {input}, output = {output} }}\ntool_calls = {tools}\n"));
        text.push_str("tool_text = \"wrote part.txt\"\n");
        text.push_str("template = '{\"verdict\": \"{{ pick([\"yes\", \"no\"]) }}\", \"file\": \"part.txt\"}'\n");
    }
    format!("{text}[[answers]]\n{rule}")
}

fn profile(draws: &mut Draws) -> FaultProfile {
    let mut faults = FaultProfile::default();
    let rare = |draws: &mut Draws| if draws.happens(PRESENT) { draws.between(5, 200) as u32 } else { 0 };
    for fault in Fault::with_chances() {
        // Drawn for every fault, so that a new exception changes no other draw.
        let drawn = rare(draws);
        faults = faults.with(fault, if NOT_DRAWN.contains(&fault) { 0 } else { drawn });
    }
    if draws.happens(PRESENT) {
        let (burst, per_ms) = (draws.between(1, 5) as u32, draws.between(100, 5_000));
        let retry_after_ms = draws.happens(50).then(|| draws.between(100, 10_000));
        faults.spawn_rate = Some(SpawnRate { burst, per_ms, retry_after_ms });
    }
    if draws.happens(PRESENT) {
        faults.spawn_burst = Some(Burst { burst: draws.between(1, 5) as u32, per_ms: draws.between(50, 1_000) });
    }
    while draws.happens(PRESENT) {
        let from_ms = draws.between(0, 60_000);
        faults.unavailable.push(Window { from_ms, to_ms: from_ms + draws.between(1, 30_000) });
    }
    let delay = |draws: &mut Draws| {
        let per_mille = rare(draws);
        (per_mille > 0).then(|| Delay { per_mille, delay_ms: draws.between(100, 60_000) })
    };
    faults.late_receipt = delay(draws);
    faults.late_start = delay(draws);
    faults.late_end = delay(draws);
    let refusals = |draws: &mut Draws| {
        let per_mille = rare(draws);
        // Up to more than anybody would ask for.
        (per_mille > 0).then(|| Refusals { per_mille, times: draws.between(1, 8) as u32 })
    };
    faults.grandchildren = refusals(draws);
    faults.history_empty = refusals(draws);
    faults.cancel_refused = refusals(draws);
    faults.delete_refused = refusals(draws);
    let per_mille = rare(draws);
    faults.huge_answer = (per_mille > 0).then(|| Huge { per_mille, bytes: draws.between(1_000, 200_000) as u32 });
    let per_mille = rare(draws);
    faults.more_usage = (per_mille > 0).then(|| MoreUsage { per_mille, factor: draws.between(2, 40) as u32 });
    for receipt_lies in [false, true] {
        let per_mille = rare(draws);
        if per_mille > 0 {
            let to = draws.pick(&["sim/economy", "sim/premium"]).to_owned();
            faults.swaps.push(Swap { model: None, to, per_mille, receipt_lies });
        }
    }
    faults
}
