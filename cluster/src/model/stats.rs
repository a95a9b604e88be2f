//! What the process has used.

use std::fs;

/// Milliseconds of processor time so far. None where the system does not tell in this way.
pub(super) fn cpu_ms() -> Option<u64> {
    read(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// The fields after the name, which stands in brackets and may hold any character: user and system time are the 12th and 13th.
fn read(stat: &str) -> Option<u64> {
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
    let ticks: Vec<u64> = fields.filter_map(|field| field.parse().ok()).collect();
    // Linux tells these in hundredths of a second to all programs.
    (ticks.len() == 2).then(|| ticks.iter().sum::<u64>() * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        assert_eq!(read("7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 12 5 0 0 20 0"), Some(170));
        assert_eq!(read(""), None);
        assert_eq!(read("7 (a) S 1"), None);
    }
}
