//! Compiled machine code, kept for the next program that runs the same component.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

use wasmtime::{Cache, CacheConfig};

/// A directory with machine code. What is looked up in it depends on the component's bytes, on wasmtime's own version and
/// settings, and on the processor, so that no code is taken for other than it was made for.
#[derive(Clone, Debug)]
pub struct CodeCache(Cache);

impl CodeCache {
    /// Opens a directory, and makes it if it is not there: for its owner alone, since what is in it will be executed.
    ///
    /// # Errors
    /// The directory cannot be made, or not be written.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let directory = std::path::absolute(directory)?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&directory)?;
        // Wasmtime itself is silent about what it cannot write.
        tempfile::tempfile_in(&directory)?;
        let mut config = CacheConfig::new();
        config.with_directory(directory);
        Cache::new(config).map(Self).map_err(|error| io::Error::other(format!("{error:#}")))
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        self.0.directory()
    }

    /// How often code was found, through this value and its clones.
    pub fn hits(&self) -> usize {
        self.0.cache_hits()
    }

    pub(super) fn wasmtime(&self) -> Cache {
        self.0.clone()
    }
}
