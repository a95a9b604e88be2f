//! Processor time, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// `USER_HZ`, in which /proc counts: a hundred on every platform that Node runs on.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of all processes of a group, with their threads and the children that they have waited for.
///
/// # Errors
/// If this is not Linux, or the group is not there.
pub fn of_group(group: i32) -> Result<Duration> {
    let processes = fs::read_dir("/proc").context("processor time is read from /proc, which only Linux has")?;
    let mut ticks = Vec::new();
    for process in processes {
        // Whoever ends in between has nothing to be read.
        let Ok(line) = fs::read_to_string(process?.path().join("stat")) else { continue };
        ticks.extend(of_line(&line, group));
    }
    ensure!(!ticks.is_empty(), "the process group {group} is not there");
    Ok(TICK * ticks.iter().sum())
}

/// `utime`, `stime`, `cutime` and `cstime` of one line of /proc/PID/stat, if it is one of that group.
fn of_line(line: &str, group: i32) -> Option<u32> {
    // The name of the program may hold anything, also brackets.
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.get(2)?.parse() != Ok(group) {
        return None;
    }
    fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u32>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_program_is_called() {
        let line = "42 (a) b) R 1 40 40 0 -1 4194304 1 0 0 0 7 3 2 1 20 0 11 0 100 0 0";
        assert_eq!(of_line(line, 40), Some(13));
        assert_eq!(of_line(line, 41), None);
    }

    #[test]
    fn a_group_that_is_not_there_is_an_error() {
        assert!(of_group(i32::MAX).is_err());
    }
}
