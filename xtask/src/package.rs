//! The plugin as it is published: one archive of files that a person can read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::npm::PluginTools;
use crate::{component, process, workspace};

/// What goes into the package, and where each file comes from. A directory is taken whole.
const FILES: [(&str, &str); 11] = [
    ("package.json", "skill/dist/package.json"),
    ("openclaw.plugin.json", "skill/dist/openclaw.plugin.json"),
    ("assets/icon.png", "skill/assets/icon.png"),
    ("assets/activity.svg", "skill/assets/activity.svg"),
    ("dist", "skill/dist"),
    ("skills/parallel-agents/SKILL.md", "SKILL.md"),
    ("USAGE-GUIDE.md", "skill/USAGE-GUIDE.md"),
    ("README.md", "skill/README.md"),
    ("examples", "skill/examples"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
];

/// In `dist`, but not needed there to run: what has its own place above, and the types of the component.
const LEFT_OUT: [&str; 3] = ["package.json", "openclaw.plugin.json", "interfaces"];

/// Builds the component and the plugin, and packs them; the path of the archive.
///
/// # Errors
/// If a tool is missing, the plugin does not compile, or npm packs nothing.
pub fn run(tools: &PluginTools) -> Result<PathBuf> {
    build(tools, &component::build()?)?;
    let archive = pack()?;
    eprintln!("{}: {} KiB", workspace::shown(&archive), fs::metadata(&archive)?.len().div_ceil(1024));
    Ok(archive)
}

/// Makes `skill/dist` from the component, from the one that reads agent files, and from the plugin's own code.
///
/// # Errors
/// If the second component does not compile, or jco or TypeScript fail; their words are on stderr.
pub fn build(tools: &PluginTools, component: &Path) -> Result<()> {
    let mut command = Command::new(&tools.node);
    let agent_files = component::build_agent_files()?;
    command
        .arg("build.mjs")
        .args([component, &agent_files, &tools.jco, &tools.tsc, &tools.types])
        .current_dir(directory());
    process::run(&mut command, "")?;
    let pages =
        [("report.html", parallel_agents_page::template()), ("runs.html", parallel_agents_page::list_template())];
    for (name, page) in pages {
        fs::write(directory().join("dist").join(name), page).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

/// Puts the package together in `target/plugin` and packs it.
///
/// # Errors
/// If a file is missing or npm fails.
pub fn pack() -> Result<PathBuf> {
    let target = workspace::root().join("target");
    let place = staged();
    if place.exists() {
        fs::remove_dir_all(&place).context("cannot remove the old package")?;
    }
    for (to, from) in FILES {
        let (from, to) = (workspace::root().join(from), place.join(to));
        copy(&from, &to).with_context(|| format!("cannot copy {}", workspace::shown(&from)))?;
    }
    let mut command = Command::new("npm");
    command.args(["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination"]).arg(&target);
    let printed = process::read(command.current_dir(&place), "Install Node.js 20 or newer with npm.")?;
    let name = printed.lines().next_back().context("npm packed nothing")?;
    Ok(target.join(name.trim()))
}

/// Where the package lies unpacked.
pub fn staged() -> PathBuf {
    workspace::root().join("target/plugin")
}

/// Where the plugin's sources are.
pub fn directory() -> PathBuf {
    workspace::root().join("skill")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if !LEFT_OUT.contains(&&*text) && !text.ends_with(".d.ts") {
            copy(&entry.path(), &to.join(&name))?;
        }
    }
    Ok(())
}
