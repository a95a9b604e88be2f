//! The component that is run: the one in this program, or a file; and its machine code, compiled once for all calls.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use etcetera::BaseStrategy as _;
use host_sim::component::{CodeCache, ComponentHost, find};

use crate::args::ComponentArguments;
use crate::outcome::Failure;
use crate::text::shown;
use crate::ui::Ui;

/// The component as it was when this program was built. Empty: there was none yet.
#[cfg(not(test))]
static EMBEDDED: &[u8] = include_bytes!(env!("PARALLEL_AGENTS_EMBEDDED"));
#[cfg(test)]
static EMBEDDED: &[u8] = &[];

/// Below the directory for what programs can do without.
const CACHE: &str = "parallel-agents/code";

/// After so long whoever waits wants to know why.
const SLOW: Duration = Duration::from_millis(700);

/// Where a component comes from.
pub enum Source {
    File(PathBuf),
    Embedded(&'static [u8]),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Embedded(bytes) => write!(f, "in this program, {} KiB", bytes.len() / 1024),
        }
    }
}

impl Source {
    /// What the options name, else the one in this program, else the one of a build directory.
    pub fn of(arguments: &ComponentArguments) -> Result<Self, Failure> {
        match &arguments.component {
            Some(path) => Ok(Self::File(path.clone())),
            None if EMBEDDED.is_empty() => Ok(Self::File(find()?)),
            None => Ok(Self::Embedded(EMBEDDED)),
        }
    }

    pub async fn load(&self, cache: Option<&CodeCache>) -> Result<ComponentHost, Failure> {
        Ok(match self {
            Self::File(path) => ComponentHost::load(path, cache).await?,
            Self::Embedded(bytes) => ComponentHost::from_bytes(bytes, cache).await?,
        })
    }
}

/// Loads what the options name.
pub async fn load(ui: &Ui, arguments: &ComponentArguments) -> Result<ComponentHost, Failure> {
    let source = Source::of(arguments)?;
    let cache = if arguments.no_cache { None } else { cache(ui) };
    let _done = says_if_slow(*ui, cache.is_some());
    source.load(cache.as_ref()).await
}

/// Says on a terminal why nothing happens, unless what is returned is dropped before that. A component whose machine code was
/// kept is there at once.
pub fn says_if_slow(ui: Ui, is_kept: bool) -> mpsc::Sender<()> {
    let (done, is_done) = mpsc::channel();
    if ui.is_watched() {
        thread::spawn(move || {
            if is_done.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
                let once = if is_kept { ", once" } else { "" };
                ui.note(&format!("The component is being compiled for this machine, which takes some seconds{once}."));
            }
        });
    }
    done
}

/// Where machine code is kept. None: the system has no place for it.
pub fn cache_directory() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|directories| directories.cache_dir().join(CACHE))
}

/// The cache. Without one a call takes longer, and that is all.
fn cache(ui: &Ui) -> Option<CodeCache> {
    let directory = cache_directory()?;
    CodeCache::open(&directory).map_err(|error| ui.note(&unusable(&directory, &error))).ok()
}

fn unusable(directory: &Path, error: &std::io::Error) -> String {
    let directory = shown(&directory.to_string_lossy());
    format!(
        "warning: machine code cannot be kept in {directory}, so each call compiles it: {error} (--no-cache: no try)"
    )
}
