//! The file `keys.jsonl`: lines are only added, and some are on the disk before anything else is done.
//!
//! A line is written at once and while the table is locked, so their order is that of what happened, and a killed process
//! loses none. Putting them on the disk takes longer, so that is done for all lines that came meanwhile together.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use super::error::ModelError;
use super::note::Line;

/// The file's name.
const NAME: &str = "keys.jsonl";

/// Adds lines to the file of keys, for all who have something to say.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    /// Lines added by this process.
    lines: u64,
    /// Why nothing can be added any more. Half a line may be there, and none may stand behind it.
    broken: Option<String>,
}

impl Log {
    /// Reads the file, and keeps other processes from it. Half a line at its end, which a crash leaves, is taken away.
    pub(super) fn open(dir: &Path, mut each: impl FnMut(Line)) -> Result<(Self, Syncer), ModelError> {
        let path = dir.join(NAME);
        let mut file = opened(dir, &path).map_err(|source| ModelError::Registry { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ModelError::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(ModelError::Registry { path, source }),
        }
        let whole = whole(&mut file).map_err(|source| ModelError::Registry { path: path.clone(), source })?;
        for (index, line) in whole.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let line = serde_json::from_slice(line).map_err(|source| ModelError::Unreadable {
                path: PathBuf::clone(&path),
                line: index + 1,
                source,
            })?;
            each(line);
        }
        let syncer =
            file.try_clone().and_then(Syncer::start).map_err(|source| ModelError::Registry { path, source })?;
        Ok((Self { file, lines: 0, broken: None }, syncer))
    }

    /// Adds a line, and says which one of this process it is.
    pub(super) fn add(&mut self, line: &Line) -> Result<u64, String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        let added = serde_json::to_vec(line).map_err(std::io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            self.file.write_all(&text)
        });
        if let Err(error) = added {
            return Err(self.broken.insert(error.to_string()).clone());
        }
        self.lines += 1;
        Ok(self.lines)
    }
}

fn opened(dir: &Path, path: &Path) -> std::io::Result<File> {
    fs::create_dir_all(dir)?;
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

fn whole(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    if end < bytes.len() {
        file.set_len(end as u64)?;
        bytes.truncate(end);
    }
    Ok(bytes)
}

/// Puts lines on the disk, in a thread of its own.
#[derive(Debug)]
pub(super) struct Syncer {
    /// None while it is dropped.
    wanted: Option<mpsc::Sender<u64>>,
    /// The last line on the disk, or why there will be no more.
    reached: watch::Receiver<Result<u64, String>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    fn start(file: File) -> std::io::Result<Self> {
        let (wanted, targets) = mpsc::channel::<u64>();
        let (reach, reached) = watch::channel(Ok(0));
        let work = move || {
            while let Ok(first) = targets.recv() {
                // A number comes after its line was written, so all lines up to the last one are there.
                let last = targets.try_iter().fold(first, u64::max);
                let result = file.sync_data().map(|()| last).map_err(|error| error.to_string());
                let failed = result.is_err();
                // The former state is of no use any more.
                let _ = reach.send_replace(result);
                if failed {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("keys".to_owned()).spawn(work)?;
        Ok(Self { wanted: Some(wanted), reached, thread: Some(thread) })
    }

    /// Waits until a line is on the disk.
    pub(super) async fn reached(&self, line: u64) -> Result<(), String> {
        // If the thread is gone, what it has left says why.
        let _ = self.wanted.as_ref().map(|wanted| wanted.send(line));
        let mut reached = self.reached.clone();
        let state = reached.wait_for(|state| state.as_ref().map_or(true, |last| *last >= line)).await;
        state.map_or_else(|gone| Err(gone.to_string()), |state| state.as_ref().map(|_| ()).map_err(String::clone))
    }
}

impl Drop for Syncer {
    /// The file is free for the next one when this returns.
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic, and if it did there would be nothing left to do.
            let _ = thread.join();
        }
    }
}
