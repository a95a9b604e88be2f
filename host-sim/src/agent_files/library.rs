//! All definitions of a directory, looked up by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::reading::{self, Agent, Reading};
use super::{FileProblem, Warning, kind, naming, tree};

/// A file, and what it is.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub reading: Reading,
}

/// The definitions of a directory.
#[derive(Debug, Default)]
pub struct Library {
    files: Vec<File>,
    by_id: BTreeMap<String, Vec<usize>>,
}

/// Why a directory holds no definitions at all.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It is not there, or may not be read.
    #[error("cannot read the directory {}", path.display())]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No file of it may hold one.
    #[error("there are no agent definitions in {}: no file ends in .md", path.display())]
    Empty {
        /// As it was named.
        path: PathBuf,
    },
}

/// What a name leads to.
#[derive(Debug)]
pub enum Found<'a> {
    /// No file has that name.
    Nothing,
    /// One definition, with its file.
    Agent(&'a Path, &'a Agent),
    /// Files of that name, none of which can be used, with everything that is wrong with each.
    Unusable(Vec<(&'a Path, &'a [FileProblem])>),
    /// Several definitions that differ.
    Several(Vec<&'a Path>),
}

impl Library {
    /// Reads a directory with all that is in it, or one file.
    pub fn read(root: &Path) -> Result<Self, LibraryError> {
        std::fs::metadata(root)
            .and_then(|metadata| if metadata.is_dir() { std::fs::read_dir(root).map(|_| ()) } else { Ok(()) })
            .map_err(|source| LibraryError::Unreadable { path: root.to_owned(), source })?;
        let found = tree::walk(root);
        if !found.files.iter().any(|path| kind::is_candidate(path)) && found.unread.is_empty() {
            return Err(LibraryError::Empty { path: root.to_owned() });
        }
        let mut indexes = Indexes::default();
        let mut files = Vec::new();
        for path in found.files {
            if let Some(reading) = look_at(&path, &mut indexes) {
                files.push(File { path, reading });
            }
        }
        for (path, why) in found.unread {
            let reading = Reading::Refused {
                id: naming::id_of(&kind::stem(&path)),
                problems: vec![FileProblem::of("", format!("cannot be read: {why}"))],
            };
            files.push(File { path, reading });
        }
        Ok(Self::of(files))
    }

    /// The library of these files.
    fn of(files: Vec<File>) -> Self {
        let mut library = Self { files, by_id: BTreeMap::new() };
        for (index, file) in library.files.iter().enumerate() {
            let id = match &file.reading {
                Reading::Taken(agent) => Some(agent.definition.name.as_str()),
                Reading::Refused { id, .. } => id.as_deref(),
                Reading::Passed { if_named, .. } => if_named.as_ref().map(|agent| agent.definition.name.as_str()),
            };
            if let Some(id) = id {
                library.by_id.entry(id.to_owned()).or_default().push(index);
            }
        }
        library.tell_collisions();
        library
    }

    /// All files, in the order of their paths.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The definitions that can be used, each id once, by their ids. Those of which several differ are left out.
    pub fn agents(&self) -> impl Iterator<Item = (&Path, &Agent)> {
        self.by_id.keys().filter_map(|id| match self.find(id) {
            Found::Agent(path, agent) if self.is_taken(id) => Some((path, agent)),
            _ => None,
        })
    }

