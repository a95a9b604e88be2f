//! `help`, `completions` and `man`: what can be read about the program.

use clap::{Args, Command};
use clap_complete::Shell;
use parallel_agents_engine::text::nearest;

use super::agents::AGENT_FILES;
use crate::args::PROGRAM;
use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::ui::Ui;

#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A topic, or a command in words such as `agents check`
    #[arg(value_name = "TOPIC")]
    pub topic: Vec<String>,
}

/// Texts that are longer than a screen of options has room for.
const TOPICS: [(&str, &str); 4] = [
    ("exit-codes", include_str!("../help/exit-codes.txt")),
    ("journals", include_str!("../help/journals.txt")),
    ("models", include_str!("../help/models.txt")),
    ("agent-files", AGENT_FILES),
];

/// `brief`: the program as `--help` shows it; `whole`: with every option and every word about it.
pub fn carry_out(ui: &Ui, arguments: &HelpArguments, brief: Command, whole: Command) -> Result<Finish, Failure> {
    let text = match arguments.topic.as_slice() {
        [] => { brief }.render_help().to_string(),
        [topic] if text_of(topic).is_some() => text_of(topic).unwrap_or_default().to_owned(),
        words => named(whole, words)?.render_long_help().to_string(),
    };
    ui.print(&text)?;
    Ok(Finish::Complete)
}

/// The completions of the program for a shell.
pub fn completions(ui: &Ui, shell: Shell, mut whole: Command) -> Result<Finish, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut whole, PROGRAM, &mut script);
    ui.print(&String::from_utf8_lossy(&script))?;
    Ok(Finish::Complete)
}

/// The manual page of the program, or of a command by the words that name it.
pub fn manual(ui: &Ui, words: &[String], whole: Command) -> Result<Finish, Failure> {
    let mut page = Vec::new();
    // What is written into memory is written.
    let _ = clap_mangen::Man::new(named(whole, words)?).render(&mut page);
    ui.print(&String::from_utf8_lossy(&page))?;
    Ok(Finish::Complete)
}

fn text_of(topic: &str) -> Option<&'static str> {
    TOPICS.iter().find(|(name, _)| *name == topic).map(|(_, text)| *text)
}

/// A command by the words that name it.
fn named(mut whole: Command, words: &[String]) -> Result<Command, Failure> {
    whole.build();
    let found = words.iter().try_fold(&whole, |command, word| command.find_subcommand(word));
    found.cloned().ok_or_else(|| unknown(&whole, words))
}

fn unknown(all: &Command, words: &[String]) -> Failure {
    let name = words.join(" ");
    let commands = all.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
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
