//! Files that a call is asked to leave behind: looked at before the call, written whole or not at all after it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::outcome::Failure;

/// Finds out before a run is paid for whether its files can be written. Nothing is created or changed. What is `taken` others write,
/// who look at it themselves; what is `read` is not written over.
pub fn check<'a>(
    paths: impl IntoIterator<Item = &'a Option<PathBuf>>,
    taken: &[PathBuf],
    read: &[PathBuf],
) -> Result<(), Failure> {
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in taken {
        claim(path, &mut seen)?;
    }
    let paths: Vec<&PathBuf> = paths.into_iter().flatten().collect();
    for path in &paths {
        check_one(path).map_err(|error| not_written(path, error))?;
        claim(path, &mut seen)?;
    }
    if paths.is_empty() {
        return Ok(());
    }
    let read: BTreeSet<PathBuf> = read.iter().map(|path| real(path)).filter(|path| is_plain(path)).collect();
    match paths.into_iter().find(|path| read.contains(&real(path))) {
        Some(path) => Err(clash(path, "is what the call reads, and would be written over")),
        None => Ok(()),
    }
}

fn clash(path: &Path, why: &str) -> Failure {
    let fault = Fault::new(path.display(), format!("{} {why}", path.display()));
    Failure::Bad { code: "E_USAGE", error: fault.hint("give each output a file of its own").into() }
}

/// Adds a path to those seen, unless it is one of them.
fn claim(path: &Path, seen: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let target = real(path);
    if seen.contains(&target) && is_plain(&target) {
        return Err(clash(path, "is to hold two things"));
    }
    seen.push(target);
    Ok(())
}

fn check_one(path: &Path) -> io::Result<()> {
    let target = real(path);
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // A device or a pipe: opening it may have an effect of its own.
        Ok(found) if !found.is_file() => Ok(()),
        Ok(_) => {
            // A file that may not be written is kept, although the directory would let it be replaced.
            File::options().append(true).open(&target)?;
            tempfile::NamedTempFile::new_in(directory_of(&target)).map(drop)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tempfile::NamedTempFile::new_in(directory_of(&target)).map(drop)
        }
        Err(error) => Err(error),
    }
}

/// Writes a file that somebody asked for: whoever reads it meanwhile, or after a crash, finds the old one or the new one.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_one(&real(path), text).map_err(|error| not_written(path, error))
}

fn write_one(target: &Path, text: &str) -> io::Result<()> {
    let found = fs::metadata(target).ok();
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        return File::options().write(true).open(target)?.write_all(text.as_bytes());
    }
    let mut builder = tempfile::Builder::new();
    // Without this a temporary file is its owner's alone; the process's mask is applied to it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory_of(target))?;
    file.write_all(text.as_bytes())?;
    if let Some(found) = found {
        file.as_file().set_permissions(found.permissions())?;
    }
    file.persist(target)?;
    Ok(())
}

/// Where a path leads: a link is followed instead of being replaced. The same for all spellings of a file that is still to come.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let place = fs::canonicalize(directory_of(path)).ok();
        place.zip(path.file_name()).map_or_else(|| path.to_owned(), |(place, name)| place.join(name))
    })
}

fn is_plain(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |found| found.is_file())
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn not_written(path: &Path, error: io::Error) -> Failure {
    let fault = Fault::new(path.display(), format!("cannot write {}", path.display()))
        .hint("it has to be a file, a device or a new name in a directory that can be written");
    // The system's own words may name a temporary file, of which nobody has heard.
    let why = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            format!("there is no directory {}", directory_of(path).display())
        }
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Failure::output(anyhow::anyhow!(why).context(fault))
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_its_rights() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("report.json");
        check([&Some(path.clone())], &[], &[]).expect("it can be written");
        assert!(!path.exists(), "looking creates nothing");
        write(&path, "one").expect("it is written");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).expect("rights");
        let link = place.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        write(&link, "two").expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "two");
        assert!(link.is_symlink());
        let rights = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).expect("it is there").permissions());
        assert_eq!(rights & 0o777, 0o640);
        assert_eq!(fs::read_dir(place.path()).expect("a directory").count(), 2, "nothing else is left");
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("file");
        fs::write(&file, "x").expect("a file");
        for bad in [place.path().to_owned(), place.path().join("no/such"), file.join("below")] {
            assert!(check([&Some(bad.clone())], &[], &[]).is_err(), "{}", bad.display());
        }
        for name in ["file", "new"] {
            let twice = [place.path().join(name), place.path().join(".").join(name)].map(Some);
            assert!(check(&twice, &[], &[]).is_err(), "one file for two things: {name}");
            let taken = [place.path().join(name)];
            assert!(check([&twice[1]], &taken, &[]).is_err(), "others write it: {name}");
            assert!(check([&twice[1]], &[], &taken).is_err(), "the call reads it: {name}");
        }
        assert!(check([&Some(file.clone())], &[place.path().join("no/such")], &[]).is_ok(), "others look at theirs");
        let full = PathBuf::from("/dev/full");
        assert!(
            check([&Some(full.clone()), &Some(full.clone()), &None], slice::from_ref(&full), slice::from_ref(&full))
                .is_ok()
        );
        assert!(write(&full, "x").is_err());
    }
}
