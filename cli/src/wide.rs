//! A run over many items, as people are shown it: how items ended, in numbers, and what it took.

use parallel_agents_engine::task::{BudgetReport, TaskStatus};
use serde::Deserialize;
use serde_json::Value;

use crate::args::{BackendKind, ClockKind};
use crate::outcome::Failure;
use crate::report::Report;
use crate::results::Ends;
use crate::summary;
use crate::text::{dollars, sentences, shown, thousands, wrapped};
use crate::ui::{Tone, Ui};

/// The document of `map_tasks`.
#[derive(Debug, Deserialize)]
pub struct Wide {
    items: Items,
    reduced: Option<Reduced>,
    pub run: Report,
}

#[derive(Debug, Deserialize)]
struct Items {
    items: u64,
    completed: u64,
}

#[derive(Debug, Deserialize)]
struct Reduced {
    status: TaskStatus,
    output: Option<Value>,
}

impl Wide {
    /// Reads the document of `map_tasks`.
    pub fn read(document: &Value) -> Result<Self, Failure> {
        Self::deserialize(document).map_err(|error| Failure::reply(format!("it is no result of map_tasks: {error}")))
    }

    /// The items that are not completed, by what kept them from it; the one answer of all; the totals. `said`: where the answers are.
    pub fn readable(&self, ui: &Ui, ends: &Ends, said: &str, kind: BackendKind, clock: ClockKind) -> String {
        let mut text = not_completed(ui, ends);
        if let Some(reduced) = &self.reduced {
            let answer = match &reduced.output {
                Some(Value::String(text)) => text.clone(),
                Some(other) => format!("{other:#}"),
                None => format!("none: it is {}", reduced.status.name()),
            };
            text.push_str(&format!("One answer of all:\n{}\n\n", crate::text::shown_lines(answer.trim_end())));
        }
        let Items { items, completed } = self.items;
        let of_items = format!("{} of {} items are completed.", thousands(completed), thousands(items));
        text.push_str(&sentences([of_items.as_str(), &format!("{}.", shown(said))], ui.width()));
        text.push_str(summary::totals(ui, &self.run, kind, clock).trim_start_matches('\n'));
        let spent = spent(&self.run.budget);
        let took = took();
        let more: Vec<&str> = spent.iter().chain(&took).map(String::as_str).collect();
        text.push_str(&sentences(more, ui.width()));
        text
    }
}

fn not_completed(ui: &Ui, ends: &Ends) -> String {
    let mut text = String::new();
    for ((code, status), (count, first)) in &ends.0 {
        let items: Vec<String> = first.iter().map(u32::to_string).collect();
        let more = if *count > first.len() { ", …" } else { "" };
        let noun = if *count == 1 { "item" } else { "items" };
        let line = format!("{} {noun} {status}  {}: {}{more}", thousands(*count as u64), shown(code), items.join(", "));
        text.push_str(&ui.tone(Tone::Bad, wrapped(&line, ui.width(), "  ").trim_end()));
        text.push('\n');
    }
    if text.is_empty() { text } else { format!("Not completed:\n{text}\n") }
}

/// What was spent of each cap. None: the run has no caps.
fn spent(budget: &BudgetReport) -> Option<String> {
    let of = |spent: u64, cap: Option<u64>, words: &dyn Fn(u64) -> String, unit: &str| {
        cap.map(|cap| format!("{} of {}{unit}", words(spent), words(cap)))
    };
    let parts: Vec<String> = [
        of(budget.tokens.spent, budget.tokens.cap, &thousands, " tokens"),
        of(budget.micro_usd.spent, budget.micro_usd.cap, &|amount| dollars(amount, 2), ""),
        of(budget.spawns.spent, budget.spawns.cap, &thousands, " sessions"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| format!("Of the budget: {}.", parts.join(", ")))
}

/// The most memory that this program had so far, where the system says it.
fn took() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(format!("This program had {} MiB of memory at the most.", thousands(kib.div_ceil(1024))))
}
