//! The files of a release: the package, the component, what is in it, and the hashes of all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::npm::PluginTools;
use crate::{package, publish, sbom, workspace};

/// Where they lie together. What was there before is removed.
const PLACE: &str = "target/release-files";
const HASHES: &str = "SHA256SUMS";

/// Builds everything and puts the files of a release together.
///
/// # Errors
/// If something does not build, or ClawHub would not take the package.
pub fn run(tools: &PluginTools) -> Result<()> {
    let archive = package::run(tools)?;
    publish::check(&tools.node, &archive)?;
    let place = workspace::root().join(PLACE);
    if place.exists() {
        fs::remove_dir_all(&place).context("cannot remove the files of an earlier release")?;
    }
    fs::create_dir_all(&place).with_context(|| format!("cannot create {PLACE}"))?;
    let name = archive.file_name().context("an archive has a name")?;
    fs::copy(&archive, place.join(name)).context("cannot copy the package")?;
    fs::copy(workspace::component(), place.join("parallel_agents.wasm")).context("cannot copy the component")?;
    fs::write(place.join("parallel_agents.cdx.json"), format!("{:#}\n", sbom::of_the_component()?))?;
    let hashes = hashes(&place)?;
    fs::write(place.join(HASHES), &hashes).context("cannot write the hashes")?;
    eprint!("In {PLACE}:\n{hashes}");
    Ok(())
}

/// A line for each file of a directory, as `sha256sum --check` reads them.
fn hashes(place: &Path) -> Result<String> {
    let entries = fs::read_dir(place)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.sort();
    let lines = files.iter().map(|file| -> Result<String> {
        let hash = Sha256::digest(fs::read(file).with_context(|| format!("cannot read {}", workspace::shown(file)))?);
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{hex}  {}\n", file.file_name().unwrap_or_default().display()))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_files_in_the_order_of_their_names() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("b"), "").unwrap();
        fs::write(place.path().join("a"), "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n\
                        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n";
        assert_eq!(hashes(place.path()).unwrap(), expected);
    }
}
