//! The same calls in an engine that runs in a program of its own, before a simulation in this one.
//!
//! Both write one JSON object a line. The program reads `{"call":{"function":…,"arguments":…}}` and `{"event":…}`; for each
//! it writes `{"commands":[…],"then":…}`: what was asked for since, and then `{"next":N}` (the next event is wanted, at
//! most until N; null: without limit), `{"answer":"…"}` or `{"refused":"…"}` (the reply) or `{"broken":"…"}` (there is none,
//! and why). Commands and events look as in a journal. Requests are answered by events only, so nothing is lost by handing
//! them over together.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::{Command as HostCommand, Event};
use serde::{Deserialize, Serialize};

use gateway_sim::backend::{Backend, Next, poll_with_stop};
use gateway_sim::call::{Called, hold_to_request};
use gateway_sim::clock::Clock;
use gateway_sim::error::SimError;
use gateway_sim::simulation::Simulation;

/// A program that runs calls. It is ended with this value.
pub struct ForeignEngine {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Told<'a> {
    Call { function: &'a str, arguments: &'a str },
    Event(&'a Event),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    commands: Vec<HostCommand>,
    then: Then,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    Next(Option<u64>),
    Answer(String),
    Refused(String),
    Broken(String),
}

impl ForeignEngine {
    /// Starts the program. What it writes to its error output is shown as it comes.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self, SimError> {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut child =
            started.map_err(|error| lost(format!("{:?} cannot be started: {error}", command.get_program())))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(to), Some(from)) => Ok(Self { child, to, from: BufReader::new(from) }),
            _ => Err(lost("it has no pipes")),
        }
    }

    /// Calls a function of the JSON door with a JSON object. Blocks its thread while the program computes.
    pub async fn call(
        &mut self,
        function: &str,
        arguments: &str,
        mut simulation: Simulation,
        clock: &Clock,
    ) -> Called<DocumentReply> {
        hold_to_request(&mut simulation, function, arguments);
        let result = self.converse(&Told::Call { function, arguments }, &mut simulation, clock).await;
        Called::close(result, None, simulation).noting_leaks()
    }

    async fn converse(
        &mut self,
        call: &Told<'_>,
        simulation: &mut Simulation,
        clock: &Clock,
    ) -> Result<DocumentReply, SimError> {
        let passing = clock.begin(simulation.now_ms());
        let mut said = self.exchange(call)?;
        loop {
            for command in said.commands {
                simulation.perform(command);
            }
            let until_ms = match said.then {
                Then::Next(until_ms) => until_ms,
                Then::Answer(text) => return Ok(DocumentReply::Answer(text)),
                Then::Refused(text) => return Ok(DocumentReply::Refused(text)),
                Then::Broken(reason) => return Err(SimError::Trap { reason }),
            };
            simulation.waiting(until_ms);
            let mut now_ms = simulation.now_ms();
            let event = loop {
                match poll_with_stop(simulation, now_ms, until_ms, passing.stop()) {
                    Next::Event(event) => break event,
                    Next::SleepUntil(at_ms) => now_ms = passing.pass(at_ms).await,
                    Next::Stuck(what) => return Err(SimError::Contract { what }),
                }
            };
            said = self.exchange(&Told::Event(&event))?;
        }
    }

    fn exchange(&mut self, told: &Told) -> Result<Said, SimError> {
        let mut line = serde_json::to_vec(told).map_err(|error| lost(error.to_string()))?;
        line.push(b'\n');
        self.to.write_all(&line).and_then(|()| self.to.flush()).map_err(|error| lost(error.to_string()))?;
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => Err(lost("it ended in the middle of a call")),
            Ok(_) => serde_json::from_str(&line).map_err(|error| lost(format!("it wrote something else: {error}"))),
            Err(error) => Err(lost(error.to_string())),
        }
    }
}

impl Drop for ForeignEngine {
    fn drop(&mut self) {
        // It may be in the middle of a call, and then does not look at its input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lost(what: impl Into<String>) -> SimError {
    SimError::Engine { what: what.into() }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use gateway_sim::options::SimulationOptions;
    use gateway_sim::script::Script;

    /// A call of an engine of a few lines of shell.
    async fn called(script: &str) -> Called<DocumentReply> {
        let mut engine = ForeignEngine::start(Command::new("sh").args(["-c", script])).expect("there is a shell");
        let simulation = Simulation::new(Script::bundled(), 1, SimulationOptions::default());
        engine.call("versions", "{}", simulation, &Clock::virtual_time()).await
    }

    #[tokio::test]
    async fn commands_and_waits_reach_the_world_and_events_the_engine() {
        let script = r#"
            read -r call
            echo '{"commands":[],"then":{"next":null}}'
            read -r opened
            list='{"List":[1,{"search":null,"spawned_by":null,"offset":0,"limit":9}]}'
            echo "{\"commands\":[$list],\"then\":{\"next\":9000000}}"
            read -r answered
            case "$call/$opened/$answered" in
                *versions*/*Opened*/*Answered*Listed*) answer='{}' ;;
                *) answer="$answered" ;;
            esac
            echo "{\"commands\":[],\"then\":{\"answer\":\"$answer\"}}"
        "#;
        let called = called(script).await;
        assert_eq!(called.result.expect("an answer"), DocumentReply::Answer("{}".to_owned()));
        let trace = called.backend.trace().text();
        let said: Vec<_> = trace.lines().filter_map(|line| line.split_whitespace().nth(3)).collect();
        assert_eq!(said, ["wait", "#0", "list", "wait", "#1", "return"], "{trace}");
    }

    #[tokio::test]
    async fn a_program_that_is_no_engine_is_lost() {
        for (script, words) in [
            ("read -r call", "ended in the middle"),
            ("read -r call; echo hello", "something else"),
            (r#"read -r call; echo '{"commands":[],"then":{"next":null},"more":1}'"#, "something else"),
        ] {
            let error = called(script).await.result.expect_err(script);
            assert_eq!(error.code(), "E_ENGINE", "{script}: {error}");
            assert!(error.to_string().contains(words), "{script}: {error}");
        }
    }

    #[tokio::test]
    async fn a_call_that_breaks_off_there_is_a_trap_here() {
        let script = r#"read -r call; echo '{"commands":[],"then":{"broken":"unreachable"}}'"#;
        let error = called(script).await.result.expect_err("it broke off");
        assert_eq!((error.code(), error.to_string().contains("unreachable")), ("E_GUEST_TRAP", true));
    }
}
