//! Dropping the component at events, in a fresh copy each: only the host is left, and it leaves nothing running.

use crate::explore::explorer::Explorer;
use crate::explore::finding::Finding;
use crate::explore::perturbations::{Places, Plain};
use crate::explore::tally::Tally;
use crate::gateway::Intervention;

pub(super) async fn at_places(explorer: &Explorer<'_>, plain: &Plain, places: Places, tally: &mut Tally) {
    for event in places.of(plain.seed, plain.called.backend.host().events()) {
        let mut simulation = explorer.simulation(&plain.case, plain.seed);
        simulation.host_mut().intervene_at(event, Intervention::Drop);
        let mut called = explorer.call(&plain.case, simulation).await;
        let mut found: Vec<Finding> = called.backend.checker().violations().iter().map(Finding::from).collect();
        if called.result.is_ok() {
            found.push(Finding::new("E2", "the dropped call came back with a reply".to_owned()));
        }
        // What the gateway was asked before and had not looked at must not come true afterwards.
        called.backend.run_out();
        let alive = called.backend.host().live_sessions();
        if alive > 0 {
            found.push(Finding::new("E2", format!("{alive} sessions are alive after the host's sweep")));
        }
        tally.count(&called);
        tally.copies.traps += 1;
        tally.census.orphans += alive as u64;
        tally.note(plain.seed, &format!("dropped at event {event}"), found);
    }
}
