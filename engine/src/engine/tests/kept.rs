//! What stays in memory of tasks that have ended. A run may have 10,000 of them.

use serde_json::json;

use super::puppet::Puppet;
use crate::plan::PlannedTask;
use crate::testing::{plan_of, planned};

#[test]
fn what_a_task_was_given_goes_with_its_end_and_its_record_has_no_room_to_spare() {
    let mut plan = plan_of(2, &[]);
    for task in &mut plan.tasks {
        task.input = planned(json!({ "code": "fn main() {}" })).input;
    }
    let mut puppet = Puppet::open(plan);
    let given = |puppet: &Puppet| {
        let is_there = |task: &PlannedTask| !task.description.is_empty() && !task.input.is_empty();
        puppet.engine.tasks.planned().map(is_there).collect::<Vec<_>>()
    };
    assert_eq!(given(&puppet), [true, true]);
    puppet.accept("s0");
    puppet.ends("s0", "answer");
    assert_eq!(given(&puppet), [false, true]);
    puppet.accept("s1");
    puppet.ends("s1", "answer");
    for result in &puppet.done().results {
        let log = &result.metadata.attempt_log;
        assert_eq!((log.len(), log.capacity()), (1, 1), "{}", result.task_id);
    }
}
