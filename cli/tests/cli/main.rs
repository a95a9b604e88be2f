//! Runs the program itself.

mod agent_files;
mod agents;
mod anywhere;
#[cfg(unix)]
mod compare;
#[cfg(unix)]
mod documents;
mod door;
mod door_server;
mod exit_codes;
mod explain;
mod explore;
mod first_steps;
mod found;
mod help;
mod journal;
#[cfg(unix)]
mod kills;
#[cfg(unix)]
mod live_page;
mod openai;
mod openai_journal;
#[cfg(unix)]
mod outputs;
mod real_model;
mod registry;
#[path = "../../../host-sim/tests/it/requests_of.rs"]
mod requests_of;
mod review;
mod run;
mod scenarios;
mod serve;
#[cfg(unix)]
mod signals;
mod spans;
#[cfg(unix)]
mod tutorial;
mod what_if;
#[cfg(unix)]
mod wide;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use host_sim::component::{COMPONENT_VARIABLE, find};
use serde_json::Value;

/// A draft that the scripted judges do not find good enough, so that the workflow fails.
const FAILING_DRAFT: &str = r#"{"drafts": [{"name": "hours", "kind": "notice", "purpose": "Tell when the library is open.",
    "rubric": "Whoever reads half of it knows.", "draft": "Open from ten."}], "target_score": 10.0, "max_rounds": 1}"#;

/// What a program left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// Standard output as the one JSON document that it has to be.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {:?}, {:?}", self.out, self.err))
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parallel-agents"));
    // The tests of the library have found the component in the same way; a missing one fails there and here.
    let component = find().unwrap_or_else(|error| panic!("{error}"));
    command.args(arguments).env(COMPONENT_VARIABLE, component).env_remove("NO_COLOR");
    // Journals that nobody gave a name are those of the tests, and not of whoever runs them.
    command.env("XDG_STATE_HOME", path("state"));
    // All of them compile the component once, and not where the user's own machine code is.
    command.env("XDG_CACHE_HOME", path("cache")).env_remove("PARALLEL_AGENTS_NO_CACHE");
    // A collector of whoever runs the tests is none of theirs.
    let traced = env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("OTEL_"));
    for name in traced {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn sim(arguments: &[&str]) -> Ran {
    sim_with(arguments, b"")
}

/// Runs the program with the engine that is compiled into it, which starts at once. For what does not depend on it.
#[track_caller]
fn native(arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
    sim_with(&[arguments, &["--engine", "native"]].concat(), input.as_ref())
}

/// Runs the program with something on its standard input.
#[track_caller]
fn sim_with(arguments: &[&str], input: &[u8]) -> Ran {
    ran(&mut command(arguments), input)
}

#[track_caller]
fn ran(command: &mut Command, input: &[u8]) -> Ran {
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // A program that refuses its arguments does not read its input.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().expect("the program ends");
    Ran {
        code: output.status.code().expect("the program was not killed"),
        out: String::from_utf8(output.stdout).expect("standard output is text"),
        err: String::from_utf8(output.stderr).expect("standard error is text"),
    }
}

/// A path for a file of one test; the file need not exist.
fn path(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().expect("a plain path").to_owned()
}

/// Writes a file for one test. Its path.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    static WRITTEN: AtomicU32 = AtomicU32::new(0);
    let path = path(name);
    // Another test may have a program read the same file just now, which must never find a part of it.
    let new = format!("{path}.{}", WRITTEN.fetch_add(1, Ordering::Relaxed));
    fs::write(&new, content).and_then(|()| fs::rename(&new, &path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    path
}

/// A script under which every session fails at once.
fn failing_script(name: &str) -> String {
    let failures = "failures = [{ kind = \"rejected\", message = \"no such model\" }]";
    file(name, format!("version = 1\n[[answers]]\nodds = {{ good = 0, failing = 1000 }}\n{failures}\n"))
}
