//! A directory with one definition in each file, and an index with what a definition does not say of itself.
//!
//! Nothing is written before everything has been looked at, and a better version is never replaced.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use parallel_agents_workflows::registry::Entry;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fault::Fault;
use crate::outcome::Failure;

const INDEX: &str = "registry.json";

/// The index of a directory.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Index {
    agents: Vec<Listed>,
}

/// One agent type of a directory.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The agent type.
    pub name: String,
    /// Counted from 1.
    pub version: u32,
    /// Of the definition, as the component says it.
    pub hash: String,
    /// What its judges gave it, 0 to 10.
    pub score: Value,
    /// The file with the definition, in the same directory.
    pub file: String,
}

/// A directory of agent types, and what is to be written into it.
pub struct Directory {
    path: PathBuf,
    index: Index,
    fresh: BTreeMap<String, String>,
}

impl Directory {
    /// A directory with an index.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let index = path.join(INDEX);
        let read = || -> anyhow::Result<Index> {
            let fault = Fault::new(index.display(), format!("cannot read {}", index.display()));
            let text = fs::read_to_string(&index).context(fault.hint("`registry export` writes such a directory"))?;
            let index: Index =
                serde_json::from_str(&text).with_context(|| format!("{} is no index of agents", index.display()))?;
            for listed in &index.agents {
                // A name with a slash would lead out of the directory.
                if listed.file != format!("{}.md", listed.name) || listed.name.contains(['/', '\\', '.']) {
                    return Err(anyhow!("the index names the file {:?} for {:?}", listed.file, listed.name));
                }
            }
            Ok(index)
        };
        Ok(Self {
            path: path.to_owned(),
            index: read().map_err(|error| Failure::file(&index, error))?,
            fresh: BTreeMap::new(),
        })
    }

    /// The same, or one that is new.
    pub fn open_or_new(path: &Path) -> Result<Self, Failure> {
        match fs::metadata(path.join(INDEX)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Self { path: path.to_owned(), index: Index::default(), fresh: BTreeMap::new() })
            }
            _ => Self::open(path),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its index names.
    pub fn listed(&self) -> &[Listed] {
        &self.index.agents
    }

    /// Takes a version in unless the one that is there has a better score. Says what became of it.
    pub fn offer(&mut self, entry: &Entry, text: String) -> Result<&'static str, Failure> {
        let file = format!("{}.md", entry.name);
        let listed = Listed {
            name: entry.name.clone(),
            version: entry.version,
            hash: entry.hash.clone(),
            score: entry.score.clone(),
            file: file.clone(),
        };
        let outcome = match self.index.agents.iter_mut().find(|known| known.name == entry.name) {
            Some(known) if known.hash == entry.hash => return Ok("unchanged"),
            Some(known) if known.score.as_f64() > entry.score.as_f64() => return Ok("kept_better"),
            Some(known) => {
                *known = listed;
                "replaced"
            }
            None => {
                let place = self.path.join(&file);
                if place.exists() {
                    let words = format!("{} is there and the index does not name it", place.display());
                    let fault =
                        Fault::new(place.display(), format!("{words}; move it away first")).hint("move it away");
                    return Err(Failure::file(&place, fault.into()));
                }
                self.index.agents.push(listed);
                "written"
            }
        };
        self.fresh.insert(file, text);
        Ok(outcome)
    }

    /// Writes what was taken in, the index last.
    pub fn write(self) -> Result<(), Failure> {
        let write = || -> anyhow::Result<()> {
            fs::create_dir_all(&self.path).with_context(|| format!("cannot make {}", self.path.display()))?;
            for (file, text) in &self.fresh {
                replace(&self.path.join(file), text)?;
            }
            replace(&self.path.join(INDEX), &format!("{:#}\n", serde_json::to_value(&self.index)?))
        };
        write().map_err(Failure::output)
    }
}

/// In one step, so that nobody reads half of a file.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, text)
        .and_then(|()| fs::rename(&fresh, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