    /// Looks a definition up by its id, or by the name that it has in its file.
    pub fn find(&self, name: &str) -> Found<'_> {
        let by_id = self.by_id.get(name).or_else(|| self.by_id.get(&naming::id_of(name)?));
        let Some(indexes) = by_id else { return Found::Nothing };
        let files: Vec<&File> = indexes.iter().filter_map(|index| self.files.get(*index)).collect();
        let taken: Vec<(&Path, &Agent)> = files.iter().filter_map(|file| agent_of(file, false)).collect();
        match taken.as_slice() {
            [(path, agent), rest @ ..] if rest.iter().all(|(_, other)| other.definition == agent.definition) => {
                Found::Agent(path, agent)
            }
            [] => {
                let refused: Vec<_> = files.iter().filter_map(|file| problems_of(file)).collect();
                match files.iter().find_map(|file| agent_of(file, true)) {
                    Some((path, agent)) if refused.is_empty() => Found::Agent(path, agent),
                    _ => Found::Unusable(refused),
                }
            }
            several => Found::Several(several.iter().map(|(path, _)| *path).collect()),
        }
    }

    fn is_taken(&self, id: &str) -> bool {
        let indexes = self.by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        indexes.iter().filter_map(|index| self.files.get(*index)).any(|file| agent_of(file, false).is_some())
    }

    /// Says at each definition which others have its id.
    fn tell_collisions(&mut self) {
        for (id, indexes) in self.by_id.iter().filter(|(_, indexes)| indexes.len() > 1) {
            let taken: Vec<(usize, PathBuf)> = indexes
                .iter()
                .filter_map(|index| {
                    self.files
                        .get(*index)
                        .and_then(|file| agent_of(file, false))
                        .map(|(path, _)| (*index, path.to_owned()))
                })
                .collect();
            let differ = matches!(self.find(id), Found::Several(_));
            let how = if differ { "and says something else" } else { "and says the same" };
            for (index, _) in taken.iter().filter(|_| taken.len() > 1) {
                let other = taken.iter().find(|(other, _)| other != index).map(|(_, path)| path.display().to_string());
                let message = format!("{} is called {id} as well {how}", other.unwrap_or_default());
                if let Some(File { reading: Reading::Taken(agent), .. }) = self.files.get_mut(*index) {
                    agent.warnings.push(Warning::of("name", message));
                }
            }
        }
    }
}

fn agent_of(file: &File, named: bool) -> Option<(&Path, &Agent)> {
    match &file.reading {
        Reading::Taken(agent) => Some((&file.path, agent)),
        Reading::Passed { if_named: Some(agent), .. } if named => Some((&file.path, agent)),
        Reading::Refused { .. } | Reading::Passed { .. } => None,
    }
}

fn problems_of(file: &File) -> Option<(&Path, &[FileProblem])> {
    match &file.reading {
        Reading::Refused { problems, .. } => Some((&file.path, problems)),
        Reading::Taken(_) | Reading::Passed { .. } => None,
    }
}

/// Reads a file. None for one that has nothing to do with agents.
fn look_at(path: &Path, indexes: &mut Indexes) -> Option<Reading> {
    let bytes = match tree::bytes(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let problems = vec![FileProblem::of("", format!("cannot be read: {error}"))];
            return Some(Reading::Refused { id: naming::id_of(&kind::stem(path)), problems });
        }
    };
    if kind::may_be_other(path) {
        let text = std::str::from_utf8(&bytes).ok()?;
        let why = "an agent in this format is not read; write it as Markdown with a YAML head".to_owned();
        return kind::is_other_agent(text).then_some(Reading::Passed { why, if_named: None });
    }
    Some(reading::read(path, &bytes, indexes.name(path)))
}

/// The files that the indexes of registries name: the component itself wrote them.
#[derive(Default)]
struct Indexes(BTreeMap<PathBuf, BTreeSet<String>>);

#[derive(Deserialize)]
struct Index {
    agents: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
}

impl Indexes {
    fn name(&mut self, path: &Path) -> bool {
        let Some((folder, file)) = path.parent().zip(path.file_name()) else { return false };
        let names = self.0.entry(folder.to_owned()).or_insert_with(|| {
            let text = std::fs::read_to_string(folder.join("registry.json")).unwrap_or_default();
            let index = serde_json::from_str::<Index>(&text).map(|index| index.agents).unwrap_or_default();
            index.into_iter().map(|listed| listed.file).collect()
        });
        file.to_str().is_some_and(|file| names.contains(file))
    }
}
