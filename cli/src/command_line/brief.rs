//! Help that fits a screen: one line for each option that people use often. `help COMMAND` has the rest.

use clap::builder::StyledStr;
use clap::{Arg, Command};

use super::hide_old;
use crate::args::PROGRAM;

/// Options that are left out, by their ids: what few people need, or none but developers.
const RARE: [&str; 27] = [
    "clock",
    "component",
    "delimiter",
    "door",
    "engine",
    "gateway",
    "host_cap",
    "keep_tasks",
    "max_concurrent",
    "no_cache",
    "no_calm",
    "no_journal",
    "no_stops",
    "once",
    "open",
    "only_faults",
    "latency_factors",
    "pattern",
    "progress",
    "record",
    "script",
    "seed",
    "task_timeout",
    "threads",
    "tiers",
    "trace",
    "trap",
];

/// Takes a text away.
const NOTHING: Option<&str> = None;

/// What stands below the help of a command that has more.
const MORE: &str = "All options: parallel-agents help";

/// A command and those within it.
pub fn brief(command: Command) -> Command {
    shortened(hide_old(command), "")
}

fn shortened(command: Command, path: &str) -> Command {
    let has_more = command.get_arguments().any(is_rare);
    let examples = command.get_after_help().cloned();
    let path = if command.get_name() == PROGRAM { String::new() } else { format!("{path} {}", command.get_name()) };
    let mut command = command.mut_args(one_line).after_long_help(NOTHING).long_about(NOTHING);
    if has_more {
        let mut words = StyledStr::from(format!("{MORE}{path}"));
        if let Some(examples) = examples {
            words = StyledStr::from(format!("{examples}\n{words}"));
        }
        command = command.after_help(words);
    }
    command.mut_subcommands(|within| shortened(within, &path))
}

fn one_line(argument: Arg) -> Arg {
    let rare = is_rare(&argument);
    let argument = argument.long_help(NOTHING).hide(rare);
    if argument.get_action().takes_values() {
        argument.hide_possible_values(true).hide_env(true).hide_default_value(true)
    } else {
        // clap panics if these are set for a flag.
        argument
    }
}

fn is_rare(argument: &Arg) -> bool {
    RARE.contains(&argument.get_id().as_str())
}

#[cfg(test)]
mod tests {
    use super::super::dev::DevCommand;
    use super::super::{Command, in_brief, in_full, parse};

    /// Lines and columns of the smallest screen that people have.
    const SCREEN: (usize, usize) = (24, 100);

    /// The path of each command and of all within it.
    fn paths(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        all.push(path.to_vec());
        for within in command.get_subcommands().filter(|within| within.get_name() != "help") {
            paths(within, &[path, &[within.get_name().to_owned()]].concat(), all);
        }
    }

    /// What `--help` prints: clap chooses by itself between its short and its long form.
    fn help(path: &[String]) -> String {
        let words = path.iter().map(String::as_str).chain(["--help"]);
        let shown = in_brief().term_width(SCREEN.1).try_get_matches_from(words);
        shown.expect_err("help ends the program").to_string()
    }

    #[test]
    fn help_of_every_command_fits_a_screen() {
        let mut all = Vec::new();
        paths(&in_brief(), &["parallel-agents".to_owned()], &mut all);
        assert!(all.len() > 25, "{} commands", all.len());
        let long: Vec<String> = all
            .into_iter()
            .map(|path| (help(&path), path.join(" ")))
            .map(|(help, name)| (name, help.lines().count(), help.lines().map(|line| line.chars().count()).max(), help))
            .filter(|(_, lines, columns, _)| *lines > SCREEN.0 || *columns > Some(SCREEN.1))
            .map(|(name, lines, columns, help)| format!("{name}: {lines} lines, {columns:?} columns\n{help}"))
            .collect();
        assert!(long.is_empty(), "{}", long.join("\n"));
    }

    #[test]
    fn nothing_is_hidden_that_help_of_a_command_does_not_show() {
        let mut full = in_full();
        full.build();
        let run = full.find_subcommand_mut("run").expect("the command").render_long_help().to_string();
        for option in ["--script", "--seed", "--component", "--no-cache", "--record", "--host-cap"] {
            assert!(run.contains(option), "{option} is missing in\n{run}");
        }
    }

    #[test]
    fn developers_commands_work_under_both_names() {
        let old = parse(["parallel-agents", "explore", "--seeds", "3"]).expect("the old name");
        let new = parse(["parallel-agents", "dev", "explore", "--seeds", "3"]).expect("the new name");
        assert!(matches!(old.command, Command::Old(DevCommand::Explore(_))));
        assert!(matches!(new.command, Command::Dev { command: DevCommand::Explore(_) }));
        let help = in_brief().render_long_help().to_string();
        assert!(help.contains("\n  dev ") && !help.contains("\n  explore"), "{help}");
    }
}
