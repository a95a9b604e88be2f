//! The page of a report in a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::npm::{self, PluginTools};
use crate::{component, package, process, simulator, workspace};

/// Programs that playwright-core can drive, by the names under which distributions have them.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where the tests leave their pictures.
pub const PICTURES: &str = "target/report-pictures";

const INSTALL: &str =
    "Install Chromium, for example with `apt-get install chromium`, or leave this step out with --skip-browser.";

/// Builds the component and both of its hosts, then opens the pages that they write in a browser and uses them.
///
/// # Errors
/// If something does not build, there is no browser and none can be installed, or a test fails.
pub fn run() -> Result<()> {
    let component = component::build()?;
    let simulator = simulator::build()?;
    let browser = browser()?;
    let tools = PluginTools::ensure()?;
    package::build(&tools, &component)?;
    let mut command = Command::new(&tools.node);
    command.args(["--test", "--test-reporter=spec", "report/test/*.test.mjs"]).current_dir(workspace::root());
    command.env("SIMULATOR", &simulator).env("CHROMIUM", &browser).env("TOOLS", npm::browser_tools(&tools.node)?);
    command.env("SHOTS", workspace::root().join(PICTURES));
    process::run(&mut command, "")?;
    eprintln!("Pictures of the page are in {PICTURES}.");
    Ok(())
}

/// The program of a browser; on Debian a missing one is installed if this user may do so.
///
/// # Errors
/// If there is none and none can be installed.
pub fn browser() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if !(Path::new("/usr/bin/apt-get").exists() && is_root()) {
        bail!("there is no Chromium. {INSTALL}");
    }
    eprintln!("Installing Debian's chromium");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(["-qq", "-o", "Dpkg::Use-Pty=0"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut command, INSTALL)
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"])?;
    match find() {
        Some(found) => Ok(found),
        None => bail!("chromium was installed, but is not on the search path. {INSTALL}"),
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    BROWSERS.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|program| program.is_file())
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
