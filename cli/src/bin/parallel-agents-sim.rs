//! The name that `parallel-agents` had before. It starts the program of that name that lies beside it, so that the component
//! and all code are there once.

#![expect(clippy::print_stderr, reason = "a command line program says what is wrong")]

use std::env;
use std::io;
use std::process::{Command, ExitCode};

const PROGRAM: &str = "parallel-agents";

fn main() -> ExitCode {
    match start() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {PROGRAM}-sim is {PROGRAM} now, which cannot be started: {error}");
            ExitCode::from(3)
        }
    }
}

fn start() -> io::Result<ExitCode> {
    let program = env::current_exe()?.with_file_name(format!("{PROGRAM}{}", env::consts::EXE_SUFFIX));
    become_it(Command::new(program).args(env::args_os().skip(1)))
}

#[cfg(unix)]
fn become_it(program: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(program.exec())
}

#[cfg(not(unix))]
fn become_it(program: &mut Command) -> io::Result<ExitCode> {
    let code = program.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(3)))
}
