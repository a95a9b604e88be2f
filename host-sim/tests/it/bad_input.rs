//! The table of bad requests through the component: the same bytes as the engine's native code, and an idle host.

use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;

use crate::component::component;

#[path = "../../../tests/bad_input/table.rs"]
mod table;

#[tokio::test]
async fn the_component_refuses_with_the_same_bytes_and_asks_the_host_nothing() {
    let host = component().await;
    let script = Script::from_toml("version = 1").unwrap_or_else(|error| panic!("{error}"));
    let simulation = || {
        Simulation::new(
            script.clone(),
            1,
            SimulationOptions { stops_at_violation: false, ..SimulationOptions::default() },
        )
    };
    let mut refused = 0;
    for case in table::cases() {
        let place = format!("line {} of the table: {}", case.line, case.shown);
        let clock = Clock::virtual_time();
        let guest = host.call(&case.function, &case.request, simulation(), &clock).await;
        let reply = guest.result.expect(&place);
        let native = native::call(&case.function, &case.request, simulation(), &clock).await;
        assert_eq!(reply, native.result.expect(&place), "{place}");
        assert_eq!(matches!(reply, DocumentReply::Refused(_)), !case.problems.is_empty(), "{place}");
        if !case.problems.is_empty() {
            let trace = guest.backend.trace().text();
            assert!(trace.lines().count() == 1 && trace.ends_with("> return\n"), "{place}: {trace}");
            refused += 1;
        }
    }
    assert!(refused > 600, "{refused} requests were refused");
}
