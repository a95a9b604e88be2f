//! Lines that are in a file as a whole or not at all. One for which there was no room is kept and tried again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Where lines go.
pub trait Store: Read + Write + Seek + Send {
    /// Takes off what stands behind the first bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Store for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// The lines of a file, at its end.
pub struct WholeLines {
    store: Box<dyn Store>,
    /// Lines that are not in the file yet, in their order.
    waiting: VecDeque<String>,
    /// How long the file is without a part of a line that could not be taken off.
    torn: Option<u64>,
}

impl WholeLines {
    /// Lines behind those that a file has, which has to end with one.
    pub fn new(store: impl Store + 'static) -> Self {
        Self { store: Box::new(store), waiting: VecDeque::new(), torn: None }
    }

    /// Takes a line, which ends with a line break. What cannot be written now is written before the next one, or by `settle`.
    pub fn push(&mut self, line: String) {
        self.waiting.push_back(line);
        // Whether all are there in the end, `settle` says.
        let _ = self.settle();
    }

    /// Writes what is not there yet. The error of the first line for which there is no room.
    pub fn settle(&mut self) -> io::Result<()> {
        while let Some(line) = self.waiting.front() {
            if let Some(length) = self.torn {
                self.store.cut(length)?;
                self.torn = None;
            }
            let length = self.store.seek(SeekFrom::End(0))?;
            if let Err(error) = self.store.write_all(line.as_bytes()) {
                self.torn = self.store.cut(length).err().map(|_| length);
                return Err(error);
            }
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// What the file holds.
    pub fn text(&mut self) -> io::Result<String> {
        let mut text = String::new();
        self.store.seek(SeekFrom::Start(0))?;
        self.store.read_to_string(&mut text)?;
        Ok(text)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A disk on which there is room for a few bytes, and for more once so many writes have failed.
    struct Tight {
        file: File,
        room: usize,
        failing_writes: u32,
        failing_cuts: u32,
    }

    impl Read for Tight {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.file.read(bytes)
        }
    }

    impl Seek for Tight {
        fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
            self.file.seek(place)
        }
    }

    impl Write for Tight {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.failing_writes == 0 {
                return self.file.write(bytes);
            }
            if self.room == 0 {
                self.failing_writes -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            let written = self.file.write(&bytes[..bytes.len().min(self.room)])?;
            self.room -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.file.flush()
        }
    }

    impl Store for Tight {
        fn cut(&mut self, length: u64) -> io::Result<()> {
            if self.failing_cuts > 0 {
                self.failing_cuts -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.file.set_len(length)
        }
    }

    /// Lines in a file that has room for six bytes until so many writes and cuts have failed.
    pub fn tight(failing_writes: u32, failing_cuts: u32) -> WholeLines {
        let file = tempfile::tempfile().expect("a file");
        WholeLines::new(Tight { file, room: 6, failing_writes, failing_cuts })
    }

    #[test]
    fn what_does_not_fit_is_written_as_soon_as_it_does() {
        for (failures, seen) in [
            (0, ["one\n", "one\ntwo\n", "one\ntwo\nthree\n"]),
            (1, ["one\n", "one\n", "one\ntwo\nthree\n"]),
            (2, ["one\n", "one\n", "one\n"]),
        ] {
            let mut lines = tight(failures, 0);
            let found = ["one\n", "two\n", "three\n"].map(|line| {
                lines.push(line.to_owned());
                lines.text().expect("the file")
            });
            assert_eq!(found, seen, "{failures} failures");
            lines.settle().expect("there is room");
            assert_eq!(lines.text().expect("the file"), "one\ntwo\nthree\n", "{failures} failures");
        }
    }

    #[test]
    fn a_part_that_could_not_be_taken_off_is_taken_off_before_the_next_line() {
        let mut lines = tight(1, 1);
        lines.push("one\n".to_owned());
        lines.push("two\n".to_owned());
        assert_eq!(lines.text().expect("the file"), "one\ntw");
        lines.push("three\n".to_owned());
        assert_eq!(lines.text().expect("the file"), "one\ntwo\nthree\n");
    }

    #[test]
    fn what_never_fits_is_an_error_at_the_end_and_leaves_whole_lines() {
        let mut lines = tight(u32::MAX, 0);
        lines.push("one\n".to_owned());
        lines.push("two\n".to_owned());
        assert_eq!(lines.settle().expect_err("no room").kind(), io::ErrorKind::StorageFull);
        assert_eq!(lines.text().expect("the file"), "one\n");
    }
}
