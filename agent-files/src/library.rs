//! All definitions of a directory, looked up by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::reading::{self, Agent, Reading};
use super::{FileProblem, Warning, kind, naming};

/// A file as somebody has found it.
#[derive(Debug)]
pub struct Given {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes, or why they cannot be read.
    pub content: Result<Vec<u8>, String>,
}

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
    /// The library of these files, in their order. `index` gives the [`INDEX`](super::INDEX) of a directory, if there is one.
    pub fn of(given: impl IntoIterator<Item = Given>, index: impl FnMut(&Path) -> Option<String>) -> Self {
        let mut indexes = Indexes { of: index, names: BTreeMap::new() };
        let read = |given| look_at(given, &mut indexes);
        let mut library = Self { files: given.into_iter().filter_map(read).collect(), by_id: BTreeMap::new() };
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
fn look_at<F: FnMut(&Path) -> Option<String>>(given: Given, indexes: &mut Indexes<F>) -> Option<File> {
    let Given { path, content } = given;
    let reading = match content {
        Err(why) => {
            let problems = vec![FileProblem::of("", format!("cannot be read: {why}"))];
            Reading::Refused { id: naming::id_of(&kind::stem(&path)), problems }
        }
        Ok(bytes) if kind::may_be_other(&path) => {
            std::str::from_utf8(&bytes).ok().filter(|text| kind::is_other_agent(text))?;
            let why = "an agent in this format is not read; write it as Markdown with a YAML head".to_owned();
            Reading::Passed { why, if_named: None }
        }
        Ok(bytes) => reading::read(&path, &bytes, indexes.name(&path)),
    };
    Some(File { path, reading })
}

/// The files that the indexes of registries name: the component itself wrote them.
struct Indexes<F> {
    of: F,
    names: BTreeMap<PathBuf, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Index {
    agents: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
}

impl<F: FnMut(&Path) -> Option<String>> Indexes<F> {
    fn name(&mut self, path: &Path) -> bool {
        let Some((folder, file)) = path.parent().zip(path.file_name()) else { return false };
        let Self { of, names } = self;
        let names = names.entry(folder.to_owned()).or_insert_with(|| {
            let index = of(folder).and_then(|text| serde_json::from_str::<Index>(&text).ok());
            index.map(|index| index.agents.into_iter().map(|listed| listed.file).collect()).unwrap_or_default()
        });
        file.to_str().is_some_and(|file| names.contains(file))
    }
}
