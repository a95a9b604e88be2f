//! The measures as a table and as a page.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::e2e::fanout;

use super::{Measure, WAYS};

/// Of Swarm's wall time, for each of the numbers of agents.
const SWARM_GOALS: [f64; 2] = [0.8, 0.6];

/// Of the wall time of the calls that a way rests on.
const BARE_GOAL: f64 = 1.05;

/// What the numbers depend on.
pub fn conditions() -> Value {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    json!({
        "openclaw": crate::npm::OPENCLAW_VERSION,
        "cores": cores,
        "load_at_the_end": load.split(' ').take(3).collect::<Vec<_>>().join(" "),
    })
}

/// A row for each number of agents and each way; medians over the rounds.
pub fn table(measures: &[Measure]) -> String {
    let mut rows = vec![
        "| agents | way | wall | of Swarm's | of the bare calls' | peak of model calls | gateway CPU per agent |"
            .to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for agents in fanout::AT_ONCE {
        for way in WAYS {
            let own = of(measures, agents, way);
            let ratio = |other: Option<&str>| {
                let found = other.and_then(|other| ratio(measures, agents, way, other));
                found.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
            };
            let shown = |value: Option<f64>, digits: usize| value.map_or("–".to_owned(), |v| format!("{v:.digits$}"));
            rows.push(format!(
                "| {agents} | {} | {} s | {} | {} | {} | {} s |",
                title(way),
                shown(median(own.iter().map(|one| one.wall_ms / 1_000.0)), 2),
                ratio(Some("swarm").filter(|swarm| *swarm != way)),
                ratio(bare_of(way)),
                shown(median(own.iter().map(|one| one.peak)), 0),
                shown(median(own.iter().map(|one| one.cpu_ms / 1_000.0)), 2),
            ));
        }
    }
    rows.join("\n")
}

/// What was to be reached, and what was.
fn goals(measures: &[Measure]) -> String {
    let plugin = ["plugin", "plugin_tool_free", "plugin_completions"];
    let titles = plugin.map(title).join(" | ");
    let mut rows = vec![format!("| goal | at most | {titles} |"), "|---|---|---|---|---|".to_owned()];
    for (agents, of_swarm) in fanout::AT_ONCE.into_iter().zip(SWARM_GOALS) {
        let mut row = |what: &str, wanted: f64, other: fn(&str) -> Option<&'static str>| {
            let reached = plugin.map(|way| {
                let ratio = other(way).and_then(|other| ratio(measures, agents, way, other));
                ratio.map_or("–".to_owned(), |ratio| {
                    format!("{ratio:.2}, {}", if ratio <= wanted { "yes" } else { "no" })
                })
            });
            rows.push(format!("| wall time of {what}, {agents} agents | {wanted} | {} |", reached.join(" | ")));
        };
        row("Swarm's", of_swarm, |_| Some("swarm"));
        row("the bare calls'", BARE_GOAL, bare_of);
    }
    rows.join("\n")
}

fn of<'a>(measures: &'a [Measure], agents: usize, way: &str) -> Vec<&'a Measure> {
    measures.iter().filter(|one| one.agents == agents && one.way == way).collect()
}

/// The wall time of a way as a part of another's: within a round, so that a machine that is busy for a while weighs on both.
fn ratio(measures: &[Measure], agents: usize, way: &str, other: &str) -> Option<f64> {
    let (own, other) = (of(measures, agents, way), of(measures, agents, other));
    let pairs = own.iter().zip(&other).filter(|(own, other)| own.round == other.round);
    median(pairs.map(|(own, other)| own.wall_ms / other.wall_ms))
}

