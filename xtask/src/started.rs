//! Programs that end with this one: each in a process group of its own, with bounded waits and its output in files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The pause between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// How long the members of a killed group may take to disappear.
const GONE: Duration = Duration::from_secs(5);

/// Lines of a program's output that an error shows.
const TAIL_LINES: usize = 40;

/// Programs that were started, so that two of one name do not print into one file.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The groups that run.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A program that runs, at the latest, until this value is dropped.
pub struct Started {
    name: &'static str,
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Started {
    /// Starts a program without input; what it prints goes to files of its own in `place`.
    pub fn start(name: &'static str, command: &mut Command, place: &Path) -> Result<Self> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let [out, err] = ["out", "err"].map(|stream| place.join(format!("{name}-{number}.{stream}")));
        let file = |path: &Path| File::create(path).with_context(|| format!("cannot create {}", path.display()));
        command.stdin(Stdio::null()).stdout(file(&out)?).stderr(file(&err)?).process_group(0);
        groups(|groups| {
            let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
            let started = Self { name, child, out, err };
            groups.insert(started.id());
            Ok(started)
        })
    }

    /// Waits until the program ends by itself; what it printed.
    ///
    /// # Errors
    /// If it fails or takes longer than `limit`, with the end of its output.
    pub fn finish(self, limit: Duration) -> Result<String> {
        self.finish_with(limit, &[0])
    }

    /// The same for a program that may end with any of these codes.
    ///
    /// # Errors
    /// As [`Started::finish`].
    pub fn finish_with(mut self, limit: Duration, codes: &[i32]) -> Result<String> {
        let status = self.ended_within(limit)?;
        match status {
            Some(status) if status.code().is_some_and(|code| codes.contains(&code)) => {
                fs::read_to_string(&self.out).with_context(|| format!("cannot read what {} printed", self.name))
            }
            Some(status) => bail!("{} failed ({status}){}", self.name, self.tail()),
            None => bail!("{} was not done after {} s{}", self.name, limit.as_secs(), self.tail()),
        }
    }

    /// Its exit code and what it printed, if it has ended. No code: a signal ended it.
    ///
    /// # Errors
    /// If its output cannot be read.
    pub fn ended(&mut self) -> Result<Option<(Option<i32>, String)>> {
        let Some(status) = self.child.try_wait()? else { return Ok(None) };
        let printed = fs::read_to_string(&self.out);
        Ok(Some((status.code(), printed.with_context(|| format!("cannot read what {} printed", self.name))?)))
    }

    /// Waits until `look` finds something, while the program runs.
    ///
    /// # Errors
    /// If the program ends, or nothing is found within `limit`; with the end of its output.
    pub fn wait_until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&Path) -> Option<T>,
    ) -> Result<T> {
        let begin = Instant::now();
        loop {
            if let Some(found) = look(&self.out) {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}) before {what}{}", self.name, self.tail());
            }
            if begin.elapsed() > limit {
                bail!("{}: not {what} after {} s{}", self.name, limit.as_secs(), self.tail());
            }
            thread::sleep(LOOK);
        }
    }

    /// Asks the program to end, and ends it and its whole group if that takes longer than `timeout`.
    ///
    /// # Errors
    /// If a member of the group is still there afterwards.
    pub fn stop(mut self, timeout: Duration) -> Result<()> {
        if let Some(process) = self.group() {
            // The rest of the group is the program's own business, unless that takes too long.
            let _ = kill_process(process, Signal::TERM);
        }
        if self.ended_within(timeout)?.is_none() {
            eprintln!("{} did not end within {} s and was killed.", self.name, timeout.as_secs());
        }
        self.kill();
        let begin = Instant::now();
        while self.group().is_some_and(|group| test_kill_process_group(group).is_ok()) {
            if begin.elapsed() > GONE {
                bail!("{} left something running in its process group {}", self.name, self.id());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// The end of what the program printed.
    pub fn tail(&self) -> String {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let text = [read(&self.out), read(&self.err)].concat();
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default();
        if shown.is_empty() { String::new() } else { format!("\n{}", shown.join("\n")) }
    }

    fn ended_within(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if begin.elapsed() > limit {
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }

    /// The file that it prints to.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Its process, and its group.
    pub fn id(&self) -> i32 {
        // A process id is positive and fits.
        self.child.id().cast_signed()
    }

    fn group(&self) -> Option<Pid> {
        Pid::from_raw(self.id())
    }

    fn kill(&mut self) {
        if let Some(group) = self.group() {
            // It may have ended already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
        groups(|groups| groups.remove(&self.id()));
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.kill();
    }
}

/// From now on an interrupt ends all that was started, removes `place`, and ends this program.
pub fn end_on_signal(place: &Path) -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("cannot wait for signals")?;
    let place = place.to_owned();
    thread::spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        // Held from here on, so that nothing new is started.
        groups(|groups| {
            for group in groups.iter().copied().filter_map(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            // Whoever is about to end may still write.
            let begin = Instant::now();
            while fs::remove_dir_all(&place).is_err() && place.exists() && begin.elapsed() < GONE {
                thread::sleep(LOOK);
            }
            process::exit(128 + signal);
        });
    });
    Ok(())
}

fn groups<T>(work: impl FnOnce(&mut BTreeSet<i32>) -> T) -> T {
    work(&mut GROUPS.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, place: &Path) -> Started {
        Started::start("shell", Command::new("sh").args(["-c", script]), place).unwrap()
    }

    #[test]
    fn what_a_program_prints_comes_back_and_its_failure_shows_it() {
        let place = tempfile::tempdir().unwrap();
        let limit = Duration::from_secs(20);
        assert_eq!(shell("echo one", place.path()).finish(limit).unwrap(), "one\n");
        let error = shell("echo two; echo three >&2; exit 3", place.path()).finish(limit).unwrap_err();
        assert_eq!(error.to_string(), "shell failed (exit status: 3)\ntwo\nthree");
    }

    #[test]
    fn two_of_one_name_print_apart() {
        let place = tempfile::tempdir().unwrap();
        let limit = Duration::from_secs(20);
        let mut first = shell("echo one", place.path());
        let printed = |out: &Path| fs::read_to_string(out).ok().filter(|text| text.contains("one"));
        first.wait_until("printed", limit, printed).unwrap();
        assert_eq!(shell("echo two", place.path()).finish(limit).unwrap(), "two\n");
        assert_eq!(first.finish(limit).unwrap(), "one\n");
    }

    #[test]
    fn a_whole_group_ends_with_its_value() {
        let place = tempfile::tempdir().unwrap();
        let mut started = shell("sleep 600 & echo ready; wait", place.path());
        let ready = |out: &Path| fs::read_to_string(out).ok().filter(|text| text.contains("ready"));
        started.wait_until("ready", Duration::from_secs(20), ready).unwrap();
        let group = started.group().unwrap();
        drop(started);
        let begin = Instant::now();
        while test_kill_process_group(group).is_ok() {
            assert!(begin.elapsed() < GONE, "the group is still there");
            thread::sleep(LOOK);
        }
    }

    #[test]
    fn waits_have_an_end() {
        let place = tempfile::tempdir().unwrap();
        let error = shell("sleep 600", place.path()).finish(Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "shell was not done after 0 s");
        let none = |_: &Path| None::<()>;
        let error = shell("exit 0", place.path()).wait_until("ready", Duration::from_secs(20), none).unwrap_err();
        assert_eq!(error.to_string(), "shell ended (exit status: 0) before ready");
    }
}
