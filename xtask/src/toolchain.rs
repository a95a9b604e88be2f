//! Checks the Rust toolchain, and adds the one part that a new machine lacks.

use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// What the component is compiled for: no operating system, so nothing to import but what the WIT names.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

const INSTALL_RUST: &str = "Install Rust with rustup.";

/// Makes sure that Rust's standard library for the component is installed.
///
/// # Errors
/// If it is missing and rustup cannot add it; the text names the ways out.
pub fn ensure_wasm_target() -> Result<()> {
    if has_library(WASM_TARGET)? {
        return Ok(());
    }
    eprintln!("Adding the Rust target {WASM_TARGET}, for which the component is compiled:");
    eprintln!("    rustup target add {WASM_TARGET}");
    if let Err(error) = process::run(Command::new("rustup").args(["target", "add", WASM_TARGET]), INSTALL_RUST) {
        bail!(
            "the Rust target {WASM_TARGET} is missing and could not be added: {error:#}\n\
             Run `rustup target add {WASM_TARGET}`. Where rustup reaches no server, follow \"Without the Rust target\" \
             in CONTRIBUTING.md."
        );
    }
    Ok(())
}

/// Checks that cargo has its formatter and its lints.
///
/// # Errors
/// Names the missing component and the command that adds it.
pub fn check_components() -> Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !process::exists(program) {
            bail!("cargo has no {component}. Run `rustup component add {component}`");
        }
    }
    Ok(())
}

fn has_library(target: &str) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let directory =
        process::read(Command::new(rustc).args(["--print", "target-libdir", "--target", target]), INSTALL_RUST)?;
    // The directory's name is printed whether or not anything is there.
    let Ok(entries) = fs::read_dir(directory.trim_end()) else {
        return Ok(false);
    };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_of_the_machine_itself_is_found() {
        let host = process::read(Command::new("rustc").args(["--print", "host-tuple"]), INSTALL_RUST).unwrap();
        assert!(has_library(host.trim()).unwrap());
    }

    #[test]
    fn a_target_without_a_library_is_noticed() {
        // Rust publishes no standard library for this one.
        assert!(!has_library("avr-none").unwrap());
    }
}