/// The whole page.
pub fn text(measures: &[Measure]) -> String {
    let rounds = measures.iter().map(|one| one.round + 1).max().unwrap_or_default();
    let conditions = conditions();
    let [openclaw, cores, load] =
        ["openclaw", "cores", "load_at_the_end"].map(|name| conditions[name].to_string().replace('"', ""));
    format!(
        "# Beside OpenClaw's own Swarm\n\n\
         Written by `cargo xtask bench --gateway`; edits are lost.\n\n\
         The same prompts for the same models, each of which answers after 500 ms, in a real gateway (OpenClaw {openclaw}, \
         {cores} cores,\nload at the end {load}). Medians of {rounds} rounds. Each measure has a gateway with a state of its \
         own. All ways are\nprograms of Code Mode under the same limits (64 sessions at once, 128 calls of tools at once), \
         timed inside the gateway. Ratios\nare medians of the ratios of each round, since a shared machine is not always \
         equally busy.\n\n{}\n\n\
         - `agents.run` is Swarm: `Promise.all` over the prompts.\n\
         - The bare calls are what the plugin itself makes of the gateway: `sessions_spawn` with `collect` for all prompts \
         at once, then\n  `agents_wait`. They keep no order, no journal and no answer beyond 4,096 characters.\n\
         - Agents of a type without tools are spawned with a single harmless one and a light context, which Swarm cannot do; \
         the gateway\n  then has less to set up.\n\
         - The gateway's one thread is busy all the time, so the peak says how fast agents are started, not how many may \
         run. That 50 are\n  at work at one moment is shown by the end-to-end run, whose models wait for all of them.\n\
         - CPU is that of the gateway with all its threads, from the turn's start until two seconds after it, without that \
         of an empty turn.\n\
         - Sub-agent calls are the plugin's fallback (`api.runtime.subagent`), without tools and with a light context. Their \
         sessions belong\n  to the agent's main session and not to the caller, and do not stop with its turn. They have no label, by \
         which a resumed run\n  finds what was spawned before a crash. So the plugin takes them only where it must.\n\
         - Completions are the gateway's own call of a model (`api.runtime.llm.complete`), for agents without tools: no session, \
         no list\n  shows them. The plugin takes them where the operator sets `completionsForToolFree`; order, limits, checks, \
         budget, journal and\n  report are those of sessions.\n\n\
         ## Goals\n\n{}\n",
        table(measures),
        goals(measures)
    )
}

fn title(way: &str) -> &str {
    match way {
        "swarm" => "`agents.run`",
        "plugin" => "plugin",
        "bare" => "bare calls",
        "plugin_tool_free" => "plugin, agents without tools",
        "bare_tool_free" => "bare calls, agents without tools",
        "sub_agents" => "sub-agent calls, agents without tools",
        "plugin_completions" => "plugin, agents without tools, by completions",
        "completions" => "bare completions, agents without tools",
        other => other,
    }
}

/// What a way rests on, with the same agents.
fn bare_of(way: &str) -> Option<&'static str> {
    match way {
        "plugin" => Some("bare"),
        "plugin_tool_free" => Some("bare_tool_free"),
        "plugin_completions" => Some("completions"),
        _ => None,
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(*values.get(middle - 1)?, upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_round() {
        let one = |round, way, wall_ms| Measure { round, way, agents: 20, wall_ms, peak: 20.0, cpu_ms: 300.0 };
        // The second round was ten times slower for everybody.
        let measures = [
            one(0, "swarm", 10_000.0),
            one(0, "bare", 5_000.0),
            one(0, "plugin", 5_000.0),
            one(1, "swarm", 100_000.0),
            one(1, "bare", 50_000.0),
            one(1, "plugin", 60_000.0),
        ];
        let table = table(&measures);
        assert!(table.contains("| 20 | plugin | 32.50 s | 0.55 | 1.10 | 20 | 0.30 s |"), "{table}");
        assert!(table.contains("| 20 | `agents.run` | 55.00 s | – | – | 20 | 0.30 s |"), "{table}");
        let goals = goals(&measures);
        assert!(goals.contains("| wall time of Swarm's, 20 agents | 0.8 | 0.55, yes | – | – |"), "{goals}");
        assert!(goals.contains("| wall time of the bare calls', 20 agents | 1.05 | 1.10, no | – | – |"), "{goals}");
    }

    #[test]
    fn a_median_of_nothing_is_nothing() {
        assert_eq!(median(std::iter::empty()), None);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
    }
}
