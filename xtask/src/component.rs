//! Compiles the library to WebAssembly and wraps it into a component.
//!
//! The same sources and the same compiler give the same bytes, wherever the checkout lies.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use wit_component::ComponentEncoder;

use crate::{process, toolchain, workspace};

/// Names a core module that is wrapped as it is, for machines where only another compiler has the target.
const MODULE_VARIABLE: &str = "PARALLEL_AGENTS_MODULE";

/// Names the component that goes into an optimized simulator, which otherwise has one built.
pub const EMBED_VARIABLE: &str = "PARALLEL_AGENTS_EMBED";

/// As the first, for the component that reads agent files.
const AGENT_FILES_MODULE_VARIABLE: &str = "PARALLEL_AGENTS_AGENT_FILES_MODULE";

/// As the first, for the component that misbehaves.
const HOSTILE_MODULE_VARIABLE: &str = "PARALLEL_AGENTS_HOSTILE_MODULE";

/// Builds the component and returns its path.
///
/// The file keeps its bytes and its time stamp when nothing has changed.
///
/// # Errors
/// If the target is missing, the library does not compile, or the module does not fit its WIT world.
pub fn build() -> Result<PathBuf> {
    let module = match env::var_os(MODULE_VARIABLE) {
        Some(given) => PathBuf::from(given),
        None => {
            toolchain::ensure_wasm_target()?;
            compile(linked("parallel-agents")?, "parallel_agents")?
        }
    };
    finish(&module, workspace::component())
}

/// Builds the component that reads agent files for the plugin, and returns its path. The command line links the same code.
///
/// # Errors
/// As [`build`].
pub fn build_agent_files() -> Result<PathBuf> {
    let module = match env::var_os(AGENT_FILES_MODULE_VARIABLE) {
        Some(given) => PathBuf::from(given),
        None => {
            toolchain::ensure_wasm_target()?;
            compile(linked("parallel-agents-agent-files")?, "agent_files")?
        }
    };
    finish(&module, workspace::agent_files_component())
}

/// Builds the component that misbehaves, with which tests hold hosts to their limits, and returns its path.
///
/// # Errors
/// As [`build`].
pub fn build_hostile() -> Result<PathBuf> {
    let module = match env::var_os(HOSTILE_MODULE_VARIABLE) {
        Some(given) => PathBuf::from(given),
        None => {
            toolchain::ensure_wasm_target()?;
            compile(linked("hostile-guest")?, "hostile_guest")?
        }
    };
    finish(&module, workspace::hostile_component())
}

/// Makes a component of a module.
fn finish(module: &Path, path: PathBuf) -> Result<PathBuf> {
    let bytes = fs::read(module).with_context(|| format!("cannot read the module {}", module.display()))?;
    let component = wrap(&bytes).with_context(|| format!("{} cannot become a component", module.display()))?;
    let news = if write_if_changed(&path, &component)? { "" } else { ", unchanged" };
    eprintln!("{}: {} KiB{news}", workspace::shown(&path), component.len().div_ceil(1024));
    Ok(path)
}

/// Compiles a core module and returns its path, as cargo reports it.
fn compile(mut command: Command, target: &str) -> Result<PathBuf> {
    command.arg("--message-format=json-render-diagnostics");
    let messages = process::read(&mut command, "Install Rust with rustup.")?;
    let module = messages.lines().filter_map(|message| module_in(message, target)).next_back();
    module.with_context(|| format!("cargo reported no WebAssembly module {target}"))
}

/// A cargo command that links a library to a core module. As the manifest names no such kind of library, cargo makes this
/// one alone: beside an ordinary library it would leave out the optimization across crates.
fn linked(package: &str) -> Result<Command> {
    let mut command = wasm_cargo_of("rustc", package)?;
    command.args(["--crate-type", "cdylib"]);
    Ok(command)
}

/// A cargo command on the library as it goes into the component.
///
/// # Errors
/// If cargo's home cannot be found.
pub fn wasm_cargo(subcommand: &str) -> Result<Command> {
    wasm_cargo_of(subcommand, "parallel-agents")
}

fn wasm_cargo_of(subcommand: &str, package: &str) -> Result<Command> {
    let mut command = workspace::cargo();
    command.args([subcommand, "--package", package, "--lib", "--profile", "component"]);
    command.args(["--target", toolchain::WASM_TARGET]);
    // Paths end up in panic messages. Remapped, the component is the same from every checkout and names nobody's home.
    let cargo_home = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => etcetera::home_dir().context("cannot find the home directory")?.join(".cargo"),
    };
    command.arg("--config").arg(rustflags(&[(&workspace::root(), "/parallel-agents"), (&cargo_home, "/cargo")]));
    // These would replace the flags of .cargo/config.toml, and with them the limit on the component's memory.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    Ok(command)
}

/// A cargo setting that adds path remappings to the flags of .cargo/config.toml.
fn rustflags(remappings: &[(&Path, &str)]) -> String {
    let flags: Vec<Value> = remappings
        .iter()
        .map(|(from, to)| Value::from(format!("--remap-path-prefix={}={to}", from.display())))
        .collect();
    // A JSON list of strings is a TOML list of strings too.
    format!("target.{}.rustflags={}", toolchain::WASM_TARGET, Value::from(flags))
}

/// The module in one line of cargo's messages, if that line is about it.
fn module_in(message: &str, target: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message.get("reason")? != "compiler-artifact" || message.pointer("/target/name")? != target {
        return None;
    }
    let files = message.get("filenames")?.as_array()?.iter().filter_map(Value::as_str);
    files.map(PathBuf::from).find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

fn wrap(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(module)?.encode()
}

/// Whether the file had to be written. Replaced in one step, so that a test never reads half of it.
fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let Some(directory) = path.parent() else { bail!("{} has no directory", path.display()) };
    let fresh = path.with_extension("wasm.new");
    let written =
        fs::create_dir_all(directory).and_then(|()| fs::write(&fresh, bytes)).and_then(|()| fs::rename(&fresh, path));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_found_among_the_messages() {
        let artifact = |name: &str, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"{name}"}},"filenames":["/t/libx.rlib","{file}"]}}"#
            )
        };
        let module_in = |message: &str| module_in(message, "parallel_agents");
        assert_eq!(module_in(&artifact("parallel_agents", "/t/x.wasm")), Some("/t/x.wasm".into()));
        assert_eq!(module_in(&artifact("serde", "/t/x.wasm")), None);
        assert_eq!(module_in(&artifact("parallel_agents", "/t/libx.so")), None);
        assert_eq!(module_in(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(module_in("not JSON"), None);
    }

    #[test]
    fn paths_with_blanks_and_quotes_stay_one_flag() {
        assert_eq!(
            rustflags(&[(Path::new("/a b/\"c\""), "/x")]),
            r#"target.wasm32-unknown-unknown.rustflags=["--remap-path-prefix=/a b/\"c\"=/x"]"#
        );
    }

    #[test]
    fn only_modules_are_wrapped() {
        let empty = [0, b'a', b's', b'm', 1, 0, 0, 0];
        assert!(wrap(&empty).is_ok());
        assert!(wrap(b"no module").is_err());
    }

    #[test]
    fn an_equal_file_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("component/x.wasm");
        assert!(write_if_changed(&path, b"one").unwrap());
        assert!(!write_if_changed(&path, b"one").unwrap());
        assert!(write_if_changed(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }
}
