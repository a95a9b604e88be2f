//! Every scenario, on the component.

use gateway_sim::engine::Native;
use host_sim::scenario::{Scenario, Variant};

use crate::component::component;

#[tokio::test]
async fn every_scenario_comes_out_as_it_says() {
    let subject = component().await;
    let mut broken = Vec::new();
    let scenarios = Scenario::bundled().expect("all are valid");
    for scenario in &scenarios {
        for variant in Variant::BOTH {
            let outcome = scenario.run(variant, subject).await;
            assert!(outcome.checked.len() > 1, "{} {} expects nothing", scenario.name, variant.name());
            let heading = format!("{} {}", scenario.name, variant.name());
            broken.extend(outcome.broken().iter().map(|what| format!("{heading}: {what}")));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(scenarios.len() >= 20, "{} scenarios", scenarios.len());
}

#[tokio::test]
async fn the_component_and_the_engine_come_out_the_same() {
    let component = component().await;
    for scenario in Scenario::bundled().expect("all are valid") {
        for variant in Variant::BOTH {
            let one = scenario.run(variant, component).await;
            let other = scenario.run(variant, &Native).await;
            assert_eq!(one.trace, other.trace, "{} {}", scenario.name, variant.name());
        }
    }
}

#[test]
fn the_manual_names_every_scenario() {
    let manual = include_str!("../../scenarios/README.md");
    for scenario in Scenario::bundled().expect("all are valid") {
        assert!(manual.contains(&format!("`{}`", scenario.name)), "{}", scenario.name);
    }
}
