//! Fuzzing: the targets under `fuzz/`, with cargo-fuzz and a nightly compiler.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{cargo_tools, process, workspace};

const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// libFuzzer needs flags of the compiler that a stable one refuses.
const TOOLCHAIN: &str = "nightly";

const TARGETS: [&str; 8] =
    ["request", "extract_json", "schema", "wrap", "render", "host_reply", "event_seq", "journal"];

/// Seconds for one input; none should take a tenth of one.
const TIMEOUT: &str = "-timeout=60";

/// The longest input that is made up. Longer ones cost time and say little more.
const MAX_LENGTH: &str = "-max_len=4096";

/// Runs one target or all of them, each for some seconds.
///
/// What was found to be of use is kept under `target/fuzz`; with `keep`, what reaches something new is added to the corpora.
///
/// # Errors
/// If a tool is missing, or an input breaks an invariant: it lies under `fuzz/artifacts` then.
pub fn run(target: Option<&str>, seconds: u32, keep: bool) -> Result<()> {
    let targets: Vec<&str> = match target {
        None => TARGETS.to_vec(),
        Some(name) if TARGETS.contains(&name) => vec![name],
        Some(name) => bail!("there is no target `{name}`. The targets are {}", TARGETS.join(", ")),
    };
    check_toolchain()?;
    let cargo_fuzz = cargo_tools::ensure("cargo-fuzz", CARGO_FUZZ_VERSION)?;
    for target in targets {
        let found = workspace::root().join("target/fuzz").join(target);
        let corpus = workspace::root().join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&found)?;
        let seconds = format!("-max_total_time={seconds}");
        let words = format!("-dict={}", workspace::root().join("fuzz/words.dict").display());
        // The first directory takes what is new.
        fuzz(&cargo_fuzz, target, [&found, &corpus], &[&seconds, TIMEOUT, MAX_LENGTH, &words, "-print_final_stats=1"])?;
        if keep {
            fuzz(&cargo_fuzz, target, [&corpus, &found], &["-merge=1"])?;
        }
    }
    Ok(())
}

fn fuzz(cargo_fuzz: &Path, target: &str, directories: [&Path; 2], settings: &[&str]) -> Result<()> {
    let mut command = Command::new("rustup");
    command.args(["run", TOOLCHAIN]).arg(cargo_fuzz).args(["fuzz", "run", "--features", "libfuzzer"]);
    // There is no unsafe code that a sanitizer could look after, and without one twice as many inputs are tried.
    command.args(["--sanitizer", "none", target]).args(directories).arg("--").args(settings);
    process::run(command.current_dir(workspace::root()), "Install Rust with rustup.")
}

fn check_toolchain() -> Result<()> {
    let mut probe = Command::new("rustup");
    probe.args(["run", TOOLCHAIN, "rustc", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    bail!(
        "fuzzing needs a nightly compiler. Run `rustup toolchain install {TOOLCHAIN} --profile minimal`. The inputs that \
         are kept run on any: `cargo test -p parallel-agents-fuzz`"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_package() {
        let manifest = std::fs::read_to_string(workspace::root().join("fuzz/Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for target in TARGETS {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
        }
    }

    #[test]
    fn an_unknown_target_is_refused_before_anything_is_asked_for() {
        let error = run(Some("requests"), 1, false).unwrap_err();
        assert!(error.to_string().contains("request, extract_json"), "{error}");
    }
}
