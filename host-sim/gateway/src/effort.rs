//! How many entries of its books a simulation looks at, for tests that hold this to the number of tasks: a book that is read from
//! the beginning for every session costs the square of their number.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static LOOKED_AT: Cell<u64> = const { Cell::new(0) };
}

/// Counts an entry that is looked at; nothing outside of tests.
pub fn look() {
    #[cfg(test)]
    LOOKED_AT.with(|looked_at| looked_at.set(looked_at.get() + 1));
}

/// Takes the entries that this thread has looked at.
#[cfg(test)]
pub fn take() -> u64 {
    LOOKED_AT.with(Cell::take)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Clock;
    use crate::native;
    use crate::options::SimulationOptions;
    use crate::script::Script;
    use crate::simulation::Simulation;

    /// A day on which receipts are lost and sessions fail.
    const SCRIPT: &str = "version = 1
[host]
max_concurrent = 50
max_children = 50
max_total = 100_000
[[answers]]
odds = { good = 960, failing = 40 }
[faults]
spawn_lost_after = 10
spawn_lost_before = 10
interrupted = 10
";

    /// Entries that a run over so many items looks at.
    async fn looked_at(items: u32) -> u64 {
        let items: Vec<_> = (0..items).map(|number| json!({ "name": number })).collect();
        let step = json!({ "agent_type": "code_reviewer", "task_description": "Look at {{name}}." });
        let budget = json!({ "spawns": 100_000, "tokens": 1_000_000_000 });
        let request = json!({ "items": items, "steps": [step], "max_concurrent": 40, "budget": budget,
            "deadline_seconds": 86_400 });
        let script = Script::from_toml(SCRIPT).expect("a script");
        let simulation = Simulation::new(script, 3, SimulationOptions::default());
        take();
        let called = native::call("map_tasks", &request.to_string(), simulation, &Clock::virtual_time()).await;
        assert!(called.result.is_ok(), "{:?}", called.result);
        let checker = called.backend.checker();
        assert_eq!(checker.violations(), []);
        assert!(checker.spawn_calls() as usize > items.len());
        let looked_at = take();
        assert!(checker.spent().tokens > 0 && take() > 0, "what is counted by going through all is noticed");
        looked_at
    }

    #[tokio::test]
    async fn what_a_session_costs_does_not_grow_with_those_before_it() {
        for items in [150, 600] {
            let looked_at = looked_at(items).await;
            assert!(looked_at < 10 * u64::from(items), "{looked_at} entries for {items} items");
        }
    }
}
