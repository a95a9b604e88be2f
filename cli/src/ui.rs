//! The streams: results on standard output, everything else on standard error, colour only where somebody looks.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::outcome::{self, Failure};
use crate::problems;

/// Columns of text where no terminal has a say.
const PLAIN_WIDTH: usize = 120;

/// No layout is narrower than this.
const NARROWEST: usize = 40;

/// How much a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Good,
    Warn,
    Bad,
    Faint,
}

/// What came of writing to standard output. A reader that has gone away is no error.
pub fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output").map_err(Failure::output)
        }
        _ => Ok(()),
    }
}

/// Whether the environment lets programs use colours.
pub fn may_colour() -> bool {
    lets_colour(env::var_os("NO_COLOR").as_deref()) && lets_draw(env::var_os("TERM").as_deref())
}

/// The same by the value of `NO_COLOR`: any but an empty one forbids them.
fn lets_colour(value: Option<&OsStr>) -> bool {
    value.is_none_or(OsStr::is_empty)
}

/// Whether a terminal of the kind that `TERM` names obeys anything at all: colours, or a cursor that goes back.
fn lets_draw(kind: Option<&OsStr>) -> bool {
    kind.is_none_or(|kind| kind != "dumb")
}

/// What the streams can show.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    json: bool,
    colour: bool,
    width: usize,
    progress: bool,
}

impl Ui {
    /// Looks at the streams.
    pub fn new(json: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let columns = Table::new().width().map(usize::from);
        Self {
            json,
            colour: is_terminal && may_colour(),
            width: columns.unwrap_or(PLAIN_WIDTH).max(NARROWEST),
            progress: io::stderr().is_terminal() && lets_draw(env::var_os("TERM").as_deref()),
        }
    }

    /// Streams that are no terminal, with lines of so many columns.
    #[cfg(test)]
    pub fn plain(width: usize) -> Self {
        Self { json: false, colour: false, width, progress: false }
    }

    /// Whether exactly one JSON document goes to standard output.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether colours may be used.
    pub fn is_coloured(&self) -> bool {
        self.colour
    }

    /// Columns that a line may have.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A piece of text in a tone.
    pub fn tone(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Faint => "2",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Prints a text on standard output. A reader that has gone away is no error.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Prints what went wrong: readable on standard error, and with `--json` as a document on standard output.
    pub fn failure(&self, failure: &Failure) {
        self.tell_failure(failure);
        if self.json {
            let _ = self.print(&format!("{}\n", failure.document()));
        }
    }

    /// Prints what went wrong on standard error alone, where the result is on standard output already.
    pub fn tell_failure(&self, failure: &Failure) {
        let text = match failure {
            Failure::Refused(document) => problems::text(document),
            Failure::Bad { error, .. } | Failure::Broken { error, .. } => outcome::sentences(error),
        };
        // There is no place left to report that nothing can be reported.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Tells something that is not a result, on standard error.
    pub fn tell(&self, text: &str) {
        // There is no place left to report that nothing can be reported.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A bar for so many runs on standard error; invisible without a terminal.
    pub fn counter(&self, runs: u64) -> ProgressBar {
        let bar = ProgressBar::new(runs);
        if !self.progress {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} runs") {
            bar.set_style(style);
        }
        bar
    }

    /// Whether somebody looks at standard error, on a terminal that can draw over its lines.
    pub fn is_watched(&self) -> bool {
        self.progress
    }

    /// Prints a line on standard error.
    pub fn note(&self, line: &str) {
        // There is no place left to report that nothing can be reported.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_of_no_color_but_an_empty_one_forbids_colours() {
        assert!(lets_colour(None) && lets_colour(Some(OsStr::new(""))));
        assert!(["1", "0", "false", " "].iter().all(|value| !lets_colour(Some(OsStr::new(value)))));
    }

    #[test]
    fn a_dumb_terminal_gets_neither_colours_nor_pictures() {
        assert!(lets_draw(None) && lets_draw(Some(OsStr::new("xterm-256color"))));
        assert!(!lets_draw(Some(OsStr::new("dumb"))));
    }
}
