//! The demonstration: a review of a source file by simulated reviewers.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::{component, process, workspace};

/// Reviewed when no file is given: a page or two of code that meets the outside world, so that reviewers find something.
const DEFAULT_FILE: &str = "skill/src/host.ts";

const REPORT: &str = "review-report.json";

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
    component::build()?;
    let package = ["--package", "parallel-agents-host-sim", "--bin", "parallel-agents"];
    process::run(workspace::cargo().arg("build").args(package), "")?;
    eprintln!("Reviewing {}. The whole report goes to {REPORT}.", workspace::shown(&file));
    let mut review = workspace::cargo();
    review.args(["run", "--quiet"]).args(package).args([
        "--",
        "review",
        &workspace::shown(&file),
        "--backend",
        "script",
        "--report",
        REPORT,
    ]);
    hand_over(&mut review)
}

/// Becomes the review, so that an interrupt from the keyboard reaches it and nobody else.
#[cfg(unix)]
fn hand_over(review: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(review.exec()).context("cannot start the review")
}

/// Waits for the review and passes its exit code on.
#[cfg(not(unix))]
fn hand_over(review: &mut Command) -> Result<ExitCode> {
    let status = review.status().context("cannot start the review")?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
