//! What is known of an error besides its sentence: the parts that a refusal of the component has too.

use std::fmt::Display;

use gateway_sim::SimError;
use gateway_sim::script::ScriptError;
use host_sim::live::{KEY_VARIABLE, ServerError};
use host_sim::scenario::ScenarioError;
use parallel_agents_door::{Door, DoorError};

/// An error about an argument or a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// One sentence for people.
    pub message: String,
    /// The argument or the file.
    pub path: String,
    /// What was given.
    pub got: Option<String>,
    /// What is allowed.
    pub limit: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault of an argument or a file.
    pub fn new(path: impl Display, message: impl Display) -> Self {
        Self { message: message.to_string(), path: path.to_string(), ..Self::default() }
    }

    /// Adds what was given.
    pub fn got(self, got: impl Display) -> Self {
        Self { got: Some(got.to_string()), ..self }
    }

    /// Adds what is allowed.
    pub fn limit(self, limit: impl Display) -> Self {
        Self { limit: Some(limit.to_string()), ..self }
    }

    /// Adds what to do about it.
    pub fn hint(self, hint: impl Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// What an error carries, whatever was said around it. Nothing of one that knows only its sentence.
    pub fn of(error: &anyhow::Error) -> Self {
        let fault = error.downcast_ref::<Self>().cloned();
        fault
            .or_else(|| error.downcast_ref().map(of_server))
            .or_else(|| error.downcast_ref().map(of_door))
            .or_else(|| error.downcast_ref().map(of_component))
            .or_else(|| error.downcast_ref().map(of_script))
            .or_else(|| error.downcast_ref().map(of_scenario))
            .unwrap_or_default()
    }
}

fn of_door(error: &DoorError) -> Fault {
    let (path, hint) = match error {
        DoorError::Address(_) => ("--gateway", "name a place alone, such as http://127.0.0.1:18789"),
        DoorError::Token | DoorError::TokenRefused { .. } => {
            (Door::TOKEN_VARIABLE, "set it to the gateway's own token (gateway.auth.token there)")
        }
        DoorError::NoDoor { .. } => (
            "--door",
            "the operator opens one with plugins.entries.parallel-agents.config.door; name its session with --door SESSION",
        ),
        DoorError::Version { .. } => ("--gateway", "take the plugin and this program of one release"),
        DoorError::Unreachable { .. } => ("--gateway", "`openclaw gateway run` starts it"),
        DoorError::Client(_) | DoorError::Lost { .. } | DoorError::Refused { .. } => ("--gateway", ""),
    };
    let fault = Fault::new(path, error);
    if hint.is_empty() { fault } else { fault.hint(hint) }
}

fn of_server(error: &ServerError) -> Fault {
    match error {
        ServerError::Address { text, .. } => {
            Fault::new("--base-url", error).got(text).hint("it looks like http://127.0.0.1:8080/v1")
        }
        ServerError::Path { server, .. } => {
            Fault::new("--base-url", error).got(server).hint("it looks like http://127.0.0.1:8080/v1")
        }
        ServerError::Models { .. } | ServerError::LongList { .. } => {
            Fault::new("--model", error).hint("name one with --model NAME")
        }
        ServerError::Choice { names, .. } => {
            Fault::new("--model", error).limit(names.join(", ")).hint("name one with --model NAME")
        }
        ServerError::Key | ServerError::KeyRefused { .. } => Fault::new(KEY_VARIABLE, error),
        ServerError::Unreachable { .. } => Fault::new("--base-url", error)
            .hint("start that server, or correct the address; `doctor` shows what answers here"),
        ServerError::Client(_) => Fault::default(),
    }
}

fn of_component(error: &SimError) -> Fault {
    const BUILD: &str = "build it with `cargo xtask build`";
    const OWN: &str =
        "`cargo xtask build` makes one; without --component and PARALLEL_AGENTS_COMPONENT this program runs its own";
    match error {
        SimError::Missing { path: Some(path) } => Fault::new(path.display(), error).hint(OWN),
        SimError::Missing { path: None } | SimError::Load { .. } => Fault::new("--component", error).hint(BUILD),
        SimError::Read { path, .. } => Fault::new(path.display(), error),
        SimError::Version { found } => {
            Fault::new("--component", error).got(found).limit(parallel_agents_engine::CONTRACT_VERSION).hint(BUILD)
        }
        SimError::OutOfFuel { .. }
        | SimError::TooManyCalls { .. }
        | SimError::Trap { .. }
        | SimError::Contract { .. }
        | SimError::Engine { .. }
        | SimError::Host { .. }
        | SimError::Violation { .. }
        | SimError::Reply { .. } => Fault::default(),
    }
}

fn of_script(error: &ScriptError) -> Fault {
    match error {
        ScriptError::Read { path, .. } => Fault::new(path.display(), error),
        ScriptError::Extension { path } => Fault::new(path.display(), error).limit(".toml or .json"),
        ScriptError::Toml(_) | ScriptError::Json(_) | ScriptError::Invalid(_) => {
            Fault::new("--script", error).hint("host-sim/scripts/README.md has the form of scripts")
        }
    }
}

fn of_scenario(error: &ScenarioError) -> Fault {
    match error {
        ScenarioError::Read { path, .. } => Fault::new(path, error),
        ScenarioError::Form { name, .. } => Fault::new(name, error),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn what_an_error_knows_is_found_under_what_was_said_of_it() {
        let fault = Fault::new("a.json", "it is large").got("5 MiB").limit("4 MiB").hint("make it smaller");
        let error = anyhow::Error::from(fault.clone()).context("cannot use it");
        assert_eq!(Fault::of(&error), fault);
        let as_words = Err::<(), _>(anyhow!("no such file")).context(fault.clone()).expect_err("an error");
        assert_eq!(Fault::of(&as_words), fault);
        assert_eq!(Fault::of(&anyhow!("no such file")), Fault::default());
    }

    #[test]
    fn errors_of_the_library_know_their_argument_or_file() {
        let address = ServerError::Address { text: "x".to_owned(), reason: "it is no address".to_owned() };
        let missing = SimError::Missing { path: Some(PathBuf::from("none.wasm")) };
        let script = ScriptError::Extension { path: PathBuf::from("a.yaml") };
        let errors: [anyhow::Error; 3] = [address.into(), missing.into(), script.into()];
        let paths = errors.map(|error| Fault::of(&error.context("around it")).path);
        assert_eq!(paths, ["--base-url", "none.wasm", "a.yaml"]);
    }
}
