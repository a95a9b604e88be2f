//! What the same run takes in one gateway and over two, side by side.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::cluster::Programs;
use crate::workspace;

use super::super::bench::{Bench, STEADY, of_results, step};
use super::super::fanout;
use super::agents::{Agents, By};
use super::{Cost, Fate, carried_out};

/// How long a call of a tool may wait at the most.
const MOST_SECONDS: u32 = 600;

/// One row of the table.
struct Row {
    what: &'static str,
    sessions: usize,
    replaced: usize,
    cost: Cost,
}

/// Measures each way on gateways of its own, and prints a table in Markdown.
///
/// # Errors
/// If a run is not completed, or a key has two sessions.
pub fn run(bench: &Bench, count: u32, by: By) -> Result<()> {
    let agents = Agents { count, by };
    let programs = step("build the cluster's program", || Programs::ensure(None))?;
    let mut rows = vec![alone(bench, agents)?];
    let ways: [(_, &[&str], _); 3] = [
        ("a cluster with one gateway", &["one"], Fate::Unharmed),
        ("a cluster with two gateways", &["two-a", "two-b"], Fate::Unharmed),
        ("the same, one gateway killed", &["killed-a", "killed-b"], Fate::OneKilled),
    ];
    for (what, names, fate) in ways {
        let (account, cost) = carried_out(bench, &programs, names, agents, fate)?;
        rows.push(Row { what, sessions: account.sessions, replaced: account.replaced.len(), cost });
    }
    eprintln!("{}", table(&rows, count));
    Ok(())
}

/// The plugin in one gateway, without a cluster.
fn alone(bench: &Bench, agents: Agents) -> Result<Row> {
    let mut row = None;
    bench.gateway("alone", &fanout::limits_for(agents.at_once()), &agents.plugin(false), |gateway| {
        gateway.play(&workspace::root().join(STEADY))?;
        let mut request = agents.request();
        request["timeoutSeconds"] = json!(MOST_SECONDS);
        let (before, begin) = (gateway.load()?, Instant::now());
        let reply = step(&format!("run {} agents in one gateway", agents.count), || {
            gateway.call("parallel_agents_run", &request)
        })?;
        let wall = begin.elapsed();
        let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?;
        let report = gateway.kept_result(run)?;
        let statuses = of_results(&report, "/status");
        ensure!(statuses == vec!["completed"; agents.count as usize], "not every task is completed: {report:#}");
        let sessions = gateway.receipts(run).unwrap_or_default().len();
        let cost = Cost { wall, gateways: gateway.load()? - before, cluster: Duration::ZERO };
        row = Some(Row { what: "the plugin in one gateway", sessions, replaced: 0, cost });
        Ok(())
    })?;
    row.context("nothing was run")
}

fn table(rows: &[Row], agents: u32) -> String {
    let mut text = String::from(
        "| | sessions | cut off and done again | wall | agents a second | processor time: gateways | Restate and worker |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for Row { what, sessions, replaced, cost: Cost { wall, gateways, cluster } } in rows {
        let wall = wall.as_secs_f64();
        text += &format!(
            "| {what} | {sessions} | {replaced} | {wall:.0} s | {:.1} | {:.0} s | {:.1} s |\n",
            f64::from(agents) / wall,
            gateways.as_secs_f64(),
            cluster.as_secs_f64()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_its_figures_under_their_names() {
        let [wall, gateways, cluster] = [50_000, 41_000, 1_240].map(Duration::from_millis);
        let row = Row { what: "two gateways", sessions: 104, replaced: 4, cost: Cost { wall, gateways, cluster } };
        let text = table(&[row], 100);
        assert!(text.ends_with("| two gateways | 104 | 4 | 50 s | 2.0 | 41 s | 1.2 s |\n"), "{text}");
        let columns: Vec<usize> = text.lines().map(|line| line.matches('|').count()).collect();
        assert_eq!(columns, [8; 3]);
    }
}
