//! The table of all faults that calls are held to survive, and what in a script brings each of them about.
//!
//! A test switches every knob to "always" and looks for its count; another one sees to it that no row is without a knob or
//! a reason.

mod row;
mod rows;

pub use row::{Knob, Place, Row, Source};
pub use rows::ROWS;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{FaultProfile, Script};
    use super::*;

    fn knobs() -> impl Iterator<Item = &'static Knob> {
        ROWS.iter().flat_map(|row| match row.source {
            Source::Script(knobs) => knobs,
            Source::Elsewhere(_) => &[],
        })
    }

    #[test]
    fn the_rows_are_numbered_and_each_has_a_source() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.number as usize, index + 1);
            match row.source {
                Source::Script(knobs) => assert!(!knobs.is_empty(), "row {}", row.number),
                Source::Elsewhere(who) => assert!(!who.is_empty() && [47, 48].contains(&row.number)),
            }
        }
    }

    #[test]
    fn every_knob_of_a_script_is_in_the_table() {
        let always: Vec<&str> = knobs().map(|knob| knob.always).collect();
        let profile = serde_json::to_value(FaultProfile::default()).expect("a document");
        let mut missing: BTreeSet<String> = profile.as_object().expect("an object").keys().cloned().collect();
        missing.extend(
            ["swaps", "unavailable", "spawn_rate", "spawn_burst", "late_receipt", "late_start"].map(String::from),
        );
        missing.extend(["grandchildren", "cancel_refused", "delete_refused", "late_end"].map(String::from));
        missing.extend(["history_empty", "huge_answer", "caller_gone_ms"].map(String::from));
        missing.retain(|name| !always.iter().any(|lines| lines.contains(&format!("{name} ="))));
        // What the host keeps silent about, or tells too much of, goes wrong with the accounts and not with the call.
        assert_eq!(missing, BTreeSet::from(["no_usage".to_owned()]));
    }

    #[test]
    fn every_knob_is_a_script() {
        for knob in knobs() {
            Script::from_toml(&format!("version = 1\n{}", knob.always))
                .unwrap_or_else(|e| panic!("{}: {e}", knob.always));
        }
    }
}
