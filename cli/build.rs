//! Says which component goes into the program `parallel-agents`.
//!
//! The program includes the file itself, so that another component only has cargo compile the program again, and not the
//! library and its tests. That is why this script does not look at the file while people work: it would run again, and all
//! of the package be compiled again, whenever the component changes.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Names a component to include, for whoever has built one already.
const VARIABLE: &str = "PARALLEL_AGENTS_EMBED";

/// Where `cargo xtask build` leaves it.
const COMPONENT: &str = "target/component/parallel_agents.wasm";

/// What the component is made of.
const SOURCES: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    ".cargo/config.toml",
    "build.rs",
    "src",
    "engine",
    "workflows",
    "prompts",
    "schemas",
    "wit",
];

/// What cargo tells a build script, or has been told for this build alone, and another cargo must not hear of.
const OF_THIS_BUILD: [&str; 11] = [
    "CARGO_BUILD_TARGET",
    "CARGO_CFG_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_FEATURE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "TARGET",
    VARIABLE,
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = package.parent().ok_or("the package lies in no workspace")?;
    let file = match env::var_os(VARIABLE).filter(|file| !file.is_empty()) {
        Some(file) => PathBuf::from(file),
        None if env::var("PROFILE")? == "release" => built(root)?,
        None => there_or_empty(root)?,
    };
    println!("cargo::rustc-env=PARALLEL_AGENTS_EMBEDDED={}", file.display());
    Ok(())
}

/// For a program that is given away: a component of these sources, built if there is none.
fn built(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let component = root.join(COMPONENT);
    let newest = SOURCES.iter().map(|source| newest(&root.join(source))).max().flatten();
    let is_new = fs::metadata(&component).is_ok_and(|file| file.len() > 0 && file.modified().ok() >= newest);
    if !is_new {
        build(root)?;
    }
    Ok(component)
}

/// Has the project's own task build the component. It gets a build directory of its own: cargo has locked the usual one.
fn build(root: &Path) -> Result<(), Box<dyn Error>> {
    let mut cargo = Command::new(variable("CARGO")?);
    // What only wraps a module needs no optimization.
    cargo.args(["run", "--quiet", "--config", "profile.dev.package.\"*\".opt-level=0", "--package", "xtask"]);
    cargo.args(["--", "build", "--only-component"]).current_dir(root);
    let of_this_build = |name: &str| OF_THIS_BUILD.iter().any(|begin| name.starts_with(begin));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_build)) {
        cargo.env_remove(name);
    }
    cargo.env("CARGO_TARGET_DIR", Path::new(&variable("OUT_DIR")?).join("component"));
    if cargo.status()?.success() {
        return Ok(());
    }
    Err(format!("the component cannot be built. {VARIABLE} may name one that is there already").into())
}

/// While people work: the file as it is, or an empty one, in place of which the component will come.
fn there_or_empty(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let component = root.join(COMPONENT);
    if component.is_file() {
        return Ok(component);
    }
    let directory = component.parent().ok_or("it has a directory")?;
    if fs::create_dir_all(directory).and_then(|()| fs::write(&component, [])).is_ok() {
        return Ok(component);
    }
    // Sources that nobody may write to.
    let empty = Path::new(&variable("OUT_DIR")?).join("none.wasm");
    fs::write(&empty, [])?;
    Ok(empty)
}

/// When something in a directory was changed last.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).and_then(|found| found.modified()).ok();
    let within = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| newest(&entry.path()));
    within.max().flatten().max(own)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
