//! Runs other programs and turns what goes wrong into a sentence.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context as _, Result, bail};

/// Runs a command on this program's own streams and waits for it.
///
/// # Errors
/// `missing` says what to do if the program does not exist. Otherwise the command line and its exit status.
pub fn run(command: &mut Command, missing: &str) -> Result<()> {
    let status = explain(command.status(), command, missing)?;
    check(command, status)
}

/// Runs a command and returns what it prints; its error output is shown as it comes.
///
/// # Errors
/// As [`run`].
pub fn read(command: &mut Command, missing: &str) -> Result<String> {
    command.stderr(Stdio::inherit());
    let Output { status, stdout, .. } = explain(command.output(), command, missing)?;
    check(command, status)?;
    String::from_utf8(stdout).with_context(|| format!("`{}` printed something that is not UTF-8", line(command)))
}

/// Whether a program can be started at all.
pub fn exists(program: &str) -> bool {
    let probe = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

fn explain<T>(outcome: std::io::Result<T>, command: &Command, missing: &str) -> Result<T> {
    match outcome {
        Ok(value) => Ok(value),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("`{}` was not found. {missing}", command.get_program().display())
        }
        Err(error) => Err(error).with_context(|| format!("`{}` could not be started", line(command))),
    }
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// The command as a person would type it: cargo's settings are left out, since they are long and explain nothing.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut words = vec![name.to_string_lossy()];
    let mut arguments = command.get_args();
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            arguments.next();
        } else {
            words.push(argument.to_string_lossy());
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_remedy() {
        let error = run(&mut Command::new("no-such-program-here"), "Install it.").unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program-here` was not found. Install it.");
    }

    #[cfg(unix)]
    #[test]
    fn a_failure_shows_the_command_line() {
        let error = read(Command::new("false").args(["--flag", "--config", "x=1", "file"]), "").unwrap_err();
        assert_eq!(error.to_string(), "`false --flag file` failed (exit status: 1)");
    }
}
