//! `help`, `completions` and `man`: what can be read about the program.

use clap_complete::Shell;
use parallel_agents_engine::text::nearest;

use crate::args::{self, HelpArguments};
use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::ui::Ui;

/// Texts that are longer than a screen of options has room for.
const TOPICS: [(&str, &str); 4] = [
    ("exit-codes", include_str!("../help/exit-codes.txt")),
    ("journals", include_str!("../help/journals.txt")),
    ("models", include_str!("../help/models.txt")),
    ("agent-files", args::AGENT_FILES),
];

pub fn carry_out(ui: &Ui, arguments: &HelpArguments) -> Result<Finish, Failure> {
    let text = match arguments.topic.as_slice() {
        [] => args::command().render_help().to_string(),
        [topic] if text_of(topic).is_some() => text_of(topic).unwrap_or_default().to_owned(),
        words => full_help(words)?,
    };
    ui.print(&text)?;
    Ok(Finish::Complete)
}

pub fn completions(ui: &Ui, shell: Shell) -> Result<Finish, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::in_full(), args::PROGRAM, &mut script);
    ui.print(&String::from_utf8_lossy(&script))?;
    Ok(Finish::Complete)
}

pub fn manual(ui: &Ui, words: &[String]) -> Result<Finish, Failure> {
    let mut page = Vec::new();
    // What is written into memory is written.
    let _ = clap_mangen::Man::new(named(words)?).render(&mut page);
    ui.print(&String::from_utf8_lossy(&page))?;
    Ok(Finish::Complete)
}

fn text_of(topic: &str) -> Option<&'static str> {
    TOPICS.iter().find(|(name, _)| *name == topic).map(|(_, text)| *text)
}

/// All that is known of a command.
fn full_help(words: &[String]) -> Result<String, Failure> {
    Ok(named(words)?.render_long_help().to_string())
}

/// A command by the words that name it.
fn named(words: &[String]) -> Result<clap::Command, Failure> {
    let mut all = args::in_full();
    all.build();
    let found = args::within(&all, words).ok_or_else(|| unknown(&all, words))?;
    Ok(found.clone())
}

fn unknown(all: &clap::Command, words: &[String]) -> Failure {
    let name = words.join(" ");
    let commands = all.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let near = nearest(&name, TOPICS.iter().map(|(topic, _)| *topic).chain(commands));
    let topics = TOPICS.map(|(topic, _)| topic).join(", ");
    let hint = if near.is_empty() {
        "--help has all commands".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    let fault = Fault::new("help", format!("there is no topic and no command {name:?}")).got(&name);
    Failure::Bad { code: "E_USAGE", error: fault.limit(format!("{topics}, or a command")).hint(hint).into() }
}
