//! The demonstration: a review of a source file by simulated reviewers.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::{component, simulator, workspace};

/// Reviewed when no file is given: a short script that meets the outside world, so that reviewers find something, and that
/// seldom changes, as README.md shows what they find.
const DEFAULT_FILE: &str = "skill/examples/nightly-review.js";

/// The page of the review, in the root of the checkout.
const PAGE: &str = "review-report.html";

/// Builds everything and runs the review; its streams and its exit code are those of this program.
///
/// # Errors
/// If something does not build. A path that is no file ends with 2, as it would in the review itself; what the review
/// reports is in the exit code.
pub fn run(file: Option<PathBuf>) -> Result<ExitCode> {
    let file = match file {
        Some(file) => std::path::absolute(&file).with_context(|| format!("cannot resolve {}", file.display()))?,
        None => workspace::root().join(DEFAULT_FILE),
    };
    if !file.is_file() {
        // Said before anything is built, since there is nothing to wait for.
        eprintln!("error: {} is not a file", workspace::shown(&file));
        return Ok(ExitCode::from(2));
    }
    eprintln!("1 of 3: the component, Rust compiled to WebAssembly");
    component::build()?;
    eprintln!("2 of 3: the program that runs it; the first time this compiles wasmtime and takes some minutes");
    let program = simulator::build_for_one_run()?;
    eprintln!("3 of 3: five reviewers read {}\n", workspace::shown(&file));
    let mut review = Command::new(&program);
    review.arg("review").arg(workspace::shown(&file)).args(["--backend", "script", "--report", PAGE, "--open"]);
    hand_over(review.current_dir(workspace::root()), &workspace::shown(&program))
}

/// Becomes the review, so that an interrupt from the keyboard reaches it and nobody else. It hears the name by which it can
/// be called again from here.
#[cfg(unix)]
fn hand_over(review: &mut Command, name: &str) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(review.arg0(name).exec()).context("cannot start the review")
}

/// Waits for the review and passes its exit code on.
#[cfg(not(unix))]
fn hand_over(review: &mut Command, _name: &str) -> Result<ExitCode> {
    let status = review.status().context("cannot start the review")?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
