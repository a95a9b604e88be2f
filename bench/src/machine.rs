//! On what, with what and when was measured, as far as it matters and names nobody.

use std::fs;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// What the numbers depend on beside the code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Its processor's model, as the kernel has it.
    pub processor: String,
    /// Cores that this program may use.
    pub cores: usize,
    /// Memory, in whole GiB.
    pub memory_gib: u64,
    /// The operating system and the architecture.
    pub system: String,
    /// Processes that wanted to run when it began, as the kernel averages them over a minute. The measurement is one.
    pub load_before: f64,
    /// The same when it was over.
    pub load_after: f64,
    /// The day, in UTC.
    pub day: String,
    /// Programs that the numbers depend on, with their versions.
    pub versions: Vec<String>,
}

impl Machine {
    /// The one that this program runs on.
    pub fn this() -> Self {
        let memory_kib: u64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
        Self {
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_kib.div_ceil(1 << 20),
            system: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
            load_before: load(),
            load_after: 0.0,
            day: day(&httpdate::fmt_http_date(SystemTime::now())),
            versions: vec![format!("parallel-agents {}", env!("CARGO_PKG_VERSION")), wasmtime_version(LOCK_FILE)],
        }
    }
}

/// Which version of everything this program was built with.
const LOCK_FILE: &str = include_str!("../../Cargo.lock");

/// The kernel's average load over the last minute; 0 if it does not say.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

/// `24 Nov 2026` of `Tue, 24 Nov 2026 13:15:00 GMT`.
fn day(date: &str) -> String {
    date.split_whitespace().skip(1).take(3).collect::<Vec<_>>().join(" ")
}

fn wasmtime_version(lock_file: &str) -> String {
    let package = lock_file.split("[[package]]").find(|package| package.contains("name = \"wasmtime\"\n"));
    let version = package.and_then(|package| package.split_once("version = \"")?.1.split('"').next());
    format!("wasmtime {}", version.unwrap_or("of an unknown version"))
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    fields
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map_or("", |(_, v)| v)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_has_the_form_that_it_is_shown_in() {
        assert_eq!(day("Tue, 24 Nov 2026 13:15:00 GMT"), "24 Nov 2026");
        let lock = "[[package]]\nname = \"wasmtime-environ\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"wasmtime\"\nversion = \"2.3.4\"\n";
        assert_eq!(wasmtime_version(lock), "wasmtime 2.3.4");
        assert!(!wasmtime_version(LOCK_FILE).contains("unknown"));
    }
}
