//! Journals as files.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::outcome::Failure;

/// A new journal file that only its owner can read. One that exists is an error: it may be somebody's only copy.
pub fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot create the journal {}", path.display()))
        .map_err(|error| Failure::file(path, error))
}

/// The text of a journal, and the file without a last line that was written in part, ready for more.
pub fn reopen(path: &Path) -> Result<(String, File), Failure> {
    let open = || -> std::io::Result<(String, File)> {
        let mut text = read(path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        text.truncate(text.rfind('\n').map_or(0, |at| at + 1));
        file.set_len(text.len() as u64)?;
        Ok((text, file))
    };
    open()
        .with_context(|| format!("cannot go on with the journal {}", path.display()))
        .map_err(|error| Failure::file(path, error))
}

/// The text of a journal. What is no text will not pass its checksums either.
pub fn read(path: &Path) -> std::io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes each part through to the file.
pub fn writer(mut file: File) -> impl FnMut(&str) -> Result<(), String> + Send + 'static {
    move |lines| file.write_all(lines.as_bytes()).map_err(|error| error.to_string())
}
