//! One program of the cluster: it is killed, and started again as it was.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::started::Started;
use crate::{http, load};

/// A start takes a second or two; much longer on a machine that does other things.
const READY: Duration = Duration::from_secs(60);

/// After a kill the address may be in use for a moment, and the program then ends at once: it is started so often.
const TRIES: u32 = if cfg!(test) { 2 } else { 20 };
const PAUSE: Duration = Duration::from_millis(250);

/// An orderly end: the Restate server writes what it has in memory.
const STOP: Duration = Duration::from_secs(60);

/// What a program answers when it is ready: this path, or a connection if there is none.
pub type Probe = (SocketAddr, Option<&'static str>);

/// A program that can be killed and started again.
pub struct Member {
    name: &'static str,
    command: Box<dyn Fn() -> Command + Send>,
    probes: Vec<Probe>,
    place: PathBuf,
    process: Option<Started>,
    /// Processor time of the processes that were killed.
    spent: Duration,
    /// The largest memory of a process that was killed, in KiB.
    memory: u64,
}

impl Member {
    /// Starts it and waits until it is ready. `command` makes the same program on the same address and files each time.
    ///
    /// # Errors
    /// If it does not become ready, with the end of what it printed.
    pub fn start(
        name: &'static str,
        probes: Vec<Probe>,
        place: &Path,
        command: impl Fn() -> Command + Send + 'static,
    ) -> Result<Self> {
        let mut member = Self {
            name,
            command: Box::new(command),
            probes,
            place: place.to_owned(),
            process: None,
            spent: Duration::ZERO,
            memory: 0,
        };
        member.start_again()?;
        Ok(member)
    }

    /// Kills it without a word (`kill -9`). It stays down until it is started again.
    pub fn kill(&mut self) {
        self.spent = self.load();
        self.memory = self.memory();
        // Dropping it is that kill, and waits for its end.
        self.process = None;
    }

    /// Starts it as it was, and waits until it is ready; how long that took.
    ///
    /// # Errors
    /// As [`Member::start`].
    pub fn start_again(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let mut tries = 1;
        loop {
            let mut process = Started::start(self.name, &mut (self.command)(), &self.place)?;
            match process.wait_until("ready", READY, |_| is_ready(&self.probes).then_some(())) {
                Ok(()) => {
                    self.process = Some(process);
                    return Ok(begin.elapsed());
                }
                Err(error) if tries == TRIES || begin.elapsed() > READY => return Err(error),
                Err(_) => thread::sleep(PAUSE),
            }
            tries += 1;
        }
    }

    /// Makes sure that it runs.
    ///
    /// # Errors
    /// If it has ended by itself, or somebody else has killed it.
    pub fn check(&mut self) -> Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        match process.ended()? {
            Some((code, _)) => bail!("{} has ended by itself (exit code {code:?}){}", self.name, process.tail()),
            None => Ok(()),
        }
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// If something of it is left.
    pub fn stop(mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |process| process.stop(STOP))
    }

    /// Processor time so far, over all of its processes. Zero where nobody counts it.
    pub fn load(&self) -> Duration {
        let present = self.process.as_ref().and_then(|process| load::of_group(process.id()).ok());
        self.spent + present.unwrap_or_default()
    }

    /// The most memory that one of its processes has had, in KiB. Zero where nobody counts it.
    pub fn memory(&self) -> u64 {
        let status = self.process.as_ref().map(|process| format!("/proc/{}/status", process.id()));
        let text = status.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        self.memory.max(most_memory(&text).unwrap_or_default())
    }

    /// The end of what it printed, for errors.
    pub fn tail(&self) -> String {
        self.process.as_ref().map(Started::tail).unwrap_or_default()
    }
}

fn is_ready(probes: &[Probe]) -> bool {
    probes.iter().all(|(address, path)| match path {
        Some(path) => http::get(*address, path).is_ok(),
        None => http::is_open(*address),
    })
}

/// The high-water mark in the text of /proc/PID/status.
fn most_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_killed_member_comes_back_where_it_was() {
        let place = tempfile::tempdir().unwrap();
        let marks = place.path().join("marks");
        let mut member = Member::start("member", vec![], place.path(), {
            let script = format!("echo started >> {}; sleep 600", marks.display());
            move || shell(&script)
        })
        .unwrap();
        let wait_for = |expected: &str| {
            let begin = Instant::now();
            while fs::read_to_string(&marks).unwrap_or_default() != expected {
                assert!(begin.elapsed() < READY, "not written: {expected}");
                thread::yield_now();
            }
        };
        wait_for("started\n");
        member.kill();
        member.start_again().unwrap();
        wait_for("started\nstarted\n");
        member.stop().unwrap();
    }

    #[test]
    fn a_member_that_ends_at_once_is_an_error_with_its_words() {
        let place = tempfile::tempdir().unwrap();
        let never = vec![(crate::address::free().unwrap(), None)];
        let fail = || shell("echo wrong configuration >&2; exit 3");
        let error = Member::start("member", never, place.path(), fail).err().expect("an error");
        assert!(error.to_string().contains("wrong configuration"), "{error}");
        let mut member = Member::start("member", vec![], place.path(), fail).unwrap();
        let begin = Instant::now();
        while member.check().is_ok() {
            assert!(begin.elapsed() < READY, "it has ended and that is not noticed");
            thread::yield_now();
        }
        assert!(member.check().unwrap_err().to_string().contains("has ended by itself (exit code Some(3))"));
    }

    #[test]
    fn memory_is_read() {
        assert_eq!(most_memory("VmPeak:\t  9 kB\nVmHWM:\t  256872 kB\n"), Some(256_872));
        assert_eq!(most_memory(""), None);
    }
}
