//! What happens when the component cannot be loaded, or breaks off.

use std::path::Path;

use gateway_sim::SimError;
use gateway_sim::clock::Clock;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use host_sim::component::{ComponentHost, GuestLimits};

use crate::component::component;
use crate::requests_of::many;

fn simulation() -> Simulation {
    Simulation::new(Script::bundled(), 1, SimulationOptions::default())
}

/// A component that exports one empty instance and nothing else: an instance section and an export section.
fn component_exporting(name: &str) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend([5, 3, 1, 1, 0]);
    let mut export = vec![1, 0, u8::try_from(name.len()).expect("a short name")];
    export.extend(name.as_bytes());
    export.extend([5, 0, 0]);
    bytes.extend([11, u8::try_from(export.len()).expect("a short section")]);
    bytes.extend(export);
    bytes
}

async fn load_error(bytes: &[u8]) -> SimError {
    match ComponentHost::from_bytes(bytes, None).await {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_missing_component_is_named() {
    let Err(error) = ComponentHost::load(Path::new("no/such.wasm"), None).await else { panic!("it was loaded") };
    assert!(matches!(error, SimError::Missing { .. }), "{error:?}");
    assert_eq!(error.to_string(), "there is no component at no/such.wasm");
}

#[tokio::test]
async fn what_is_no_component_is_not_loaded() {
    for bytes in [&b""[..], b"\0asm\x01\0\0\0", b"not wasm at all"] {
        assert!(matches!(load_error(bytes).await, SimError::Load { .. }), "{bytes:?}");
    }
    let error = load_error(&component_exporting("something:else/thing@1.0.0")).await;
    assert!(matches!(error, SimError::Load { .. }), "{error:?}");
}

#[tokio::test]
async fn another_version_of_the_contract_is_refused_by_name() {
    let error = load_error(&component_exporting("parallel-agents:skill/about@0.2.0")).await;
    assert!(matches!(&error, SimError::Version { found } if found == "0.2.0"), "{error:?}");
    assert!(error.to_string().contains("0.2.0") && error.to_string().contains("0.1.0"), "{error}");
}

#[tokio::test]
async fn a_call_without_fuel_is_stopped_and_its_sessions_with_it() {
    let request = many(12, "");
    let whole = component().await.call("run_tasks", &request, simulation(), &Clock::virtual_time()).await;
    let fuel = whole.fuel_used.expect("fuel is metered");
    // The fractions reach from the reading of the request to the last answers.
    let mut swept = 0;
    for percent in [5, 40, 60, 80, 95, 99] {
        let limits = GuestLimits { fuel: fuel * percent / 100, fuel_for_byte: 0, ..GuestLimits::default() };
        let host = component().await.with_limits(limits);
        let called = host.call("run_tasks", &request, simulation(), &Clock::virtual_time()).await;
        assert!(matches!(called.result, Err(SimError::OutOfFuel { .. })), "{percent} %: {:?}", called.result);
        let summary = called.backend.checker().summary();
        assert_eq!(summary.live, 0, "{percent} %");
        assert!(called.backend.trace().text().ends_with("> break off\n"), "{percent} %");
        swept += summary.cancelled;
    }
    assert!(swept > 0, "no call was stopped while sessions were alive");
}

#[tokio::test]
async fn a_call_without_memory_traps() {
    let host = component().await.with_limits(GuestLimits { memory_bytes: 2 << 20, ..GuestLimits::default() });
    let large = many(200, &format!("\"model\": \"{}\"", "x".repeat(900_000)));
    let called = host.call("run_tasks", &large, simulation(), &Clock::virtual_time()).await;
    assert!(matches!(called.result, Err(SimError::Trap { .. })), "{:?}", called.result);
    assert_eq!(called.backend.checker().live(), 0);
}

#[tokio::test]
async fn a_broken_call_spoils_no_other() {
    let host = component().await;
    let good = async || host.call("run_tasks", &many(3, ""), simulation(), &Clock::virtual_time()).await;
    let before = good().await;
    let options = SimulationOptions { max_events: 5, ..SimulationOptions::default() };
    let stuck = Simulation::new(Script::bundled(), 1, options);
    let broken = host.call("run_tasks", &many(3, ""), stuck, &Clock::virtual_time()).await;
    assert!(matches!(broken.result, Err(SimError::Contract { .. })), "{:?}", broken.result);
    assert_eq!(broken.backend.checker().live(), 0);
    assert_eq!(before.backend.trace().text(), good().await.backend.trace().text());
}
