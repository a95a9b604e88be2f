//! On what was measured, as far as it matters and names nobody.

use std::fs;

use serde::{Deserialize, Serialize};

/// A machine.
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
        }
    }
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
