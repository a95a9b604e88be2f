//! The crash table, as it stands in docs/reliability.md.

use std::time::Duration;

use super::gateways::SLOTS;
use super::promises::Seen;

/// What one row is about.
pub struct Row {
    /// What was killed, and how often.
    pub killed: String,
    /// What was seen.
    pub seen: Seen,
    /// How long it took.
    pub took: Duration,
}

/// All rows, in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| killed | runs | agents | sessions | double | interrupted by the kill, done again | lost | over budget | \
         most alive on a gateway | told differently | seconds |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Row { killed, seen, took } in rows {
        text += &format!(
            "| {killed} | {} | {} | {} | {} | {} | {} | {} | {} of {SLOTS} | {} | {} |\n",
            seen.runs,
            seen.agents,
            seen.starts,
            seen.double(),
            seen.interrupted,
            seen.lost,
            seen.over_budget,
            seen.most_live,
            seen.digests_differ,
            took.as_secs()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_its_figures_under_their_names() {
        let seen = Seen {
            runs: 3,
            agents: 1_500,
            keys: 1_510,
            starts: 1_512,
            interrupted: 10,
            most_live: 50,
            ..Seen::default()
        };
        let text = markdown(&[Row { killed: "worker, 50 times".into(), seen, took: Duration::from_secs(61) }]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "| worker, 50 times | 3 | 1500 | 1512 | 2 | 10 | 0 | 0 | 50 of 50 | 0 | 61 |");
        let columns = |line: &str| line.matches('|').count();
        assert!(lines.iter().all(|line| columns(line) == columns(lines[0])), "{text}");
    }
}
