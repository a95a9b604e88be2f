//! `explore` on the command line.

use super::{file, native, path};

#[test]
fn numbers_come_as_one_document() {
    let ran = native(&["explore", "--seeds", "3..9", "--tasks", "4", "--json"], "");
    let document = ran.json();
    assert_eq!(document["runs"], 6, "{}", ran.err);
    assert_eq!(document["seeds"], serde_json::json!([3, 9]));
    for name in ["host_calls", "faults", "violations", "orphans", "max_in_flight_over_cap", "max_spend_over_budget"] {
        assert!(!document[name].is_null(), "{name} is missing in {document}");
    }
    assert!(document["simulated_hours"].is_number() && document["wall_seconds"].is_number());
}

#[test]
fn a_run_can_be_looked_at() {
    let trace = path("explored.txt");
    let ran = native(&["explore", "--seeds", "5", "--trace", &trace], "");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("No promise was broken."), "{}", ran.out);
    let text = std::fs::read_to_string(&trace).expect("it was written");
    for part in ["request {", "stops ", "faults {", "opened host=", "> return"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn a_script_of_ones_own_takes_the_place_of_drawn_faults() {
    let script = file("no-room.toml", "version = 1\n[faults]\nspawn_busy = 1000\n");
    let ran = native(&["explore", "--seeds", "0..4", "--faults", &script, "--json"], "");
    let document = ran.json();
    assert_eq!(document["sessions"], 0, "{document}");
    assert!(document["faults"]["spawn_busy"].as_u64() > Some(3), "{document}");
}
