//! The program's commands. Data goes to standard output, all else to standard error.

/// Runs the command that the arguments name, and returns the exit code.
pub fn run() -> u8 {
    0
}
