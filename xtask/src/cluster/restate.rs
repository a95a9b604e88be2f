//! The Restate server of a cluster on this machine.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{address, http};

use super::member::Member;

/// The server with the files that it keeps.
pub struct Restate {
    /// Where runs are started and asked for.
    pub ingress: SocketAddr,
    /// Where workers register themselves.
    pub admin: SocketAddr,
    /// The process of the server, which can be killed.
    pub server: Member,
    data: PathBuf,
}

impl Restate {
    /// Starts a server that has nothing yet, in a directory of its own. After a kill it comes back on the same ports and files.
    ///
    /// # Errors
    /// If no port is free, or it does not become ready.
    pub fn start(program: PathBuf, place: &Path) -> Result<Self> {
        let (ingress, admin, node) = (address::free()?, address::free()?, address::free()?);
        let (data, file) = (place.join("restate"), place.join("restate.toml"));
        fs::write(&file, configuration(ingress, admin, node)).context("cannot write restate.toml")?;
        let probes = vec![(admin, Some("/health")), (ingress, Some("/restate/health"))];
        let server = Member::start("restate-server", probes, place, {
            let data = data.clone();
            move || {
                let mut command = Command::new(&program);
                command.arg("--no-logo").arg("--config-file").arg(&file).arg("--base-dir").arg(&data);
                // Settings of the user's own server.
                command.env_clear().env("NO_COLOR", "1");
                command
            }
        })?;
        Ok(Self { ingress, admin, server, data })
    }

    /// Whether a worker has registered itself.
    pub fn knows_a_worker(&self) -> bool {
        http::get(self.admin, "/deployments").is_ok_and(|answer| answer.contains("dp_"))
    }

    /// Bytes on the disk.
    pub fn disk(&self) -> u64 {
        disk(&self.data)
    }
}

/// As docs/scale-out.md says, with little memory, and with short pauses, since everything here is killed often.
fn configuration(ingress: SocketAddr, admin: SocketAddr, node: SocketAddr) -> String {
    let port = node.port();
    format!(
        r#"node-name = "one"
cluster-name = "parallel-agents"
bind-ip = "127.0.0.1"
bind-port = {port}
advertised-host = "127.0.0.1"
listen-mode = "tcp"
disable-telemetry = true
rocksdb-total-memory-size = "512 MiB"

[ingress]
bind-address = "{ingress}"

[admin]
bind-address = "{admin}"

[admin.query-engine]
memory-size = "128 MiB"

[bifrost]
record-cache-memory-size = "64 MiB"

[default-retry-policy]
max-attempts = "unlimited"
initial-interval = "100ms"
max-interval = "2s"
"#
    )
}

/// The bytes of all files below a directory. What the server removes at that moment counts for nothing.
fn disk(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let data = entry.metadata().ok()?;
        Some(if data.is_dir() { disk(&entry.path()) } else { data.len() })
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_is_added_up() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("inner")).unwrap();
        fs::write(place.path().join("inner/file"), "12345").unwrap();
        assert_eq!(disk(place.path()), 5);
    }
}
