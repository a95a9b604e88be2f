//! The program whose instructions are counted does what it says: a run that went wrong would need fewer of them.

use std::process::Command;

fn status(arguments: &[&str]) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parallel-agents-count"));
    command.args(arguments).status().expect("the program starts").code()
}

#[test]
fn both_runs_complete_all_tasks() {
    for extent in ["bare", "full"] {
        assert_eq!(status(&[extent, "60", "20"]), Some(0), "{extent}");
        assert_eq!(status(&[extent, "60", "20", "request"]), Some(0), "{extent}");
    }
}

#[test]
fn a_run_that_is_refused_is_none() {
    assert_eq!(status(&["full", "0", "20"]), Some(1));
    assert_eq!(status(&["empty", "60", "20"]), Some(2));
}
