//! Journals as files: made, locked while they are written, found again.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use gateway_sim::backend::JournalSink;
use parallel_agents_engine::host::JournalError;
use rand::Rng as _;

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::ui::Ui;

/// The directory of this program in the place where a system keeps the state of programs.
const DIRECTORY: &str = "parallel-agents";

/// What journals are called that nobody gave a name.
const EXTENSION: &str = "journal";

/// Journals without a name of their own are deleted when nothing was written to them for so long.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A journal that is being written: locked until it is dropped or the program is gone.
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Nobody asked for it, so that a run goes on without it.
    is_spare: bool,
}

impl Journal {
    /// A new file that only its owner can read. One that exists is an error: it may be somebody's only copy.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let fault = Fault::new(path.display(), format!("cannot create the journal {}", path.display()))
            .hint("choose a new name where you may write; `resume` goes on with a journal that is there");
        let file = create(path).context(fault).map_err(|error| Failure::file(path, error))?;
        lock(&file, path)?;
        Ok(Self { file, path: path.to_owned(), is_spare: false })
    }

    /// The text of a journal, and the journal without a last line that was written in part, ready for more. What is no journal is
    /// left as it is, for the component to refuse.
    pub fn reopen(path: &Path) -> Result<(String, Self), Failure> {
        let bad = |error: io::Error| {
            let message = format!("cannot go on with the journal {}", path.display());
            let fault = Fault::new(path.display(), message).hint("`help journals` says where they are kept");
            Failure::file(path, anyhow::Error::from(error).context(fault))
        };
        let mut file = OpenOptions::new().read(true).append(true).open(path).map_err(bad)?;
        // Before anything is read: whoever writes it may add to it until then.
        lock(&file, path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(bad)?;
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        // By bytes: what is no text is replaced in the text, which has another length then.
        let length = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if length < bytes.len() && parallel_agents_engine::journal::read(&text).is_ok() {
            bytes.truncate(length);
            file.set_len(bytes.len() as u64).map_err(bad)?;
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Ok((text, Self { file, path: path.to_owned(), is_spare: false }))
    }

    /// A new journal in the place for those that nobody gave a name. None, with a warning: it cannot be made.
    pub fn spare(ui: &Ui, function: &str) -> Option<Self> {
        let made = directory().and_then(|directory| {
            tidy(&directory);
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            // 28 bits, so that two runs of one second have two names and the path fits a line of a terminal.
            let name = format!("{function}-{since}-{:07x}.{EXTENSION}", rand::rng().next_u32() >> 4);
            let path = directory.join(name);
            let file = create(&path)?;
            file.lock()?;
            Ok(Self { file, path, is_spare: true })
        });
        made.inspect_err(|error| {
            ui.note(&format!("warning: no journal is kept ({error}); --journal FILE names a place for it"));
        })
        .ok()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes what is to be written, each part as a whole.
    pub fn sink(&self, ui: &Ui) -> io::Result<JournalSink> {
        let (mut file, path, is_spare, ui) = (self.file.try_clone()?, self.path.clone(), self.is_spare, *ui);
        let mut is_broken = false;
        Ok(Box::new(move |lines| {
            if is_broken {
                return Ok(());
            }
            let end = file.seek(SeekFrom::End(0)).map_err(|error| not_written(&error))?;
            let Err(error) = file.write_all(lines.as_bytes()) else { return Ok(()) };
            // What is there of the part would be taken for damage once more follows.
            let _ = file.set_len(end);
            if !is_spare {
                return Err(not_written(&error));
            }
            // The run is worth more than a journal that nobody asked for.
            is_broken = true;
            ui.note(&format!("warning: the journal {} ends here, the run goes on: {error}", path.display()));
            Ok(())
        }))
    }

    /// Takes a journal away that stayed empty: nothing was run, and the next run may want its name.
    pub fn close(self) {
        if self.file.metadata().is_ok_and(|about| about.len() == 0) {
            // It stays as an empty file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What the component is told of a write that failed.
fn not_written(error: &io::Error) -> JournalError {
    let words = error.to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            JournalError::Full(words)
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => JournalError::Denied(words),
        _ => JournalError::Failed(words),
    }
}

/// The text of a journal, which may be in use. What is no text will not pass its checksums either.
pub fn read(path: &Path) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Locks a journal for this program. The system gives the lock back when the program is gone, however it ended.
fn lock(file: &File, path: &Path) -> Result<(), Failure> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let message = format!("the journal {} is being written by another program", path.display());
            let fault = Fault::new(path.display(), message)
                .hint("wait until its run or resume has ended, or end that; replay may read it meanwhile");
            Err(Failure::Bad { code: "E_JOURNAL_LOCKED", error: fault.into() })
        }
        Err(TryLockError::Error(error)) => {
            let error = anyhow::Error::from(error).context(format!("cannot lock the journal {}", path.display()));
            Err(Failure::file(path, error))
        }
    }
}

/// The place for journals that nobody gave a name: `parallel-agents` in `$XDG_STATE_HOME`, else in `~/.local/state`; where a
/// system has no such place, in that for data. Only its owner can look into it.
fn directory() -> io::Result<PathBuf> {
    let places = etcetera::choose_base_strategy().map_err(io::Error::other)?;
    let directory = places.state_dir().unwrap_or_else(|| places.data_dir()).join(DIRECTORY);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&directory)?;
    Ok(directory)
}

