//! The program's commands. Data goes to standard output, all else to standard error.

mod dev;
mod gateways;
mod runs;
mod start;
mod status;
mod worker;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use crate::config::Config;
use crate::restate::RestateError;

/// One run over several OpenClaw gateways, made durable by Restate.
#[derive(Parser)]
#[command(name = "parallel-agents-cluster", version, after_help = AFTER)]
struct Arguments {
    /// Where Restate and the gateways are
    #[arg(long, global = true, value_name = "FILE", default_value = "cluster.toml")]
    config: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Exit codes: 0 done; 1 the run is not `completed`, or has not ended; 2 wrong usage, request or configuration; 3 \
    Restate or a gateway cannot be reached.";

#[derive(Subcommand)]
enum Command {
    /// Be a worker: carry runs out, until it is stopped
    Serve(worker::Serve),
    /// Start a run and print its key
    Start(start::Start),
    /// Wait for the end of a run and print its reply
    Attach(runs::Named),
    /// Print the reply of a run that has ended
    Result(runs::Named),
    /// Write the page of a run that has ended
    Report(runs::Report),
    /// Print the items of a run over many items that are final so far, a line each
    Items(runs::Named),
    /// Show all runs, or how far one is
    Status(status::Status),
    /// Stop a run; its sessions are stopped too
    Cancel(status::Cancel),
    /// Give a gateway no new sessions
    Drain(gateways::Drain),
    /// Ask every gateway what it is
    Check,
    #[command(subcommand)]
    Dev(dev::DevCommand),
}

/// Why a command did not do what it was told.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}", .0.join("\n"))]
    Configuration(Vec<String>),
    #[error("{code}: {words}")]
    Wrong { code: &'static str, words: String },
    #[error("{}", told(.0))]
    Refused(Vec<Value>),
    #[error("{0}")]
    Restate(#[from] RestateError),
    /// Runs, each with the reason.
    #[error("{}", untold(.0))]
    Untold(Vec<(String, RestateError)>),
    #[error("{0}")]
    Gateways(String),
    /// It was said already.
    #[error("")]
    NotCompleted,
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::NotCompleted => 1,
            Self::Configuration(_) | Self::Wrong { .. } | Self::Refused(_) => 2,
            Self::Restate(RestateError::Refused { status: 400..=499, .. }) => 2,
            Self::Restate(_) | Self::Untold(_) | Self::Gateways(_) => 3,
        }
    }
}

/// Runs that were not told something, a line each.
fn untold(runs: &[(String, RestateError)]) -> String {
    runs.iter().map(|(key, error)| format!("{key} was not told: {error}")).collect::<Vec<_>>().join("\n")
}

/// What is wrong with a request to start a run, a line each.
fn told(problems: &[Value]) -> String {
    let field = |problem: &Value, name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = |problem: &Value| {
        let hint = field(problem, "hint");
        let hint = if hint.is_empty() { hint } else { format!("; {hint}") };
        format!("{}: {}: {}{hint}", field(problem, "code"), field(problem, "path"), field(problem, "message"))
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Runs the command that the arguments name, and returns the exit code.
pub fn run() -> u8 {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and versions are no errors. A closed output is nobody's concern.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    if let Command::Dev(command) = arguments.command {
        return dev::run(command);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("the runtime cannot be set up: {error}"));
            return 3;
        }
    };
    let json = arguments.json;
    match runtime.block_on(carry_out(arguments)) {
        Ok(()) => 0,
        Err(failure) => {
            if let (true, Failure::Refused(problems)) = (json, &failure) {
                print(&json!({ "errors": problems }).to_string());
            }
            let words = failure.to_string();
            if !words.is_empty() {
                say(&words);
            }
            failure.exit_code()
        }
    }
}

async fn carry_out(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { config, json, command } = arguments;
    let has_tokens = matches!(command, Command::Serve(_) | Command::Check);
    let config = Config::read(&config, has_tokens).map_err(Failure::Configuration)?;
    match command {
        Command::Serve(what) => worker::serve(what, config).await,
        Command::Start(what) => start::start(what, config, json).await,
        Command::Attach(what) => runs::attach(&what.key, &config).await,
        Command::Result(what) => runs::result(&what.key, &config).await,
        Command::Report(what) => runs::report(what, &config).await,
        Command::Items(what) => runs::items(&what.key, &config).await,
        Command::Status(what) => status::status(what, &config, json).await,
        Command::Cancel(what) => status::cancel(what, &config).await,
        Command::Drain(what) => gateways::drain(what, &config).await,
        Command::Check => gateways::check(&config, json).await,
        Command::Dev(_) => Ok(()),
    }
}

#[allow(clippy::print_stderr, reason = "the one place for words to people")]
fn say(words: &str) {
    eprintln!("{words}");
}

/// Prints data. Whoever has closed the output wants no more of it.
fn print(data: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{data}");
}
