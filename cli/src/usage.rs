//! A command line that cannot be read: told as every other failure.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::ui::{self, Ui};

/// Prints the help that was asked for, or what is wrong with the command line, with `--json` as a document too.
pub fn tell(error: &clap::Error) -> ExitCode {
    let printed = error.print().and_then(|()| io::stdout().flush());
    if !error.use_stderr() {
        return match ui::written(printed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                Ui::new(false).failure(&failure);
                failure.exit_code()
            }
        };
    }
    let failure = Failure::Bad { code: "E_USAGE", error: fault(error).into() };
    // What comes after -- are no options of this program.
    if env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json") {
        let _ = Ui::new(true).print(&format!("{}\n", failure.document()));
    }
    failure.exit_code()
}

/// The parts of clap's own text.
fn fault(error: &clap::Error) -> Fault {
    let words = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let rendered = error.to_string();
    // The usage and the hints stand in paragraphs of their own.
    let sentence = rendered.split("\n\n").next().unwrap_or_default();
    let sentence: Vec<&str> = sentence.split_whitespace().collect();
    let argument = words(ContextKind::InvalidArg).unwrap_or_default();
    let nearest = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    Fault {
        message: sentence.join(" ").trim_start_matches("error: ").to_owned(),
        path: argument.split(' ').next().unwrap_or_default().to_owned(),
        got: words(ContextKind::InvalidValue).or_else(|| words(ContextKind::InvalidSubcommand)),
        limit: words(ContextKind::ValidValue),
        hint: Some(match nearest.into_iter().find_map(words) {
            Some(names) => format!("did you mean {names}?"),
            None => "--help has all commands and options".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line;

    fn of(words: &[&str]) -> Fault {
        let read = command_line::parse([&["parallel-agents"], words].concat());
        fault(&read.expect_err("it cannot be read"))
    }

    #[test]
    fn a_command_line_that_cannot_be_read_has_the_parts_of_a_refusal() {
        let seed = of(&["run", "a.json", "--seed", "x"]);
        assert_eq!(seed.message, "invalid value 'x' for '--seed <N>': invalid digit found in string");
        assert_eq!((seed.path.as_str(), seed.got.as_deref()), ("--seed", Some("x")));
        let clock = of(&["run", "a.json", "--clock", "reel"]);
        assert_eq!(
            (clock.limit.as_deref(), clock.hint.as_deref()),
            (Some("virtual, real"), Some("did you mean real?"))
        );
        let option = of(&["run", "a.json", "--sed", "1"]);
        assert_eq!((option.path.as_str(), option.hint.as_deref()), ("--sed", Some("did you mean --seed?")));
        let command = of(&["runn"]);
        assert_eq!((command.got.as_deref(), command.hint.as_deref()), (Some("runn"), Some("did you mean run?")));
        let both = of(&["run", "a.json", "--base-url", "http://127.0.0.1:1", "--clock", "real"]);
        assert_eq!(both.path, "--base-url");
    }
}