/// Deletes journals that are old and that nobody writes. What cannot be deleted stays.
fn tidy(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_old = |file: &File| {
            let written = file.metadata().and_then(|about| about.modified());
            written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > KEPT))
        };
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Ok(file) = File::open(&path)
            && is_old(&file)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use parallel_agents_engine::journal::{Header, Writer};

    use super::*;

    fn place() -> tempfile::TempDir {
        tempfile::tempdir().expect("a directory")
    }

    #[test]
    fn a_journal_has_one_writer_and_its_end_frees_it() {
        let place = place();
        let path = place.path().join("a.journal");
        let first = Journal::create(&path).expect("it is new");
        let second = Journal::reopen(&path).map(|_| ()).expect_err("it is in use");
        assert_eq!(second.document()["error"]["code"], "E_JOURNAL_LOCKED");
        assert_eq!(read(&path).expect("it can be read"), "");
        // A part of it that is still written keeps the lock.
        let mut sink = first.sink(&Ui::plain(80)).expect("a handle");
        drop(first);
        assert!(Journal::reopen(&path).is_err());
        sink("whole\n").expect("it is written");
        drop(sink);
        let (text, _journal) = Journal::reopen(&path).expect("it is free");
        assert_eq!(text, "whole\n");
    }

    #[test]
    fn a_line_that_was_written_in_part_is_taken_off_by_bytes() {
        let place = place();
        let path = place.path().join("torn.journal");
        let head = Writer::start().header(&Header::new("run_tasks", "{}".to_owned()));
        fs::write(&path, [head.as_bytes(), b"two \xf0\x9f"].concat()).expect("a file");
        let (text, _journal) = Journal::reopen(&path).expect("a journal");
        assert_eq!(text, head);
        assert_eq!(fs::read_to_string(&path).expect("a file"), head);
    }

    #[test]
    fn what_is_no_journal_is_left_as_it_is() {
        let place = place();
        let path = place.path().join("request.json");
        for text in ["{\"tasks\": []}", "{\n  \"tasks\": []\n}", "\n"] {
            fs::write(&path, text).expect("a file");
            let (read, journal) = Journal::reopen(&path).expect("the component says what is wrong with it");
            journal.close();
            assert_eq!((read.as_str(), fs::read_to_string(&path).expect("a file").as_str()), (text, text));
        }
    }

    #[test]
    fn only_old_journals_are_tidied_away() {
        let place = place();
        let old = SystemTime::now() - KEPT - Duration::from_secs(60);
        for (name, is_old) in [("old.journal", true), ("new.journal", false), ("old.txt", true), ("used.journal", true)]
        {
            let file = File::create(place.path().join(name)).expect("a file");
            if is_old {
                file.set_modified(old).expect("a time");
            }
        }
        let used = File::open(place.path().join("used.journal")).expect("a file");
        used.lock().expect("a lock");
        tidy(place.path());
        let mut left: Vec<String> = fs::read_dir(place.path())
            .expect("a directory")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        left.sort();
        assert_eq!(left, ["new.journal", "old.txt", "used.journal"]);
    }
}
