//! `defects`: the seeded defects, and how many random runs it takes to find each.

use std::thread;

use gateway_sim::defects::{Hunted, MOST_SEEDS, hunt};
use serde_json::json;

use crate::outcome::{Failure, Finish};
use crate::table::Layout;
use crate::text::{count, thousands};
use crate::ui::{Tone, Ui};

pub fn carry_out(ui: &Ui) -> Result<Finish, Failure> {
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let hunted = hunt(threads)?;
    if ui.is_json() {
        let rows: Vec<_> = hunted
            .iter()
            .map(|one| {
                json!({ "name": one.defect.name, "imitates": one.defect.imitates, "invariant": one.defect.invariant,
                        "seeds": one.seeds, "found": one.found })
            })
            .collect();
        ui.print(&format!("{:#}\n", json!({ "most_seeds": MOST_SEEDS, "defects": rows })))?;
    } else {
        ui.print(&text(ui, &hunted))?;
    }
    let is_complete = hunted.iter().all(|one| one.seeds.is_some());
    Ok(if is_complete { Finish::Complete } else { Finish::Incomplete })
}

fn text(ui: &Ui, hunted: &[Hunted]) -> String {
    let mut table = Layout::new(ui, &["DEFECT", "INVARIANT", "SEEDS", "WHAT IT IMITATES"]);
    for one in hunted {
        let seeds = one.seeds.map_or_else(|| "not found".to_owned(), thousands);
        let row = [one.defect.name.to_owned(), one.defect.invariant.to_owned(), seeds, one.defect.imitates.to_owned()];
        table.row(row.into(), None);
    }
    let mut seeds: Vec<u64> = hunted.iter().filter_map(|one| one.seeds).collect();
    seeds.sort_unstable();
    let (median, most) = (seeds.get(seeds.len() / 2).copied(), seeds.last().copied());
    let missed = hunted.len() - seeds.len();
    let verdict = match missed {
        0 => ui.tone(Tone::Good, "Every defect was found."),
        missed => ui.tone(Tone::Bad, &format!("{} not found.", count(missed, "defect was", "defects were"))),
    };
    format!(
        "{}\nMedian {} seeds, at most {}.\n{verdict}\n",
        table.finish(),
        thousands(median.unwrap_or(0)),
        thousands(most.unwrap_or(0)),
    )
}
