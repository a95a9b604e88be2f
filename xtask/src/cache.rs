//! Tools that are installed once and kept outside the checkout.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use etcetera::BaseStrategy as _;

const DIRECTORY_VARIABLE: &str = "PARALLEL_AGENTS_CACHE";

/// Written last, inside the tool's directory: what was installed there.
const STAMP: &str = "installed.txt";

/// A directory with one sub-directory for each tool and version.
pub struct Cache {
    root: PathBuf,
    may_install: bool,
}

impl Cache {
    /// The user's cache: `$PARALLEL_AGENTS_CACHE`, else `parallel-agents` in the cache directory of the user.
    ///
    /// # Errors
    /// If there is no home directory.
    pub fn open() -> Result<Self> {
        let root = match env::var_os(DIRECTORY_VARIABLE).filter(|directory| !directory.is_empty()) {
            Some(directory) => std::path::absolute(directory).context("cannot resolve $PARALLEL_AGENTS_CACHE")?,
            None => etcetera::choose_base_strategy()
                .with_context(|| format!("cannot find a cache directory; set {DIRECTORY_VARIABLE}"))?
                .cache_dir()
                .join("parallel-agents"),
        };
        Ok(Self { root, may_install: true })
    }

    /// The same cache as it stands: what is not there gives an error.
    #[must_use]
    pub fn without_installing(self) -> Self {
        Self { may_install: false, ..self }
    }

    /// Returns the directory of a tool, after installing it if it is not there yet.
    ///
    /// `recipe` says what is installed; a directory made from another recipe is replaced. `install` fills an empty
    /// directory that takes its final name only when it has succeeded, so what an interruption leaves behind is never
    /// used. Two processes may ask at the same time: the second one waits.
    ///
    /// # Errors
    /// Those of `install`, and of the file system.
    pub fn ensure(&self, name: &str, recipe: &str, install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let place = self.root.join(name);
        if is_complete(&place, recipe) {
            return Ok(place);
        }
        if !self.may_install {
            bail!("{recipe} is not installed");
        }
        fs::create_dir_all(&self.root).with_context(|| format!("cannot create {}", self.root.display()))?;
        let _lock = self.lock()?;
        if is_complete(&place, recipe) {
            return Ok(place);
        }
        eprintln!("Installing {recipe} into {}", place.display());
        let staging = self.root.join(format!("{name}.unfinished"));
        for leftover in [&staging, &place] {
            remove(leftover)?;
        }
        fs::create_dir(&staging).with_context(|| format!("cannot create {}", staging.display()))?;
        install(&staging).with_context(|| format!("cannot install {recipe}"))?;
        fs::write(staging.join(STAMP), recipe)
            .and_then(|()| fs::rename(&staging, &place))
            .with_context(|| format!("cannot finish {}", place.display()))?;
        Ok(place)
    }

    /// Held until the returned file is dropped, or its process ends.
    fn lock(&self) -> Result<File> {
        let path = self.root.join(".lock");
        let explain = || format!("cannot lock {}", path.display());
        let file = File::create(&path).with_context(explain)?;
        if file.try_lock().is_err() {
            eprintln!("Waiting for another installation into {}", self.root.display());
            file.lock().with_context(explain)?;
        }
        Ok(file)
    }
}

fn is_complete(place: &Path, recipe: &str) -> bool {
    fs::read_to_string(place.join(STAMP)).is_ok_and(|found| found == recipe)
}

fn remove(directory: &Path) -> Result<()> {
    if !directory.exists() {
        return Ok(());
    }
    fs::remove_dir_all(directory).with_context(|| format!("cannot remove {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("cache");
        (directory, Cache { root, may_install: true })
    }

    fn fill(directory: &Path) -> Result<()> {
        fs::write(directory.join("tool"), "ready").context("fill")
    }

    #[test]
    fn a_tool_is_installed_once() {
        let (_guard, cache) = cache();
        let installations = Cell::new(0);
        for _ in 0..3 {
            let install = |directory: &Path| {
                installations.set(installations.get() + 1);
                fill(directory)
            };
            let place = cache.ensure("tool-1", "tool@1", install).unwrap();
            assert_eq!(fs::read_to_string(place.join("tool")).unwrap(), "ready");
        }
        assert_eq!(installations.get(), 1);
    }

    #[test]
    fn a_failed_installation_is_not_taken_for_a_tool() {
        let (_guard, cache) = cache();
        let interrupted = |directory: &Path| {
            fs::write(directory.join("half"), "")?;
            bail!("the network is gone")
        };
        let error = cache.ensure("tool-1", "tool@1", interrupted).unwrap_err();
        assert_eq!(format!("{error:#}"), "cannot install tool@1: the network is gone");
        assert!(!cache.root.join("tool-1").exists());

        let place = cache.ensure("tool-1", "tool@1", fill).unwrap();
        assert!(place.join("tool").exists());
        assert!(!place.join("half").exists(), "the leftovers are gone");
    }

    #[test]
    fn nothing_is_installed_where_nothing_may_be() {
        let (_guard, cache) = cache();
        let cache = cache.without_installing();
        let error = cache.ensure("tool-1", "tool@1", fill).unwrap_err();
        assert_eq!(error.to_string(), "tool@1 is not installed");
        assert!(!cache.root.exists());
    }

    #[test]
    fn another_recipe_replaces_the_tool() {
        let (_guard, cache) = cache();
        cache.ensure("tool", "tool@1", |directory| fs::write(directory.join("old"), "").context("fill")).unwrap();
        let place = cache.ensure("tool", "tool@2", fill).unwrap();
        assert!(place.join("tool").exists());
        assert!(!place.join("old").exists());
    }

    #[test]
    fn two_installations_at_once_become_one() {
        let (_guard, cache) = cache();
        let installations = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let install = |directory: &Path| {
                        installations.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        fill(directory)
                    };
                    cache.ensure("tool-1", "tool@1", install).unwrap();
                });
            }
        });
        assert_eq!(installations.into_inner(), 1);
    }
}
