//! `doctor`: what works here, and what to do about what does not.

mod openclaw;
mod program;
mod tool;

use clap::Args;
use host_sim::live::KEY_VARIABLE;
use serde::Serialize;
use serde_json::json;

use crate::args::ComponentArguments;
use crate::outcome::{Failure, Finish};
use crate::servers::{self, ADDRESS_VARIABLE, Answer, Tried};
use crate::text::{count, padded, shown, wrapped};
use crate::ui::{Tone, Ui};

#[derive(Debug, Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    pub component: ComponentArguments,

    /// Print exactly one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Names are at most so long.
const NAME_COLUMNS: usize = 18;
const STATE_COLUMNS: usize = 9;

/// Models that a line names.
const MAX_NAMED: usize = 3;

/// What keys and addresses in the environment are for.
const ELSEWHERE: &str = "for models of OpenAI: set it; for another server: set OPENAI_BASE_URL too";

/// What was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    name: &'static str,
    state: State,
    found: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// Not there, and nothing that has to be.
    Missing,
    /// There, and of no use as it is; or needed for everything.
    Broken,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), hint: None }
    }

    fn missing(name: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Missing, found: found.into(), hint: Some(hint.into()) }
    }

    fn broken(name: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Broken, found: found.into(), hint: Some(hint.into()) }
    }
}

pub async fn carry_out(ui: &Ui, arguments: &DoctorArguments) -> Result<Finish, Failure> {
    let mut checks = program::checks(ui, &arguments.component).await;
    let servers = servers::look(servers::candidates()).await;
    checks.extend(servers.iter().map(server));
    if !servers.iter().any(|tried| [ADDRESS_VARIABLE, KEY_VARIABLE].contains(&tried.candidate.origin)) {
        checks.push(Check::missing(KEY_VARIABLE, "not set", ELSEWHERE));
    }
    checks.extend(openclaw::checks().await);
    checks.push(tool::node().await);
    let works = checks.iter().all(|check| check.state != State::Broken);
    let has_model = servers.iter().any(|tried| matches!(tried.answer, Answer::Models(_) | Answer::NotReady(_)));
    let text = if ui.is_json() {
        format!("{}\n", json!({ "works": works, "checks": checks }))
    } else {
        format!("{}\n{}", table(ui, &checks), wrapped(&verdict(&checks, has_model), ui.width(), ""))
    };
    ui.print(&text)?;
    Ok(if works { Finish::Complete } else { Finish::Incomplete })
}

/// Whoever names a server wants that one; on a usual port there need not be any.
fn server(tried: &Tried) -> Check {
    let Tried { candidate, is_local, answer } = tried;
    let (name, at) = (candidate.origin, shown(&candidate.base_url));
    let price = if *is_local { "on this machine" } else { "may cost money" };
    match answer {
        Answer::Models(models) => {
            let named: Vec<String> = models.iter().take(MAX_NAMED).map(|model| shown(model)).collect();
            let more = if models.len() > MAX_NAMED { ", …" } else { "" };
            let number = count(models.len(), "model", "models");
            Check::ok(name, format!("{at}, {price}, {number}: {}{more}", named.join(", ")))
        }
        Answer::NotReady(why) => {
            let found = format!("{at}, {price}, is not ready yet: {}", shown(why));
            Check { hint: Some("a run waits for it".to_owned()), ..Check::ok(name, found) }
        }
        Answer::Unlisted(why) if candidate.is_named => Check::broken(
            name,
            format!("{at}: {}", shown(why)),
            "correct the variable, or name a model of that server with --model NAME",
        ),
        Answer::Nothing(why) if candidate.is_named => Check::broken(
            name,
            format!("{at}: {}", shown(why)),
            "correct the variable or the key, or start that server",
        ),
        Answer::Unlisted(_) => Check::missing(name, format!("what answers at {at} lists no models"), start_hint(name)),
        Answer::Nothing(_) => Check::missing(name, format!("nothing answers at {at}"), start_hint(name)),
    }
}

/// What all of it means for whoever wants to begin.
fn verdict(checks: &[Check], has_model: bool) -> String {
    let broken: Vec<&str> =
        checks.iter().filter(|check| check.state == State::Broken).map(|check| check.name).collect();
    if !broken.is_empty() {
        return format!("Broken: {}. What to do is said below each.", broken.join(", "));
    }
    let next = if has_model { "" } else { " Without a model server it runs scripted agents: --backend script." };
    format!("This program works.{next} What is missing is needed only for what its line says.")
}

fn start_hint(name: &str) -> &'static str {
    match name {
        "Ollama" => "for a model on this machine: `ollama pull MODEL`, then `ollama serve`",
        _ => "for a model on this machine: `llama-server -m MODEL.gguf --port 8080`",
    }
}

fn table(ui: &Ui, checks: &[Check]) -> String {
    let indent = NAME_COLUMNS + STATE_COLUMNS;
    let mut text = String::new();
    for Check { name, state, found, hint } in checks {
        let (word, tone) = match state {
            State::Ok => ("ok", Tone::Good),
            State::Missing => ("missing", Tone::Faint),
            State::Broken => ("broken", Tone::Bad),
        };
        let head = format!("{}{}", padded(name, NAME_COLUMNS), ui.tone(tone, &padded(word, STATE_COLUMNS)));
        let lines = wrapped(&shown(found), ui.width(), &" ".repeat(indent));
        text.push_str(&format!("{head}{}", lines.get(indent..).unwrap_or_default()));
        if let Some(hint) = hint {
            text.push_str(&wrapped(&format!("→ {hint}"), ui.width(), &" ".repeat(indent)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::Candidate;

    #[test]
    fn a_server_that_somebody_named_has_to_answer() {
        let tried = |is_named, answer| {
            let candidate = Candidate { origin: "Ollama", base_url: "http://127.0.0.1:1/v1".to_owned(), is_named };
            server(&Tried { candidate, is_local: true, answer })
        };
        assert_eq!(tried(true, Answer::Nothing("cannot connect".to_owned())).state, State::Broken);
        assert_eq!(tried(false, Answer::Nothing("cannot connect".to_owned())).state, State::Missing);
        let late = tried(false, Answer::NotReady("Loading model".to_owned()));
        assert_eq!(late.state, State::Ok);
        assert_eq!(late.found, "http://127.0.0.1:1/v1, on this machine, is not ready yet: Loading model");
        let models = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let there = tried(false, Answer::Models(models));
        assert_eq!((there.state, there.hint), (State::Ok, None));
        assert_eq!(there.found, "http://127.0.0.1:1/v1, on this machine, 4 models: a, b, c, …");
    }

    #[test]
    fn each_check_is_a_line_and_what_to_do_is_below_it() {
        let checks = [Check::ok("Node", "v24.21.0"), Check::missing("Ollama", "nothing answers", "start it")];
        let text = table(&Ui::plain(80), &checks);
        let expected = "Node              ok       v24.21.0\nOllama            missing  nothing answers\n                           → start it\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_last_line_says_what_all_of_it_means() {
        let missing = Check::missing("Ollama", "nothing answers", "start it");
        let broken = Check::broken("Node", "no answer", "look at it");
        assert!(verdict(&[missing], false).starts_with("This program works. Without a model server it runs scripted"));
        assert!(!verdict(&[], true).contains("Without a model server"));
        assert_eq!(verdict(&[broken], true), "Broken: Node. What to do is said below each.");
    }
}
